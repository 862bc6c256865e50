"""Registrations and reports as filings: where each stands, and every revision as it was handed in."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from chassis.facts import Recorded
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
VALUES (:subject, :kind, :year_id, :cluster_id, :unit_id, 'submitted', :revision, :punctuality, :deadline_id,
    :received, :received, :means, :typed_by, :awaits)
ON CONFLICT (subject) DO UPDATE SET state = 'submitted', revision = excluded.revision,
    punctuality = excluded.punctuality, received = excluded.received, means = excluded.means,
    typed_by = excluded.typed_by, awaits_confirmation = excluded.awaits_confirmation, confirmed = NULL,
    contest = NULL, returned = NULL
"""
_REVISION = (
    "INSERT INTO filing_revision (subject, revision, received, content)"
    " VALUES (:subject, :revision, :received, CAST(:content AS jsonb))"
)


@own.on(ReportSubmitted)
async def report_submitted(db: AsyncConnection, facts: list[Recorded[ReportSubmitted]]) -> None:
    await _submitted(
        db,
        facts,
        [(f"report:{fact.data.report_id}", of_report(fact.data.kind).value) for fact in facts],
        {"lines", "narrative"},
    )


@own.on(EmulationRegistrationSubmitted)
async def registration_submitted(db: AsyncConnection, facts: list[Recorded[EmulationRegistrationSubmitted]]) -> None:
    await _submitted(
        db,
        facts,
        [(f"registration:{fact.data.registration_id}", "registration") for fact in facts],
        {"targets", "titles"},
    )


async def _submitted(db: AsyncConnection, facts: list[Any], named: list[tuple[str, str]], content: set[str]) -> None:
    rows = [
        {
            "subject": subject,
            "kind": kind,
            "year_id": fact.data.year_id,
            "cluster_id": fact.data.cluster_id,
            "unit_id": fact.data.unit_id,
            "revision": fact.data.revision,
            "punctuality": fact.data.punctuality.value if fact.data.punctuality else None,
            "deadline_id": fact.data.deadline_id,
            "received": fact.header.act.received,
            "means": fact.header.act.means.value,
            "typed_by": fact.header.act.typed_by,
            "awaits": fact.data.awaits_confirmation,
        }
        for fact, (subject, kind) in zip(facts, named, strict=True)
    ]
    await db.execute(sa.text(_SUBMIT), rows)
    await db.execute(
        sa.text(_REVISION),
        [
            {
                **{name: row[name] for name in ("subject", "revision", "received")},
                "content": json.dumps(
                    fact.data.model_dump(mode="json", include=content, exclude_none=True), ensure_ascii=False
                ),
            }
            for fact, row in zip(facts, rows, strict=True)
        ],
    )


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
