"""The national site takes filings that a site below received as facts of its own log: once each, by the same rules.

A table is fed by exactly one log. So what a province filed at its own site does not go into the tables here as it
comes: a reaction hands it in here again, and from here on it is a filing like any other.
"""

from __future__ import annotations

from chassis.facts import Recorded
from chassis.work import Work
from contracts.catalogue import Fact
from contracts.events.registry import (
    EmulationRegistrationSubmitted,
    Filing,
    FilingConfirmed,
    FilingContested,
    ReportSubmitted,
)
from contracts.refusal import Refused
from contracts.values import SubjectKind
from standing.rights import today

from registry.adapters import clusters, desks, filings, units
from registry.domain import registrations, reports
from registry.domain.crossing import more_favourable
from registry.domain.deadlines import day_of
from registry.domain.filings import Admitted, Desk, Handover, admit, of_report, waits_for_unit

Submitted = EmulationRegistrationSubmitted | ReportSubmitted

TAKEN = (EmulationRegistrationSubmitted, ReportSubmitted, FilingConfirmed, FilingContested)


async def take_from_below(work: Work, cause: Recorded[Fact], scopes: frozenset[str]) -> None:
    """``scopes``: the units that the site is home to; for these and those below them it may speak.

    What was filed in a cluster that is not known here is the site's own affair. Raises ``unit-of-another-site`` and
    what handing in here raises: then it waits, and people see why.
    """
    said = cause.data
    assert isinstance(said, (*TAKEN,))
    if not await clusters.exists(work.db, said.cluster_id):
        return
    if not await at_home(work, said.unit_id, scopes):
        raise Refused("unit-of-another-site", unit=said.unit_id, serves=sorted(scopes))
    as_there(work, cause)
    if isinstance(said, ReportSubmitted):
        subject = f"report:{said.report_id}"
        desk, admitted = await _hand_in(work, subject, of_report(said.kind), said)
        fact: Fact = reports.submitted(said.report_id, said.kind, desk, admitted, said.lines, said.narrative)
    elif isinstance(said, EmulationRegistrationSubmitted):
        subject = f"registration:{said.registration_id}"
        desk, admitted = await _hand_in(work, subject, Filing.REGISTRATION, said)
        # Whom it names was looked up where they are known: persons are each site's own, units below may be.
        named = {kind: registrations.named(said.titles, kind) for kind in SubjectKind}
        fact = registrations.submitted(
            said.registration_id,
            desk,
            admitted,
            said.targets,
            said.titles,
            named[SubjectKind.PERSON],
            named[SubjectKind.UNIT],
        )
    else:
        subject, fact = said.filing, said
        waits_for_unit(await filings.standing(work.db, subject), speaks_for_unit=True)
        await work.expect(subject)
    work.record(fact, subject)


async def _hand_in(work: Work, subject: str, kind: Filing, said: Submitted) -> tuple[Desk, Admitted]:
    """As ``hand_in`` does, with the date of receipt of the site that received it."""
    received = work.act.received
    at = await desks.load(
        work.db,
        subject,
        kind,
        said.year_id,
        said.cluster_id,
        said.unit_id,
        person=None,
        received=day_of(received),
        today=today(work),
    )
    if at.before is not None:
        await work.expect(subject)
    if at.desk.window is not None:
        await work.guard(f"deadline:{at.desk.window.deadline_id}")
    handover = Handover(received, work.act.recorded, not said.awaits_confirmation, typed_at_desk=True)
    here = admit(at.desk, handover, at.before)
    punctuality = more_favourable(said.punctuality, here.punctuality) if here.deadline_id else here.punctuality
    return at.desk, Admitted(here.revision, punctuality, here.deadline_id, here.awaits_confirmation)


def as_there(work: Work, cause: Recorded[Fact]) -> None:
    """Whose act it was, how and when, stays; it was typed here by the service, for the person there has no name here.

    The event that caused it, byte for byte in ``received``, names that person.
    """
    there = cause.header.act
    assert cause.cause is not None
    work.act_as(
        whose=there.whose,
        typed_by=f"service:{cause.cause.split(':')[0]}",
        means=there.means,
        made=there.made,
        received=there.received,
        paper=there.paper,
    )


async def at_home(work: Work, unit_id: str, scopes: frozenset[str]) -> bool:
    """Whether a unit is one of ``scopes`` or stands below one today."""
    if unit_id in scopes:
        return True
    for scope in sorted(scopes):
        if await units.below(work.db, scope, {unit_id}, today(work)):
            return True
    return False
