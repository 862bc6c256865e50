"""A form as it was typed, each piece with its line, so that every fault can name where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Marked:
    """Text, a list or a mapping, and the line (from 1) on which it begins."""

    line: int
    text: str | None = None
    items: tuple[Marked, ...] | None = None
    fields: tuple[tuple[str, int, Marked], ...] | None = None
    """Key, line of the key, value; a key typed twice stands twice."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a form: the line, the place in the tree, the rule and what fills its words."""

    line: int
    where: str
    rule: str
    values: dict[str, Any] = field(default_factory=dict)


def marked(data: Any, line: int = 1) -> Marked:
    """Canonical data marked again (with one line for all), so that stored forms can be checked too."""
    if isinstance(data, dict):
        return Marked(line, fields=tuple((str(key), line, marked(value, line)) for key, value in data.items()))
    if isinstance(data, (list, tuple)):
        return Marked(line, items=tuple(marked(item, line) for item in data))
    if isinstance(data, bool):
        return Marked(line, text="true" if data else "false")
    return Marked(line, text=str(data))
