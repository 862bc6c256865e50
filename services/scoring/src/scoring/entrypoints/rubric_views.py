"""HTTP: tables of criteria as readers see them: the tree, what was said of it, and who agreed."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from chassis.http import Page, Paging, Reading, Routes
from contracts.values import ClusterId, Instant, Paper, RubricId, YearId
from pydantic import BaseModel, Field

from scoring.adapters.queries.rubrics import load_rubric
from scoring.entrypoints.sight import must_see
from scoring.handlers.rights import cluster_today, may_see

routes = Routes(tags=["bảng tiêu chí"])


class RubricSummary(BaseModel):
    id: str
    cluster_id: str
    year_id: str
    title: str
    version: int
    state: str = Field(description="`draft` or `frozen` (the newest version is frozen)")
    frozen_version: int | None = None
    hash: str | None = Field(None, description="Of the frozen version.")


class CommentView(BaseModel):
    version: int
    unit_id: str
    code: str | None
    comment: str
    typed_by: str
    means: str
    at: Instant


class AgreedView(BaseModel):
    unit_id: str
    typed_by: str
    means: str
    made: Instant
    paper: Paper | None = None


class VersionView(BaseModel):
    version: int
    by_unit: str
    reasons: str | None
    at: Instant


class RubricView(RubricSummary):
    """A table with its whole tree, who said what of it, and who agreed to the newest version."""

    drafted_by_unit: str
    form: dict[str, Any]
    comments: list[CommentView]
    agreed: list[AgreedView]
    missing: list[str] = Field(description="Members that have not agreed to the newest version.")
    versions: list[VersionView]


_SUMMARY = (
    "SELECT r.rubric_id AS id, r.cluster_id, r.year_id, v.title, r.version,"
    " CASE WHEN r.frozen_version = r.version THEN 'frozen' ELSE 'draft' END AS state,"
    " r.frozen_version, r.frozen_hash AS hash"
    " FROM rubric r JOIN rubric_version v USING (rubric_id, version)"
)


@routes.get("/rubrics", summary="Các bảng tiêu chí của một cụm trong một năm")
async def rubrics(cluster_id: ClusterId, year_id: YearId, reading: Reading, page: Paging) -> Page[RubricSummary]:
    cluster = await cluster_today(reading, cluster_id, year_id)
    # Before it is frozen a table is a matter of the cluster; frozen it is public.
    only = "" if await may_see(reading, cluster) else " AND r.frozen_version IS NOT NULL"
    rows = await reading.db.execute(
        sa.text(
            f"{_SUMMARY} WHERE r.cluster_id = :cluster AND r.year_id = :year AND r.rubric_id > :after{only}"
            " ORDER BY r.rubric_id LIMIT :limit"
        ),
        {"cluster": cluster_id, "year": year_id, "after": page.after or "", "limit": page.limit + 1},
    )
    return Page[RubricSummary].of([RubricSummary(**row) for row in rows.mappings()], page, lambda one: one.id)


@routes.get("/rubrics/{rubric_id}", summary="Một bảng tiêu chí: cây tiêu chí, góp ý, thống nhất")
async def rubric(rubric_id: RubricId, reading: Reading) -> RubricView:
    db = reading.db
    stands = await load_rubric(db, rubric_id)
    cluster = await cluster_today(reading, stands.cluster_id, stands.year_id)
    if not stands.is_frozen:
        await must_see(reading, cluster, "bảng tiêu chí", rubric_id)
    summary = (
        (await db.execute(sa.text(f"{_SUMMARY} WHERE r.rubric_id = :rubric"), {"rubric": rubric_id})).mappings().one()
    )
    comments = await db.execute(
        sa.text(
            "SELECT version, unit_id, code, comment, typed_by, means, at FROM rubric_comment"
            " WHERE rubric_id = :rubric ORDER BY at, comment_id"
        ),
        {"rubric": rubric_id},
    )
    agreed = await db.execute(
        sa.text(
            "SELECT unit_id, typed_by, means, made, paper::text AS paper FROM rubric_agreed"
            " WHERE rubric_id = :rubric AND version = :version ORDER BY unit_id"
        ),
        {"rubric": rubric_id, "version": stands.version},
    )
    versions = await db.execute(
        sa.text("SELECT version, by_unit, reasons, at FROM rubric_version WHERE rubric_id = :rubric ORDER BY version"),
        {"rubric": rubric_id},
    )
    reading.etag(await reading.version(f"rubric:{rubric_id}"))
    return RubricView(
        **summary,
        drafted_by_unit=stands.drafted_by_unit,
        form=stands.form,
        comments=[CommentView(**row) for row in comments.mappings()],
        agreed=[
            AgreedView(**{**row, "paper": json.loads(row["paper"]) if row["paper"] else None})
            for row in agreed.mappings()
        ],
        missing=[unit for unit in cluster.members if unit not in stands.agreed_by],
        versions=[VersionView(**row) for row in versions.mappings()],
    )
