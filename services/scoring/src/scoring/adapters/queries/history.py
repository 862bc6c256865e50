"""Every entry ever made on a card: who said what, when and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from contracts.events.scoring import AppraisedLine
from contracts.values import Points
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True)
class HistoryEntry:
    """One entry of one line by one layer, as it was made."""

    layer: str
    code: str
    line: AppraisedLine
    by_unit: str
    typed_by: str
    at: datetime
    review_id: str | None

    @property
    def points(self) -> Points | None:
        return self.line.now


async def history_of(db: AsyncConnection, scorecard_id: str) -> list[HistoryEntry]:
    """Every entry ever made on a card, oldest first."""
    rows = await db.execute(
        sa.text(
            "SELECT layer, code, data::text AS data, by_unit, typed_by, at, review_id FROM line_entry"
            " WHERE scorecard_id = :card ORDER BY at, layer, code, turn"
        ),
        {"card": scorecard_id},
    )
    return [
        HistoryEntry(
            row.layer,
            row.code,
            AppraisedLine.model_validate_json(row.data),
            row.by_unit,
            row.typed_by,
            row.at,
            row.review_id,
        )
        for row in rows
    ]
