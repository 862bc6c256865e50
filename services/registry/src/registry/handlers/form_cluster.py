"""Clusters and blocs: formed, joined, left."""

from __future__ import annotations

from datetime import date

from chassis.http import Write
from chassis.work import Work
from contracts.events.registry import ClusterFormed, ClusterKind, ClusterMemberJoined, ClusterMemberLeft
from contracts.refusal import Refused
from contracts.values import ClusterId, Paper, Period, ShortText, Text, UnitId
from pydantic import Field
from standing import Role, need

from registry.adapters import clusters, units
from registry.domain.clusters import leaving, may_join
from registry.domain.units import changeable

RUNNERS = {Role.ADMINISTRATOR, Role.STANDING_OFFICE}
"""Roles that run a cluster for the body above it."""


class FormCluster(Write):
    id: ClusterId | None = None
    name: ShortText = Field(examples=["Cụm thi đua LĐLĐ các tỉnh biên giới phía Bắc"])
    kind: ClusterKind
    run_by: UnitId
    effective: date
    paper: Paper | None = None


class JoinCluster(Write):
    unit_id: UnitId
    period: Period
    paper: Paper | None = None


class LeaveCluster(Write):
    ends: date = Field(description="First day without it.")
    reason: Text | None = None
    paper: Paper | None = None


async def form_cluster(work: Work, body: FormCluster) -> None:
    await need(work, RUNNERS, body.run_by)
    cluster_id = body.id or work.new_id()
    if await clusters.exists(work.db, cluster_id):
        raise Refused("already-recorded", what="cụm, khối thi đua", id=cluster_id)
    fact = ClusterFormed(cluster_id=cluster_id, **body.model_dump(exclude={"id", "act"}))
    work.record(fact, f"cluster:{cluster_id}", correlation=cluster_id)


async def join_cluster(work: Work, cluster_id: str, body: JoinCluster) -> None:
    """Adding a member overwrites nothing, so no If-Match is asked; two at once simply follow one another."""
    cluster = await clusters.one(work.db, cluster_id)
    await need(work, RUNNERS, cluster["run_by"])
    changeable(await units.life(work.db, body.unit_id), body.unit_id, body.period.starts)
    may_join(
        body.unit_id,
        cluster_id,
        await clusters.memberships(work.db, cluster_id, body.unit_id),
        body.period,
    )
    await work.guard(f"cluster:{cluster_id}")
    fact = ClusterMemberJoined(cluster_id=cluster_id, **body.model_dump(exclude={"act"}))
    work.record(fact, f"cluster:{cluster_id}", correlation=cluster_id)


async def leave_cluster(work: Work, cluster_id: str, unit_id: str, body: LeaveCluster) -> None:
    cluster = await clusters.one(work.db, cluster_id)
    await need(work, RUNNERS, cluster["run_by"])
    await work.expect(f"cluster:{cluster_id}")
    leaving(unit_id, cluster_id, await clusters.memberships(work.db, cluster_id, unit_id), body.ends)
    fact = ClusterMemberLeft(cluster_id=cluster_id, unit_id=unit_id, **body.model_dump(exclude={"act"}))
    work.record(fact, f"cluster:{cluster_id}", correlation=cluster_id)
