"""Who is concerned: small named answers to *whom does this event concern*, put together by the rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from contracts.catalogue import Fact
from contracts.values import Recipient


@dataclass(frozen=True, slots=True)
class Circle:
    """Those around an event, as followed: its cluster in its year, its ballot, its proposal.

    Empty or None where the event has no cluster, ballot or proposal.
    """

    members: frozenset[str] = frozenset()
    """Unit ids of the cluster's members."""
    bloc: bool = False
    """A bloc (khối) rather than a cluster (cụm): the body that runs it takes filings in."""
    run_by: str | None = None
    lead: str | None = None
    deputy: str | None = None
    voters: frozenset[str] = frozenset()
    """Voting units of a cluster ballot, or voting persons of a council ballot; the recused are not among them."""
    proposed_by: str | None = None
    proposed: Recipient | None = None
    stands_at: str | None = None
    """The body at which a proposal stands."""
    recused: frozenset[str] = frozenset()
    """Person ids of council members who may learn nothing of the proposal."""


Concerned = Callable[[Fact, Circle], frozenset[str]]
"""From an event and its circle to subjects: ``unit:…`` and ``person:…``."""


def _units(ids: object) -> frozenset[str]:
    if ids is None:
        return frozenset()
    if isinstance(ids, str):
        return frozenset({f"unit:{ids}"})
    return frozenset(f"unit:{one}" for one in ids)  # type: ignore[attr-defined]


def of_recipient(recipient: Recipient | None) -> frozenset[str]:
    return frozenset() if recipient is None else frozenset({f"{recipient.kind.value}:{recipient.id}"})


def unit(field: str) -> Concerned:
    """The unit, or units, that a field of the event names."""
    return lambda fact, circle: _units(getattr(fact, field))


def recipient(fact: Fact, circle: Circle) -> frozenset[str]:
    """Whom a proposal or an award is for, by the event itself or by its proposal."""
    return of_recipient(getattr(fact, "recipient", None) or circle.proposed)


def proposer(fact: Fact, circle: Circle) -> frozenset[str]:
    """The unit that made the proposal."""
    return _units(getattr(fact, "proposed_by", None) or circle.proposed_by)


def where_it_stands(fact: Fact, circle: Circle) -> frozenset[str]:
    """The body at which the proposal stands."""
    return _units(circle.stands_at)


def members(fact: Fact, circle: Circle) -> frozenset[str]:
    """Every member of the cluster."""
    return _units(circle.members)


def members_except(field: str) -> Concerned:
    """Every member but the unit whose own doing it is."""
    return lambda fact, circle: _units(circle.members - {getattr(fact, field)})


def members_named(field: str) -> Concerned:
    """The members that the field names; all of them where it is empty for *all*."""

    def named(fact: Fact, circle: Circle) -> frozenset[str]:
        ids = getattr(fact, field)
        return _units(circle.members if ids is None else circle.members & set(ids))

    return named


def leadership(fact: Fact, circle: Circle) -> frozenset[str]:
    """Lead and deputy of the cluster in that year."""
    return _units({one for one in (circle.lead, circle.deputy) if one is not None})


def lead(fact: Fact, circle: Circle) -> frozenset[str]:
    return _units(circle.lead)


def desk(fact: Fact, circle: Circle) -> frozenset[str]:
    """The unit whose standing office takes in, or appraises, what ``unit_id`` did: never that unit itself.

    A cluster's lead, and for the lead's own lines the deputy; a bloc's goes to the body that runs it.
    """
    of: str | None = getattr(fact, "unit_id", None)
    order = (circle.run_by, circle.lead, circle.deputy) if circle.bloc else (circle.lead, circle.deputy)
    return _units(next((one for one in order if one is not None and one != of), None))


def voters(fact: Fact, circle: Circle) -> frozenset[str]:
    """The voting units of a cluster's ballot, as the event or the opened ballot names them, without the recused."""
    electorate = getattr(fact, "electorate", None)
    named = circle.voters if electorate is None else frozenset(electorate) - set(getattr(fact, "recused", ()))
    return _units(named)


def council_voters(fact: Fact, circle: Circle) -> frozenset[str]:
    """The voting persons of a council's ballot, without the recused."""
    named = getattr(fact, "voters", None) or circle.voters
    return frozenset(f"person:{one}" for one in named)


def to_carry_out(fact: Fact, circle: Circle) -> frozenset[str]:
    """Units that a plan obliges: addressed *to carry out* (T/h), or named in a task. Other addressees have no duty."""
    addressed = {
        one.unit_id
        for one in getattr(fact, "recipients", ())
        if one.unit_id is not None and one.purpose.value == "carry-out"
    }
    tasks = (*getattr(fact, "tasks", ()), *getattr(fact, "replaced", ()), *getattr(fact, "added", ()))
    return _units((addressed | {one for task in tasks for one in task.unit_ids}) - {getattr(fact, "body", None)})
