"""Registry's table of contents: what it publishes, follows, reacts to, waits for and serves."""

from __future__ import annotations

from pathlib import Path

import contracts.events.registry as says
from chassis.projection import Projection
from chassis.reactions import Reaction
from chassis.service import Service
from chassis.timers import Timer
from contracts.events.scoring import YearEndConferenceConcluded
from standing import may_operate

from registry.adapters.apply import own
from registry.adapters.apply.own import UNLOGGED
from registry.adapters.sight import sees
from registry.domain.crossing import shows
from registry.entrypoints import (
    accounts,
    clusters,
    filings,
    people,
    plans,
    ratings,
    registrations,
    reports,
    units,
    years,
)
from registry.handlers import take_from_above, take_from_below
from registry.handlers.assume_leadership import record_leadership
from registry.handlers.bootstrap import bootstrap
from registry.handlers.miss_filing import miss_filing, next_missing

from_scoring = Projection("scoring", tables=[])

service = Service(
    name="registry",
    title="đơn vị, con người, năm thi đua, đăng ký và báo cáo",
    publishes=[
        says.PersonEntered,
        says.PersonsJoined,
        says.PersonsSeparated,
        says.PersonsKeptApart,
        says.PostAssumed,
        says.PostLeft,
        says.OfficeAssumed,
        says.OfficeLeft,
        says.GrantGiven,
        says.GrantWithdrawn,
        says.RatingRecorded,
        says.DisciplineRecorded,
        says.CleanRecordStated,
        says.UnitRecorded,
        says.UnitEstablished,
        says.UnitRenamed,
        says.UnitMoved,
        says.UnitClosed,
        says.UnitContactsChanged,
        says.ClusterFormed,
        says.ClusterMemberJoined,
        says.ClusterMemberLeft,
        says.ClusterLeadershipAssumed,
        says.EmulationYearOpened,
        says.DeadlineSet,
        says.DeadlineExtended,
        says.PlanIssued,
        says.PlanAmended,
        says.PlanTaskClosed,
        says.CampaignLaunched,
        says.CampaignReviewed,
        says.EmulationRegistrationSubmitted,
        says.EmulationRegistrationAccepted,
        says.EmulationRegistrationReturned,
        says.ReportSubmitted,
        says.ReportReceived,
        says.ReportReturned,
        says.FilingAcceptedLate,
        says.FilingConfirmed,
        says.FilingContested,
        says.FilingMissed,
        says.FilingRejudged,
    ],
    own=own,
    follows=[from_scoring],
    above=Projection("registry", tables=[]),
    shows=shows,
    reactions=[
        Reaction("record-leadership", YearEndConferenceConcluded, record_leadership),
        Reaction("take-from-below", take_from_below.TAKEN, take_from_below.take_from_below, where="below"),
        Reaction("take-from-above", take_from_above.TAKEN, take_from_above.take_from_above, where="above"),
    ],
    timers=[Timer("miss-filing", due=next_missing, run=miss_filing)],
    routes=[
        accounts.routes,
        people.routes,
        ratings.routes,
        units.routes,
        clusters.routes,
        years.routes,
        plans.routes,
        registrations.routes,
        reports.routes,
        filings.routes,
    ],
    messages=Path(__file__).parent / "messages.yaml",
    unlogged=UNLOGGED,
    locate={
        "person": "/people/{id}",
        "grant": "/grants/{id}",
        "unit": "/units/{id}",
        "cluster": "/clusters/{id}",
        "year": "/years/{id}",
        "deadline": "/deadlines/{id}",
        "plan": "/plans/{id}",
        "campaign": "/campaigns/{id}",
        "registration": "/registrations/{id}",
        "report": "/reports/{id}",
    },
    may_operate=may_operate,
    sees=sees,
    on_start=bootstrap,
)


app = service.app()
