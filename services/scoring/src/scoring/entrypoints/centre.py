"""HTTP, at a site below the national one: criteria, agreements and results as they came down from the centre."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from chassis.http import Reading, Routes
from contracts.values import ClusterId, Instant, YearId
from pydantic import BaseModel, Field

routes = Routes(tags=["từ trung tâm"])


class CentreRubric(BaseModel):
    """A version of a cluster's table of criteria."""

    rubric_id: str
    version: int
    cluster_id: str
    year_id: str
    title: str
    form: dict[str, Any]
    hash: str | None = Field(description="Once the version is frozen.")


class CentreResult(BaseModel):
    kind: Literal["agreement", "ranking", "conference"]
    id: str
    cluster_id: str
    year_id: str
    at: Instant
    data: dict[str, Any] = Field(description="The fact as the centre recorded it.")


@routes.get("/centre/rubrics", summary="Bảng tiêu chí của trung tâm, các bản của một cụm trong một năm")
async def rubrics(cluster_id: ClusterId, year_id: YearId, reading: Reading) -> list[CentreRubric]:
    """Trống tại điểm trung tâm, và tại điểm dưới khi chưa có gì xuống."""
    found = await _rows(reading, "centre_rubric", "rubric_id, version", cluster_id, year_id)
    return [CentreRubric.model_validate(one) for one in found]


@routes.get("/centre/results", summary="Giao ước, xếp hạng, hội nghị tổng kết của trung tâm")
async def results(cluster_id: ClusterId, year_id: YearId, reading: Reading) -> list[CentreResult]:
    found = await _rows(reading, "centre_result", "at, kind, id", cluster_id, year_id)
    return [CentreResult.model_validate(one) for one in found]


async def _rows(
    reading: Reading, table: Literal["centre_rubric", "centre_result"], order: str, cluster_id: str, year_id: str
) -> list[dict[str, Any]]:
    found = await reading.db.execute(
        sa.text(f"SELECT * FROM {table} WHERE cluster_id = :cluster_id AND year_id = :year_id ORDER BY {order}"),
        {"cluster_id": cluster_id, "year_id": year_id},
    )
    return [dict(row) for row in found.mappings()]
