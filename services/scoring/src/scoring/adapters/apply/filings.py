"""What registry's log writes here of registrations and reports: handed in, received, returned, late, contested."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from chassis.facts import Recorded
from chassis.projection import Rows
from contracts.events.registry import (
    EmulationRegistrationAccepted,
    EmulationRegistrationReturned,
    EmulationRegistrationSubmitted,
    Filing,
    FilingAcceptedLate,
    FilingConfirmed,
    FilingContested,
    FilingMissed,
    FilingRejudged,
    ReportReceived,
    ReportReturned,
    ReportSubmitted,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from scoring.adapters import jsonb
from scoring.adapters.apply.clusters import registry

_SUBMITTED = """
INSERT INTO filing (subject, kind, cluster_id, year_id, unit_id, revision, state, punctuality, awaits,
    contested, means, typed_by, submitted, content)
SELECT r.subject, r.kind, r.cluster_id, r.year_id, r.unit_id, r.revision, 'submitted', r.punctuality, r.awaits,
       false, r.means, r.typed_by, r.submitted, CAST(r.content AS jsonb)
  FROM unnest(CAST(:subject AS text[]), CAST(:kind AS text[]), CAST(:cluster_id AS text[]), CAST(:year_id AS text[]),
              CAST(:unit_id AS text[]), CAST(:revision AS integer[]), CAST(:punctuality AS text[]),
              CAST(:awaits AS boolean[]), CAST(:means AS text[]), CAST(:typed_by AS text[]),
              CAST(:submitted AS timestamptz[]), CAST(:content AS text[]))
    AS r(subject, kind, cluster_id, year_id, unit_id, revision, punctuality, awaits, means, typed_by, submitted,
         content)
ON CONFLICT (subject) DO UPDATE SET revision = excluded.revision, state = excluded.state,
    punctuality = excluded.punctuality, awaits = excluded.awaits, contested = false, means = excluded.means,
    typed_by = excluded.typed_by, submitted = excluded.submitted, content = excluded.content
"""
"""What was received before stays the received content until the new revision is received in its turn."""


@registry.as_rows(ReportSubmitted)
def report_submitted(facts: list[Recorded[ReportSubmitted]]) -> list[Rows]:
    named = [(f"report:{fact.data.report_id}", f"{fact.data.kind.value}-report") for fact in facts]
    return _submitted(facts, named, [jsonb.many(fact.data.lines) for fact in facts])


@registry.as_rows(EmulationRegistrationSubmitted)
def registration_submitted(facts: list[Recorded[EmulationRegistrationSubmitted]]) -> list[Rows]:
    named = [(f"registration:{fact.data.registration_id}", Filing.REGISTRATION.value) for fact in facts]
    return _submitted(facts, named, [jsonb.many(fact.data.targets) for fact in facts])


def _submitted(facts: list[Any], named: list[tuple[str, str]], contents: list[str]) -> list[Rows]:
    columns = {
        "subject": [subject for subject, _ in named],
        "kind": [kind for _, kind in named],
        "cluster_id": [fact.data.cluster_id for fact in facts],
        "year_id": [fact.data.year_id for fact in facts],
        "unit_id": [fact.data.unit_id for fact in facts],
        "revision": [fact.data.revision for fact in facts],
        "punctuality": [fact.data.punctuality.value if fact.data.punctuality else None for fact in facts],
        "awaits": [fact.data.awaits_confirmation for fact in facts],
        "means": [fact.header.act.means.value for fact in facts],
        "typed_by": [fact.header.act.typed_by for fact in facts],
        "submitted": [fact.header.act.received for fact in facts],
        "content": contents,
    }
    return [Rows(_SUBMITTED, columns)]


_RECEIVED = sa.text(
    "UPDATE filing SET state = 'received', received_content = content, received_revision = revision,"
    " received_at = :at WHERE subject = :subject AND revision = :revision"
)
_RETURNED = sa.text("UPDATE filing SET state = 'returned' WHERE subject = :subject")


@registry.on(ReportReceived)
async def report_received(db: AsyncConnection, facts: list[Recorded[ReportReceived]]) -> None:
    await db.execute(
        _RECEIVED,
        [
            {
                "subject": f"report:{fact.data.report_id}",
                "revision": fact.data.revision,
                "at": fact.header.act.recorded,
            }
            for fact in facts
        ],
    )


@registry.on(EmulationRegistrationAccepted)
async def registration_accepted(db: AsyncConnection, facts: list[Recorded[EmulationRegistrationAccepted]]) -> None:
    await db.execute(
        _RECEIVED,
        [
            {
                "subject": f"registration:{fact.data.registration_id}",
                "revision": fact.data.revision,
                "at": fact.header.act.recorded,
            }
            for fact in facts
        ],
    )


@registry.on(ReportReturned)
async def report_returned(db: AsyncConnection, facts: list[Recorded[ReportReturned]]) -> None:
    await db.execute(_RETURNED, [{"subject": f"report:{fact.data.report_id}"} for fact in facts])


@registry.on(EmulationRegistrationReturned)
async def registration_returned(db: AsyncConnection, facts: list[Recorded[EmulationRegistrationReturned]]) -> None:
    await db.execute(_RETURNED, [{"subject": f"registration:{fact.data.registration_id}"} for fact in facts])


@registry.on(FilingAcceptedLate)
async def accepted_late(db: AsyncConnection, facts: list[Recorded[FilingAcceptedLate]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO filing_accepted_late (subject, penalty_kept, reason) VALUES (:filing, :penalty_kept, :reason)"
            " ON CONFLICT (subject) DO UPDATE SET penalty_kept = excluded.penalty_kept, reason = excluded.reason"
        ),
        [fact.data.model_dump(include={"filing", "penalty_kept", "reason"}) for fact in facts],
    )


@registry.on(FilingConfirmed)
async def filing_confirmed(db: AsyncConnection, facts: list[Recorded[FilingConfirmed]]) -> None:
    await db.execute(
        sa.text("UPDATE filing SET awaits = false, contested = false WHERE subject = :subject"),
        [{"subject": fact.data.filing} for fact in facts],
    )


@registry.on(FilingContested)
async def filing_contested(db: AsyncConnection, facts: list[Recorded[FilingContested]]) -> None:
    await db.execute(
        sa.text("UPDATE filing SET contested = true WHERE subject = :subject"),
        [{"subject": fact.data.filing} for fact in facts],
    )


@registry.on(FilingRejudged)
async def filing_rejudged(db: AsyncConnection, facts: list[Recorded[FilingRejudged]]) -> None:
    await db.execute(
        sa.text("UPDATE filing SET punctuality = :punctuality WHERE subject = :subject"),
        [{"subject": fact.data.filing, "punctuality": fact.data.punctuality.value} for fact in facts],
    )


@registry.on(FilingMissed)
async def filing_missed(db: AsyncConnection, facts: list[Recorded[FilingMissed]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO filing_missed (deadline_id, unit_id, kind, cluster_id, year_id)"
            " VALUES (:deadline_id, :unit_id, :kind, :cluster_id, :year_id) ON CONFLICT DO NOTHING"
        ),
        [fact.data.model_dump(mode="json") for fact in facts],
    )
