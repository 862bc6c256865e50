"""HTTP: a cluster's year at a glance – who filed in time, in grace, late, by extension, or not at all."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from chassis.http import Reading, Routes
from contracts.events.registry import Filing, Punctuality
from pydantic import BaseModel, Field

from registry.adapters import clusters, filings, years
from registry.adapters.sight import see_cluster
from registry.domain.deadlines import HANOI
from registry.domain.filings import State
from registry.entrypoints.years import WEEKDAYS

routes = Routes(tags=["theo dõi nộp"])


class Mark(StrEnum):
    """How a member stands to a deadline at the moment of reading."""

    ON_TIME = "on-time"
    ON_TIME_BY_EXTENSION = "on-time-by-extension"
    IN_GRACE = "in-grace"
    LATE = "late"
    ACCEPTED_LATE = "accepted-late"
    NOT_YET = "not-yet"
    OVERDUE = "overdue"
    """Past due, and it may still come in."""
    MISSING = "missing"
    """Hard close passed."""


TOLD = {
    Mark.ON_TIME: "nộp đúng hạn",
    Mark.ON_TIME_BY_EXTENSION: "đúng hạn (được gia hạn)",
    Mark.IN_GRACE: "nộp trong thời gian chấp nhận nộp muộn",
    Mark.LATE: "nộp muộn",
    Mark.ACCEPTED_LATE: "nộp muộn, được chấp nhận",
    Mark.NOT_YET: "chưa nộp, còn hạn",
    Mark.OVERDUE: "chưa nộp, quá hạn",
    Mark.MISSING: "không nộp",
}


class MemberFiling(BaseModel):
    kind: Filing
    deadline_id: str
    unit_id: str
    mark: Mark
    told: str = Field(examples=["nộp đúng hạn"])
    extended: bool
    due: datetime
    weekday: str
    grace_until: datetime
    hard_close: datetime
    filing: str | None = Field(None, examples=["report:bc-nam-2024-ldld-cao-bang"])
    state: State | None = None
    received: datetime | None = Field(None, description="First receipt: deadlines are judged by it.")
    awaits_confirmation: bool = False
    contested: bool = False
    penalty_kept: bool | None = Field(None, description="Of what was accepted late.")


@routes.get(
    "/filings", summary="Tình hình nộp của một cụm trong năm: đúng hạn, muộn, được chấp nhận muộn, thiếu, gia hạn"
)
async def get_filings(reading: Reading, year_id: str, cluster_id: str) -> list[MemberFiling]:
    await years.one(reading.db, year_id)
    await clusters.one(reading.db, cluster_id)
    await see_cluster(reading, cluster_id, "cụm, khối thi đua", cluster_id)
    found = await filings.overview(reading.db, year_id, cluster_id)
    return [_view(row, reading.now) for row in found]


def _view(row: dict[str, Any], now: datetime) -> MemberFiling:
    mark = _mark(row, now)
    return MemberFiling(
        kind=row["kind"],
        deadline_id=row["deadline_id"],
        unit_id=row["unit_id"],
        mark=mark,
        told=TOLD[mark],
        extended=row["extended"],
        due=row["due"],
        weekday=WEEKDAYS[row["due"].astimezone(HANOI).isoweekday() - 1],
        grace_until=row["grace_until"],
        hard_close=row["hard_close"],
        filing=row["subject"],
        state=row["state"],
        received=row["first_received"],
        awaits_confirmation=bool(row["awaits_confirmation"]),
        contested=row["contest"] is not None,
        penalty_kept=row["accepted_late"]["penalty_kept"] if row["accepted_late"] else None,
    )


def _mark(row: dict[str, Any], now: datetime) -> Mark:
    if row["subject"] is not None:
        if row["accepted_late"] is not None and row["punctuality"] == Punctuality.LATE.value:
            return Mark.ACCEPTED_LATE
        return Mark(row["punctuality"] or Mark.ON_TIME.value)
    if row["missed"] is not None or now > row["hard_close"]:
        return Mark.MISSING
    return Mark.OVERDUE if now > row["due"] else Mark.NOT_YET
