"""A site below takes what the national site set and decided for its units as facts of its own log, once each.

Years, clusters with its own units as members, leadership and deadlines; then the way of its units' filings: received,
returned, accepted, judged anew. From here on its desk works as any: also while the line to the centre is cut.
"""

from __future__ import annotations

from chassis.facts import Recorded
from chassis.work import Work
from contracts.catalogue import Fact
from contracts.events.registry import (
    ClusterFormed,
    ClusterLeadershipAssumed,
    ClusterMemberJoined,
    ClusterMemberLeft,
    DeadlineExtended,
    DeadlineSet,
    EmulationRegistrationAccepted,
    EmulationRegistrationReturned,
    EmulationRegistrationSubmitted,
    EmulationYearOpened,
    FilingRejudged,
    ReportReceived,
    ReportReturned,
    ReportSubmitted,
)

from registry.adapters import clusters, filings, years
from registry.domain.deadlines import Dates
from registry.domain.filings import State
from registry.handlers.set_deadline import rejudge_filings
from registry.handlers.take_from_below import as_there, at_home

SET = (
    EmulationYearOpened,
    ClusterFormed,
    ClusterMemberJoined,
    ClusterMemberLeft,
    ClusterLeadershipAssumed,
    DeadlineSet,
    DeadlineExtended,
)
TAKEN_IN = (EmulationRegistrationAccepted, EmulationRegistrationReturned, ReportReceived, ReportReturned)
FILED = (EmulationRegistrationSubmitted, ReportSubmitted)
TAKEN = (*SET, *FILED, *TAKEN_IN, FilingRejudged)


async def take_from_above(work: Work, cause: Recorded[Fact], scopes: frozenset[str]) -> None:
    """``scopes``: the units that this site is home to. What is known here already stays as it is."""
    said = cause.data
    as_there(work, cause)
    if isinstance(said, SET):
        await _set(work, said, scopes)
    elif isinstance(said, (*FILED, *TAKEN_IN, FilingRejudged)) and await at_home(work, said.unit_id, scopes):
        await _of_filing(work, cause.header.subjects[0], said)


async def _set(work: Work, said: Fact, scopes: frozenset[str]) -> None:
    match said:
        case EmulationYearOpened():
            if await years.found(work.db, said.year_id) is None:
                work.record(said, f"year:{said.year_id}")
        case ClusterFormed():
            if not await clusters.exists(work.db, said.cluster_id):
                work.record(said, f"cluster:{said.cluster_id}")
        case ClusterMemberJoined() | ClusterMemberLeft():
            # Others' units are not members here: nothing of theirs is received here, and nothing missed.
            if await at_home(work, said.unit_id, scopes):
                work.record(said, f"cluster:{said.cluster_id}", f"unit:{said.unit_id}")
        case ClusterLeadershipAssumed():
            work.record(said, f"cluster:{said.cluster_id}")
        case DeadlineSet():
            if await filings.window_for(work.db, said.deadline_id, None) is None:
                work.record(said, f"deadline:{said.deadline_id}")
        case DeadlineExtended():
            await work.guard(f"deadline:{said.deadline_id}")
            work.record(said, f"deadline:{said.deadline_id}")
            later = Dates(said.due, said.grace_until, said.hard_close)
            await rejudge_filings(work, said.deadline_id, said.unit_ids, later, said.reason)


async def _of_filing(work: Work, subject: str, said: Fact) -> None:
    """What was filed here comes back as the centre's own fact, and is known; what was typed there is new here."""
    before = await filings.known(work.db, subject)
    if isinstance(said, FILED):
        if before is None or said.revision > before.revision:
            work.record(said, subject)
        return
    if before is None:
        return
    await work.expect(subject)
    if isinstance(said, FilingRejudged):
        if before.punctuality is not said.punctuality:
            work.record(said, subject)
    elif isinstance(said, TAKEN_IN) and said.revision == before.revision and before.state is State.SUBMITTED:
        work.record(said, subject)
