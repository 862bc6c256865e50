"""Registrations: targets and titles that a unit and its people strive for in a year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set

from contracts.events.registry import EmulationRegistrationSubmitted, RegisteredTitle, Target
from contracts.refusal import Refused
from contracts.values import SubjectKind

from registry.domain.filings import Admitted, Desk


def submitted(
    registration_id: str,
    desk: Desk,
    admitted: Admitted,
    targets: Sequence[Target],
    titles: Sequence[RegisteredTitle],
    known_persons: Set[str],
    units_below: Set[str],
) -> EmulationRegistrationSubmitted:
    """The registration that comes in.

    ``known_persons``: those of the persons named that registry knows. ``units_below``: those of the units
    named that are the unit itself or stand under it. Raises ``registration-empty``, ``title-registered-twice``,
    ``person-unknown``, ``unit-not-below``.
    """
    if not targets and not titles:
        raise Refused("registration-empty", unit=desk.unit_id)
    times = Counter((title.recipient.kind, title.recipient.id, title.title) for title in titles)
    twice = sorted(f"{recipient} – {title}" for (_, recipient, title), count in times.items() if count > 1)
    if twice:
        raise Refused("title-registered-twice", titles=twice)
    unknown = sorted(named(titles, SubjectKind.PERSON) - known_persons)
    if unknown:
        raise Refused("person-unknown", persons=unknown)
    foreign = sorted(named(titles, SubjectKind.UNIT) - units_below)
    if foreign:
        raise Refused("unit-not-below", units=foreign, unit=desk.unit_id)
    return EmulationRegistrationSubmitted(
        registration_id=registration_id,
        year_id=desk.year_id,
        cluster_id=desk.cluster_id,
        unit_id=desk.unit_id,
        targets=tuple(targets),
        titles=tuple(titles),
        punctuality=admitted.punctuality,
        deadline_id=admitted.deadline_id,
        revision=admitted.revision,
        awaits_confirmation=admitted.awaits_confirmation,
    )


def named(titles: Sequence[RegisteredTitle], kind: SubjectKind) -> set[str]:
    """Ids of the recipients of a kind."""
    return {title.recipient.id for title in titles if title.recipient.kind is kind}
