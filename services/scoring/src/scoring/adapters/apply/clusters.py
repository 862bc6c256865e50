"""What registry's log writes here of clusters and years, beside the unit tree and its grants."""

from __future__ import annotations

import sqlalchemy as sa
import standing
from chassis.facts import Recorded
from chassis.projection import Projection
from contracts.events.registry import (
    ClusterFormed,
    ClusterLeadershipAssumed,
    ClusterMemberJoined,
    ClusterMemberLeft,
    EmulationYearOpened,
)
from sqlalchemy.ext.asyncio import AsyncConnection

registry = Projection(
    "registry",
    tables=[
        *standing.TABLES,
        "cluster",
        "cluster_member",
        "leadership",
        "emulation_year",
        "filing",
        "filing_accepted_late",
        "filing_missed",
    ],
)
standing.feed(registry)


@registry.on(ClusterFormed)
async def cluster_formed(db: AsyncConnection, facts: list[Recorded[ClusterFormed]]) -> None:
    await db.execute(
        sa.text("INSERT INTO cluster (cluster_id, name, kind, run_by) VALUES (:cluster_id, :name, :kind, :run_by)"),
        [fact.data.model_dump(mode="json", include={"cluster_id", "name", "kind", "run_by"}) for fact in facts],
    )


@registry.on(ClusterMemberJoined)
async def member_joined(db: AsyncConnection, facts: list[Recorded[ClusterMemberJoined]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO cluster_member (cluster_id, unit_id, starts, ends) VALUES (:cluster, :unit, :starts, :ends)"
        ),
        [
            {
                "cluster": fact.data.cluster_id,
                "unit": fact.data.unit_id,
                "starts": fact.data.period.starts,
                "ends": fact.data.period.ends,
            }
            for fact in facts
        ],
    )


@registry.on(ClusterMemberLeft)
async def member_left(db: AsyncConnection, facts: list[Recorded[ClusterMemberLeft]]) -> None:
    await db.execute(
        sa.text(
            "UPDATE cluster_member SET ends = :ends WHERE cluster_id = :cluster AND unit_id = :unit"
            " AND starts < :ends AND (ends IS NULL OR :ends <= ends)"
        ),
        [{"cluster": fact.data.cluster_id, "unit": fact.data.unit_id, "ends": fact.data.ends} for fact in facts],
    )


@registry.on(ClusterLeadershipAssumed)
async def leadership_assumed(db: AsyncConnection, facts: list[Recorded[ClusterLeadershipAssumed]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO leadership (cluster_id, year_id, lead_unit_id, deputy_unit_id)"
            " VALUES (:cluster_id, :year_id, :lead_unit_id, :deputy_unit_id)"
            " ON CONFLICT (cluster_id, year_id) DO UPDATE"
            " SET lead_unit_id = excluded.lead_unit_id, deputy_unit_id = excluded.deputy_unit_id"
        ),
        [fact.data.model_dump(include={"cluster_id", "year_id", "lead_unit_id", "deputy_unit_id"}) for fact in facts],
    )


@registry.on(EmulationYearOpened)
async def year_opened(db: AsyncConnection, facts: list[Recorded[EmulationYearOpened]]) -> None:
    await db.execute(
        sa.text("INSERT INTO emulation_year (year_id, label, starts, ends) VALUES (:year_id, :label, :starts, :ends)"),
        [fact.data.model_dump(include={"year_id", "label", "starts", "ends"}) for fact in facts],
    )
