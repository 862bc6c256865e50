"""HTTP: clusters and blocs, members, lead and deputy."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from chassis.http import Accepted, Asked, Page, Paging, Reading, Routes
from contracts.events.registry import (
    ClusterFormed,
    ClusterKind,
    ClusterLeadershipAssumed,
    ClusterMemberJoined,
    ClusterMemberLeft,
)
from contracts.values import ClusterId, Paper, UnitId
from pydantic import BaseModel
from standing.rights import today

from registry.adapters import clusters
from registry.entrypoints.shown import shown
from registry.entrypoints.units import AsOf
from registry.handlers import assume_leadership, form_cluster

routes = Routes(tags=["cụm, khối thi đua"])


class ClusterView(BaseModel):
    id: str
    name: str
    kind: ClusterKind
    run_by: str
    effective: date
    paper: Paper | None


class MemberView(BaseModel):
    unit_id: str
    name: str | None
    starts: date
    ends: date | None


class LeadershipView(BaseModel):
    year_id: str
    lead_unit_id: str
    deputy_unit_id: str
    basis: str
    paper: Paper | None


class ClusterDetail(ClusterView):
    members: list[MemberView]
    leadership: list[LeadershipView]


@routes.post("/clusters", status_code=201, summary="Lập cụm, khối thi đua")
async def post_cluster(
    body: Annotated[
        form_cluster.FormCluster,
        shown(form_cluster.FormCluster, ClusterFormed, id="cum-bien-gioi-phia-bac"),
    ],
    asked: Asked,
) -> Accepted:
    return await asked.perform(form_cluster.form_cluster, body)


@routes.get("/clusters", summary="Các cụm, khối thi đua")
async def get_clusters(reading: Reading, page: Paging, unit_id: str | None = None) -> Page[ClusterView]:
    found = await clusters.listed(reading.db, unit_id, page.after, page.limit + 1)
    views = [ClusterView(id=row["cluster_id"], **row) for row in found]
    return Page[ClusterView].of(views, page, lambda one: one.id)


@routes.get("/clusters/{cluster_id}", summary="Một cụm, thành viên vào một ngày, Trưởng và Phó Cụm từng năm")
async def get_cluster(cluster_id: ClusterId, reading: Reading, as_of: AsOf = None) -> ClusterDetail:
    row = await clusters.one(reading.db, cluster_id)
    reading.etag(await reading.version(f"cluster:{cluster_id}"))
    members = await clusters.members_on(reading.db, cluster_id, as_of or today(reading))
    return ClusterDetail(
        id=cluster_id,
        **row,
        members=[MemberView(**one) for one in members],
        leadership=[LeadershipView(**one) for one in await clusters.leaderships(reading.db, cluster_id)],
    )


@routes.post("/clusters/{cluster_id}/members", status_code=201, summary="Thêm thành viên từ một ngày")
async def post_member(
    cluster_id: ClusterId,
    body: Annotated[form_cluster.JoinCluster, shown(form_cluster.JoinCluster, ClusterMemberJoined)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(form_cluster.join_cluster, cluster_id, body)


@routes.post("/clusters/{cluster_id}/members/{unit_id}/departure", summary="Thành viên rời cụm từ một ngày")
async def post_departure(
    cluster_id: ClusterId,
    unit_id: UnitId,
    body: Annotated[form_cluster.LeaveCluster, shown(form_cluster.LeaveCluster, ClusterMemberLeft)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(form_cluster.leave_cluster, cluster_id, unit_id, body)


@routes.post("/clusters/{cluster_id}/leadership", status_code=201, summary="Trưởng Cụm, Phó Cụm của một năm")
async def post_leadership(
    cluster_id: ClusterId,
    body: Annotated[
        assume_leadership.AssumeLeadership,
        shown(assume_leadership.AssumeLeadership, ClusterLeadershipAssumed),
    ],
    asked: Asked,
) -> Accepted:
    """Lần đầu không cần If-Match; thay Trưởng, Phó Cụm đã ghi thì cần."""
    return await asked.perform(assume_leadership.assume_leadership, cluster_id, body)
