"""A service as small as one can be: it forms clusters. It borrows a real event so that the catalogue stays true."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.facts import Recorded
from chassis.http import Accepted, Asked, Page, Paging, Reading, Routes, Write
from chassis.projection import Projection, Rows
from chassis.service import Service
from chassis.work import Work
from contracts.events.registry.clusters import ClusterFormed
from contracts.refusal import Refused
from contracts.values import Identifier, ShortText
from pydantic import BaseModel

own = Projection("registry", tables=["cluster"])
routes = Routes()


_FORM = """
INSERT INTO cluster
SELECT * FROM unnest(CAST(:id AS text[]), CAST(:name AS text[]), CAST(:received AS timestamptz[]))
ON CONFLICT (cluster_id) DO UPDATE SET name = excluded.name, received = excluded.received
"""


@own.as_rows(ClusterFormed)
def cluster_formed(facts: list[Recorded[ClusterFormed]]) -> list[Rows]:
    """Hot: one statement writes the row and appends."""
    columns = {
        "id": [fact.data.cluster_id for fact in facts],
        "name": [fact.data.name for fact in facts],
        "received": [fact.header.act.received for fact in facts],
    }
    return [Rows(_FORM, columns)]


def formed(cluster_id: str, name: str) -> ClusterFormed:
    return ClusterFormed.model_validate(
        {"cluster_id": cluster_id, "name": name, "kind": "cluster", "run_by": "tld", "effective": "2024-01-01"}
    )


class FormCluster(Write):
    id: Identifier
    name: ShortText


class Cluster(BaseModel):
    id: str
    name: str


async def form_cluster(work: Work, body: FormCluster) -> None:
    if body.name == "refused":
        raise Refused("not-entitled", role="x", unit="y")
    found = await work.db.scalar(sa.text("SELECT 1 FROM cluster WHERE cluster_id = :id"), {"id": body.id})
    if found:
        raise Refused("cluster-exists", id=body.id)
    await work.guard(f"cluster:{body.id}")
    work.record(formed(body.id, body.name), f"cluster:{body.id}", correlation=f"case-{body.id}")


async def rename_cluster(work: Work, cluster_id: str, name: str) -> None:
    await work.expect(f"cluster:{cluster_id}")
    work.record(formed(cluster_id, name), f"cluster:{cluster_id}", correlation=f"case-{cluster_id}")


@routes.post("/clusters", status_code=201)
async def post_cluster(body: FormCluster, asked: Asked) -> Accepted:
    return await asked.perform(form_cluster, body)


class Rename(Write):
    name: ShortText


@routes.post("/clusters/{cluster_id}/name")
async def post_name(cluster_id: Identifier, body: Rename, asked: Asked) -> Accepted:
    return await asked.perform(rename_cluster, cluster_id, body.name)


@routes.get("/clusters/{cluster_id}")
async def get_cluster(cluster_id: Identifier, reading: Reading) -> Cluster:
    row = (
        await reading.db.execute(
            sa.text("SELECT cluster_id, name FROM cluster WHERE cluster_id = :id"), {"id": cluster_id}
        )
    ).first()
    if row is None:
        raise Refused("not-found", kind="cụm", id=cluster_id)
    reading.etag(await reading.version(f"cluster:{cluster_id}"))
    return Cluster(id=row.cluster_id, name=row.name)


@routes.get("/clusters")
async def get_clusters(reading: Reading, page: Paging) -> Page[Cluster]:
    rows = await reading.db.execute(
        sa.text("SELECT cluster_id, name FROM cluster WHERE cluster_id > :after ORDER BY cluster_id LIMIT :limit"),
        {"after": page.after or "", "limit": page.limit + 1},
    )
    return Page[Cluster].of([Cluster(id=row.cluster_id, name=row.name) for row in rows], page, lambda one: one.id)


def sample_service() -> Service:
    return Service(
        name="registry",
        title="mẫu",
        package="tests.chassis.sample",
        publishes=[ClusterFormed],
        own=own,
        routes=[routes],
        unlogged=["note"],
        locate={"cluster": "/clusters/{id}"},
    )
