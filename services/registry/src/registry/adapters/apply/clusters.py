"""Clusters, their members over time, lead and deputy by year."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.facts import Recorded
from contracts.events.registry import (
    ClusterFormed,
    ClusterLeadershipAssumed,
    ClusterMemberJoined,
    ClusterMemberLeft,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.adapters import jsonb
from registry.adapters.apply.own import own


@own.on(ClusterFormed)
async def cluster_formed(db: AsyncConnection, facts: list[Recorded[ClusterFormed]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO cluster (cluster_id, name, kind, run_by, effective, paper) VALUES"
            " (:cluster_id, :name, :kind, :run_by, :effective, CAST(:paper AS jsonb))"
        ),
        [
            {
                "cluster_id": fact.data.cluster_id,
                "name": fact.data.name,
                "kind": fact.data.kind.value,
                "run_by": fact.data.run_by,
                "effective": fact.data.effective,
                "paper": jsonb.one(fact.data.paper),
            }
            for fact in facts
        ],
    )


@own.on(ClusterMemberJoined)
async def cluster_member_joined(db: AsyncConnection, facts: list[Recorded[ClusterMemberJoined]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO cluster_member (cluster_id, unit_id, paper, valid) VALUES"
            " (:cluster_id, :unit_id, CAST(:paper AS jsonb), daterange(:starts, :ends))"
        ),
        [
            {
                "cluster_id": fact.data.cluster_id,
                "unit_id": fact.data.unit_id,
                "paper": jsonb.one(fact.data.paper),
                "starts": fact.data.period.starts,
                "ends": fact.data.period.ends,
            }
            for fact in facts
        ],
    )


@own.on(ClusterMemberLeft)
async def cluster_member_left(db: AsyncConnection, facts: list[Recorded[ClusterMemberLeft]]) -> None:
    # A membership is known by its last day: the one that holds on the day before it ends.
    await db.execute(
        sa.text(
            "UPDATE cluster_member SET valid = daterange(lower(valid), :ends), reason = :reason"
            " WHERE cluster_id = :cluster_id AND unit_id = :unit_id AND valid @> CAST(:ends AS date) - 1"
        ),
        [
            {
                "cluster_id": fact.data.cluster_id,
                "unit_id": fact.data.unit_id,
                "ends": fact.data.ends,
                "reason": fact.data.reason,
            }
            for fact in facts
        ],
    )


@own.on(ClusterLeadershipAssumed)
async def cluster_leadership_assumed(db: AsyncConnection, facts: list[Recorded[ClusterLeadershipAssumed]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO cluster_leadership (cluster_id, year_id, lead_unit_id, deputy_unit_id, basis, paper)"
            " VALUES (:cluster_id, :year_id, :lead, :deputy, :basis, CAST(:paper AS jsonb))"
            " ON CONFLICT (cluster_id, year_id) DO UPDATE SET lead_unit_id = excluded.lead_unit_id,"
            " deputy_unit_id = excluded.deputy_unit_id, basis = excluded.basis, paper = excluded.paper"
        ),
        [
            {
                "cluster_id": fact.data.cluster_id,
                "year_id": fact.data.year_id,
                "lead": fact.data.lead_unit_id,
                "deputy": fact.data.deputy_unit_id,
                "basis": fact.data.basis,
                "paper": jsonb.one(fact.data.paper),
            }
            for fact in facts
        ],
    )
