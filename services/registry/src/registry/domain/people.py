"""Persons: one id for one human being, grants with an end, ratings and discipline with a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from contracts.refusal import Refused
from contracts.values import Period


@dataclass(frozen=True, slots=True)
class Entry:
    """A person's id, and the id it was joined into, if it was."""

    person_id: str
    joined_into: str | None


def known(entry: Entry | None, person_id: str) -> None:
    """The id names a person of its own. Raises ``person-unknown`` and ``person-joined``."""
    if entry is None:
        raise Refused("person-unknown", persons=[person_id])
    if entry.joined_into is not None:
        raise Refused("person-joined", person=person_id, kept=entry.joined_into)


def joinable(kept: Entry | None, kept_id: str, joined: Entry | None, joined_id: str, joined_into_it: int) -> None:
    """Two ids become one. Raises also ``person-joined-with-itself`` and ``person-has-joined``."""
    if kept_id == joined_id:
        raise Refused("person-joined-with-itself", person=kept_id)
    known(kept, kept_id)
    known(joined, joined_id)
    if joined_into_it:
        raise Refused("person-has-joined", person=joined_id)


def separable(kept_id: str, joined: Entry | None, joined_id: str) -> None:
    """A joining is undone. Raises ``person-not-joined``."""
    if joined is None or joined.joined_into != kept_id:
        raise Refused("person-not-joined", kept=kept_id, joined=joined_id)


def not_there_yet(entry: Entry | None, person_id: str, same_number: Sequence[str]) -> None:
    """A new person: the id is free and nobody bears the same card or citizen number.

    Raises ``person-exists`` and ``person-number-taken``, which names the one who bears it.
    """
    if entry is not None:
        raise Refused("person-exists", person=person_id)
    if same_number:
        raise Refused("person-number-taken", persons=list(same_number))


def ends_within(period: Period, ends: date, what: str) -> None:
    """Something dated ends on a day on which it holds. Raises ``ends-outside``."""
    if ends <= period.starts or (period.ends is not None and ends > period.ends):
        raise Refused("ends-outside", what=what, ends=ends, starts=period.starts, until=period.ends)


def delegated(delegated_by: str | None, ends: date | None, has_paper: bool) -> None:
    """Delegation has a period, a scope and a paper. Raises ``delegation-incomplete``."""
    if delegated_by is not None and (ends is None or not has_paper):
        raise Refused("delegation-incomplete", delegated_by=delegated_by)
