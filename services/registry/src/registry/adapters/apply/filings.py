"""Registrations and reports as filings: where each stands, and every revision as it was handed in."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from chassis.facts import Recorded
from chassis.projection import Rows
from contracts.events.registry import (
    EmulationRegistrationAccepted,
    EmulationRegistrationReturned,
    EmulationRegistrationSubmitted,
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

from registry.adapters.apply.own import own
from registry.domain.filings import of_report

_SUBMIT = """
INSERT INTO filing (subject, kind, year_id, cluster_id, unit_id, state, revision, punctuality, deadline_id,
    first_received, received, means, typed_by, awaits_confirmation)
SELECT r.subject, r.kind, r.year_id, r.cluster_id, r.unit_id, 'submitted', r.revision, r.punctuality, r.deadline_id,
       r.received, r.received, r.means, r.typed_by, r.awaits
  FROM unnest(CAST(:subject AS text[]), CAST(:kind AS text[]), CAST(:year_id AS text[]), CAST(:cluster_id AS text[]),
              CAST(:unit_id AS text[]), CAST(:revision AS integer[]), CAST(:punctuality AS text[]),
              CAST(:deadline_id AS text[]), CAST(:received AS timestamptz[]), CAST(:means AS text[]),
              CAST(:typed_by AS text[]), CAST(:awaits AS boolean[]))
    AS r(subject, kind, year_id, cluster_id, unit_id, revision, punctuality, deadline_id, received, means, typed_by,
         awaits)
ON CONFLICT (subject) DO UPDATE SET state = 'submitted', revision = excluded.revision,
    punctuality = excluded.punctuality, received = excluded.received, means = excluded.means,
    typed_by = excluded.typed_by, awaits_confirmation = excluded.awaits_confirmation, confirmed = NULL,
    contest = NULL, returned = NULL
"""
_REVISION = """
INSERT INTO filing_revision (subject, revision, received, content)
SELECT r.subject, r.revision, r.received, CAST(r.content AS jsonb)
  FROM unnest(CAST(:subject AS text[]), CAST(:revision AS integer[]), CAST(:received AS timestamptz[]),
              CAST(:content AS text[])) AS r(subject, revision, received, content)
"""


@own.as_rows(ReportSubmitted)
def report_submitted(facts: list[Recorded[ReportSubmitted]]) -> list[Rows]:
    named = [(f"report:{fact.data.report_id}", of_report(fact.data.kind).value) for fact in facts]
    return _submitted(facts, named, {"lines", "narrative"})


@own.as_rows(EmulationRegistrationSubmitted)
def registration_submitted(facts: list[Recorded[EmulationRegistrationSubmitted]]) -> list[Rows]:
    named = [(f"registration:{fact.data.registration_id}", "registration") for fact in facts]
    return _submitted(facts, named, {"targets", "titles"})


def _submitted(facts: list[Any], named: list[tuple[str, str]], content: set[str]) -> list[Rows]:
    subjects = [subject for subject, _ in named]
    received = [fact.header.act.received for fact in facts]
    revisions = [fact.data.revision for fact in facts]
    filing = {
        "subject": subjects,
        "kind": [kind for _, kind in named],
        "year_id": [fact.data.year_id for fact in facts],
        "cluster_id": [fact.data.cluster_id for fact in facts],
        "unit_id": [fact.data.unit_id for fact in facts],
        "revision": revisions,
        "punctuality": [fact.data.punctuality.value if fact.data.punctuality else None for fact in facts],
        "deadline_id": [fact.data.deadline_id for fact in facts],
        "received": received,
        "means": [fact.header.act.means.value for fact in facts],
        "typed_by": [fact.header.act.typed_by for fact in facts],
        "awaits": [fact.data.awaits_confirmation for fact in facts],
    }
    revision = {
        "subject": subjects,
        "revision": revisions,
        "received": received,
        "content": [fact.data.model_dump_json(include=content, exclude_none=True) for fact in facts],
    }
    return [Rows(_SUBMIT, filing), Rows(_REVISION, revision)]


async def _taken(db: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    await db.execute(sa.text("UPDATE filing SET state = 'received', taken_by = :by WHERE subject = :subject"), rows)


async def _returned(db: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    await db.execute(
        sa.text("UPDATE filing SET state = 'returned', taken_by = :by, returned = :reason WHERE subject = :subject"),
        rows,
    )


@own.on(ReportReceived)
async def report_received(db: AsyncConnection, facts: list[Recorded[ReportReceived]]) -> None:
    await _taken(
        db,
        [{"subject": f"report:{fact.data.report_id}", "by": fact.data.received_by} for fact in facts],
    )


@own.on(EmulationRegistrationAccepted)
async def registration_accepted(db: AsyncConnection, facts: list[Recorded[EmulationRegistrationAccepted]]) -> None:
    await _taken(
        db,
        [{"subject": f"registration:{fact.data.registration_id}", "by": fact.data.received_by} for fact in facts],
    )


@own.on(ReportReturned)
async def report_returned(db: AsyncConnection, facts: list[Recorded[ReportReturned]]) -> None:
    await _returned(
        db,
        [
            {
                "subject": f"report:{fact.data.report_id}",
                "by": fact.data.returned_by,
                "reason": fact.data.reason,
            }
            for fact in facts
        ],
    )


@own.on(EmulationRegistrationReturned)
async def registration_returned(db: AsyncConnection, facts: list[Recorded[EmulationRegistrationReturned]]) -> None:
    await _returned(
        db,
        [
            {
                "subject": f"registration:{fact.data.registration_id}",
                "by": fact.data.returned_by,
                "reason": fact.data.reason,
            }
            for fact in facts
        ],
    )


@own.on(FilingAcceptedLate)
async def filing_accepted_late(db: AsyncConnection, facts: list[Recorded[FilingAcceptedLate]]) -> None:
    await db.execute(
        sa.text("UPDATE filing SET accepted_late = CAST(:told AS jsonb) WHERE subject = :subject"),
        [
            {
                "subject": fact.data.filing,
                "told": fact.data.model_dump_json(
                    include={"accepted_by", "reason", "paper", "penalty_kept"}, exclude_none=True
                ),
            }
            for fact in facts
        ],
    )


@own.on(FilingConfirmed)
async def filing_confirmed(db: AsyncConnection, facts: list[Recorded[FilingConfirmed]]) -> None:
    await db.execute(
        sa.text("UPDATE filing SET awaits_confirmation = false, confirmed = :at WHERE subject = :subject"),
        [{"subject": fact.data.filing, "at": fact.header.act.received} for fact in facts],
    )


@own.on(FilingContested)
async def filing_contested(db: AsyncConnection, facts: list[Recorded[FilingContested]]) -> None:
    await db.execute(
        sa.text("UPDATE filing SET contest = :reason WHERE subject = :subject"),
        [{"subject": fact.data.filing, "reason": fact.data.reason} for fact in facts],
    )


@own.on(FilingMissed)
async def filing_missed(db: AsyncConnection, facts: list[Recorded[FilingMissed]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO filing_missed (deadline_id, unit_id, recorded) VALUES (:deadline_id, :unit_id, :recorded)"
        ),
        [
            {
                "deadline_id": fact.data.deadline_id,
                "unit_id": fact.data.unit_id,
                "recorded": fact.header.act.recorded,
            }
            for fact in facts
        ],
    )


@own.on(FilingRejudged)
async def filing_rejudged(db: AsyncConnection, facts: list[Recorded[FilingRejudged]]) -> None:
    await db.execute(
        sa.text("UPDATE filing SET punctuality = :punctuality WHERE subject = :subject"),
        [{"subject": fact.data.filing, "punctuality": fact.data.punctuality.value} for fact in facts],
    )
