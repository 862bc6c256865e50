"""HTTP, at a site below the national one: decisions of the centre as they came down."""

from __future__ import annotations

from typing import Any

from chassis.http import Page, Paging, Reading, Routes
from contracts.values import Instant, UnitId
from pydantic import BaseModel, Field

from awards.adapters.jsonb import rows

routes = Routes(tags=["từ trung tâm"])


class CentreDecision(BaseModel):
    decision_id: str
    at: Instant
    data: dict[str, Any] = Field(description="The decision as the centre recorded it.")
    awards: list[dict[str, Any]] = Field(description="What it confers; of one unit only, where one was named.")


@routes.get("/centre/decisions", summary="Quyết định khen thưởng của trung tâm")
async def decisions(reading: Reading, page: Paging, unit_id: UnitId | None = None) -> Page[CentreDecision]:
    """Trống tại điểm trung tâm. Nêu đơn vị thì chỉ có quyết định khen đơn vị ấy hoặc người của đơn vị ấy."""
    found = await rows(
        reading.db,
        "SELECT d.decision_id, d.at, d.data, coalesce(jsonb_agg(a.data ORDER BY a.award_id)"
        "  FILTER (WHERE a.award_id IS NOT NULL), '[]') AS awards FROM centre_decision d"
        " LEFT JOIN centre_award a ON a.decision_id = d.decision_id"
        "  AND (CAST(:unit_id AS text) IS NULL OR a.unit_id = :unit_id)"
        " WHERE d.decision_id > :after GROUP BY d.decision_id"
        " HAVING CAST(:unit_id AS text) IS NULL OR count(a.award_id) > 0 ORDER BY d.decision_id LIMIT :limit",
        after=page.after or "",
        unit_id=unit_id,
        limit=page.limit + 1,
    )
    views = [CentreDecision.model_validate(one) for one in found]
    return Page.of(views, page, key=lambda one: one.decision_id)
