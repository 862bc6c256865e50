"""Units over time: what may be done to one, from which day, and that no unit stands above itself."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import date

from contracts.refusal import Refused


@dataclass(frozen=True, slots=True)
class Life:
    """A unit from its first known day to the first day without it; ``ends`` None: it still exists."""

    unit_id: str
    starts: date
    ends: date | None

    def alive(self, day: date) -> bool:
        return self.starts <= day and (self.ends is None or day < self.ends)


def new(unit_id: str, existing: Life | None, code_holder: str | None, code: str) -> None:
    """Raises ``unit-exists`` and ``unit-code-taken``."""
    if existing is not None:
        raise Refused("unit-exists", unit=unit_id)
    if code_holder is not None:
        raise Refused("unit-code-taken", code=code, unit=code_holder)


def changeable(life: Life | None, unit_id: str, effective: date) -> None:
    """A change takes effect while the unit exists. Raises ``unknown-unit`` and ``unit-not-alive``."""
    if life is None:
        raise Refused("unknown-unit", unit=unit_id)
    if not life.alive(effective):
        raise Refused("unit-not-alive", unit=unit_id, day=effective, starts=life.starts, ends=life.ends)


def under(unit_id: str, parent: Life | None, parent_id: str, above_parent: Set[str], effective: date) -> None:
    """A unit may stand under that parent from that day on.

    ``above_parent``: every unit above the parent on any day from ``effective`` on. Raises ``unknown-unit``,
    ``unit-not-alive`` and ``unit-above-itself``.
    """
    changeable(parent, parent_id, effective)
    if unit_id == parent_id or unit_id in above_parent:
        raise Refused("unit-above-itself", unit=unit_id, parent=parent_id)


def closable(life: Life | None, unit_id: str, effective: date, children: Set[str]) -> None:
    """A unit closes when nothing stands under it any more. Raises also ``unit-has-children``."""
    if life is not None and life.starts == effective:
        raise Refused("unit-not-alive", unit=unit_id, day=effective, starts=life.starts, ends=life.ends)
    changeable(life, unit_id, effective)
    if children:
        raise Refused("unit-has-children", unit=unit_id, children=sorted(children)[:10], count=len(children))
