"""What registry's log says of those to be told: units and grants, clusters, deadlines, what was handed in."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
import standing
from chassis.facts import Recorded
from chassis.projection import Projection
from contracts.events.registry import (
    ClusterFormed,
    ClusterKind,
    ClusterLeadershipAssumed,
    ClusterMemberJoined,
    ClusterMemberLeft,
    DeadlineExtended,
    DeadlineSet,
    EmulationRegistrationReturned,
    EmulationRegistrationSubmitted,
    FilingConfirmed,
    FilingContested,
    ReportReturned,
    ReportSubmitted,
)
from sqlalchemy.ext.asyncio import AsyncConnection

TABLES = ["cluster", "cluster_member", "cluster_leadership", "deadline", "deadline_extension", "filing"]

from_registry = Projection("registry", tables=[*standing.TABLES, *TABLES])
standing.feed(from_registry)


@from_registry.on(ClusterFormed)
async def cluster_formed(db: AsyncConnection, facts: list[Recorded[ClusterFormed]]) -> None:
    await db.execute(
        sa.text("INSERT INTO cluster (cluster_id, name, bloc, run_by) VALUES (:cluster_id, :name, :bloc, :run_by)"),
        [
            {
                "cluster_id": fact.data.cluster_id,
                "name": fact.data.name,
                "bloc": fact.data.kind is ClusterKind.BLOC,
                "run_by": fact.data.run_by,
            }
            for fact in facts
        ],
    )


@from_registry.on(ClusterMemberJoined)
async def member_joined(db: AsyncConnection, facts: list[Recorded[ClusterMemberJoined]]) -> None:
    await db.execute(
        sa.text("INSERT INTO cluster_member VALUES (:cluster_id, :unit_id, :starts, :ends)"),
        [
            {
                "cluster_id": fact.data.cluster_id,
                "unit_id": fact.data.unit_id,
                "starts": fact.data.period.starts,
                "ends": fact.data.period.ends,
            }
            for fact in facts
        ],
    )


@from_registry.on(ClusterMemberLeft)
async def member_left(db: AsyncConnection, facts: list[Recorded[ClusterMemberLeft]]) -> None:
    await db.execute(
        sa.text(
            "UPDATE cluster_member SET ends = :ends WHERE cluster_id = :cluster_id AND unit_id = :unit_id"
            " AND starts < :ends AND (ends IS NULL OR ends > :ends)"
        ),
        [{"cluster_id": fact.data.cluster_id, "unit_id": fact.data.unit_id, "ends": fact.data.ends} for fact in facts],
    )


@from_registry.on(ClusterLeadershipAssumed)
async def leadership_assumed(db: AsyncConnection, facts: list[Recorded[ClusterLeadershipAssumed]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO cluster_leadership VALUES (:cluster_id, :year_id, :lead, :deputy)"
            " ON CONFLICT (cluster_id, year_id) DO UPDATE"
            " SET lead_unit_id = excluded.lead_unit_id, deputy_unit_id = excluded.deputy_unit_id"
        ),
        [
            {
                "cluster_id": fact.data.cluster_id,
                "year_id": fact.data.year_id,
                "lead": fact.data.lead_unit_id,
                "deputy": fact.data.deputy_unit_id,
            }
            for fact in facts
        ],
    )


@from_registry.on(DeadlineSet)
async def deadline_set(db: AsyncConnection, facts: list[Recorded[DeadlineSet]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO deadline VALUES (:deadline_id, :cluster_id, :year_id, :filing, :due, :hard_close, :known_at)"
        ),
        [
            {
                "deadline_id": fact.data.deadline_id,
                "cluster_id": fact.data.cluster_id,
                "year_id": fact.data.year_id,
                "filing": fact.data.filing.value,
                "due": fact.data.due,
                "hard_close": fact.data.hard_close,
                "known_at": fact.header.act.recorded,
            }
            for fact in facts
        ],
    )


@from_registry.on(DeadlineExtended)
async def deadline_extended(db: AsyncConnection, facts: list[Recorded[DeadlineExtended]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO deadline_extension VALUES"
            " (:extension_id, :deadline_id, CAST(:unit_ids AS text[]), :due, :hard_close, :known_at)"
        ),
        [
            {
                "extension_id": fact.header.id,
                "deadline_id": fact.data.deadline_id,
                "unit_ids": None if fact.data.unit_ids is None else list(fact.data.unit_ids),
                "due": fact.data.due,
                "hard_close": fact.data.hard_close,
                "known_at": fact.header.act.recorded,
            }
            for fact in facts
        ],
    )


_HANDED_IN = sa.text(
    "INSERT INTO filing VALUES (:cluster_id, :year_id, :filing, :unit_id, :subject, true, NULL, :awaits_since)"
    " ON CONFLICT (cluster_id, year_id, filing, unit_id) DO UPDATE"
    " SET subject = excluded.subject, handed_in = true, handed_back_at = NULL, awaits_since = excluded.awaits_since"
)
_HANDED_BACK = sa.text(
    "UPDATE filing SET handed_in = false, handed_back_at = :at, awaits_since = NULL WHERE subject = :subject"
)


@from_registry.on(EmulationRegistrationSubmitted)
async def registration_submitted(db: AsyncConnection, facts: list[Recorded[EmulationRegistrationSubmitted]]) -> None:
    await db.execute(
        _HANDED_IN, [_filed(fact, "registration", f"registration:{fact.data.registration_id}") for fact in facts]
    )


@from_registry.on(ReportSubmitted)
async def report_submitted(db: AsyncConnection, facts: list[Recorded[ReportSubmitted]]) -> None:
    await db.execute(
        _HANDED_IN,
        [_filed(fact, f"{fact.data.kind.value}-report", f"report:{fact.data.report_id}") for fact in facts],
    )


def _filed(
    fact: Recorded[EmulationRegistrationSubmitted] | Recorded[ReportSubmitted], filing: str, subject: str
) -> dict[str, object]:
    return {
        "cluster_id": fact.data.cluster_id,
        "year_id": fact.data.year_id,
        "filing": filing,
        "unit_id": fact.data.unit_id,
        "subject": subject,
        "awaits_since": fact.header.act.recorded if fact.data.awaits_confirmation else None,
    }


@from_registry.on(EmulationRegistrationReturned)
async def registration_returned(db: AsyncConnection, facts: list[Recorded[EmulationRegistrationReturned]]) -> None:
    await db.execute(_HANDED_BACK, [_back(fact, f"registration:{fact.data.registration_id}") for fact in facts])


@from_registry.on(ReportReturned)
async def report_returned(db: AsyncConnection, facts: list[Recorded[ReportReturned]]) -> None:
    await db.execute(_HANDED_BACK, [_back(fact, f"report:{fact.data.report_id}") for fact in facts])


@from_registry.on(FilingContested)
async def filing_contested(db: AsyncConnection, facts: list[Recorded[FilingContested]]) -> None:
    await db.execute(_HANDED_BACK, [_back(fact, fact.data.filing) for fact in facts])


def _back(fact: Recorded[Any], subject: str) -> dict[str, object]:
    return {"subject": subject, "at": fact.header.act.recorded}


@from_registry.on(FilingConfirmed)
async def filing_confirmed(db: AsyncConnection, facts: list[Recorded[FilingConfirmed]]) -> None:
    await db.execute(
        sa.text("UPDATE filing SET awaits_since = NULL WHERE subject = :subject"),
        [{"subject": fact.data.filing} for fact in facts],
    )
