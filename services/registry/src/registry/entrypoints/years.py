"""HTTP: emulation years, deadlines and extensions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from chassis.http import Accepted, Asked, Page, Paging, Reading, Routes
from contracts.events.registry import (
    DeadlineExtended,
    DeadlineSet,
    EmulationYearOpened,
    Filing,
    RestDayRule,
    YearKind,
)
from contracts.values import DeadlineId, Paper, YearId
from pydantic import BaseModel, Field

from registry.adapters import years
from registry.entrypoints.shown import shown
from registry.handlers import open_year, set_deadline

routes = Routes(tags=["năm thi đua và hạn nộp"])

WEEKDAYS = ["thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"]
RULES = {
    RestDayRule.STANDS: "Hạn trùng ngày nghỉ vẫn giữ nguyên.",
    RestDayRule.MOVES: "Hạn trùng thứ Bảy, Chủ nhật thì chuyển sang thứ Hai kế tiếp.",
}


class YearView(BaseModel):
    id: str
    label: str
    kind: YearKind
    calendar_year: int
    starts: date
    ends: date
    tested_registration: bool
    begun_on_paper: bool

    @classmethod
    def of(cls, row: dict[str, Any]) -> YearView:
        return cls(id=row["year_id"], **{name: value for name, value in row.items() if name != "year_id"})


class ExtensionView(BaseModel):
    unit_id: str | None = Field(description="None: all members.")
    due: datetime
    grace_until: datetime
    hard_close: datetime
    reason: str
    paper: Paper | None


class DeadlineView(BaseModel):
    id: str
    year_id: str
    cluster_id: str
    filing: Filing
    due: datetime
    grace_until: datetime
    hard_close: datetime
    weekday: str = Field(description="Weekday of the due date.", examples=["thứ Hai"])
    rest_day_rule: RestDayRule
    rest_day_told: str
    moved_from: date | None
    paper: Paper | None
    extensions: list[ExtensionView]

    @classmethod
    def of(cls, row: dict[str, Any], extensions: list[dict[str, Any]]) -> DeadlineView:
        kept = {name: row[name] for name in cls.model_fields if name in row and name != "weekday"}
        return cls(
            id=row["deadline_id"],
            weekday=WEEKDAYS[row["weekday"] - 1],
            rest_day_told=RULES[RestDayRule(row["rest_day_rule"])],
            extensions=[ExtensionView(**one) for one in extensions if one["deadline_id"] == row["deadline_id"]],
            **kept,
        )


@routes.post("/years", status_code=201, summary="Mở năm thi đua")
async def post_year(
    body: Annotated[open_year.OpenYear, shown(open_year.OpenYear, EmulationYearOpened, id="nam-2024")],
    asked: Asked,
) -> Accepted:
    return await asked.perform(open_year.open_year, body)


@routes.get("/years", summary="Các năm thi đua")
async def get_years(reading: Reading, page: Paging) -> Page[YearView]:
    found = await years.listed(reading.db, page.after, page.limit + 1)
    return Page[YearView].of([YearView.of(row) for row in found], page, lambda one: one.id)


@routes.get("/years/{year_id}", summary="Một năm thi đua")
async def get_year(year_id: YearId, reading: Reading) -> YearView:
    row = await years.one(reading.db, year_id)
    reading.etag(await reading.version(f"year:{year_id}"))
    return YearView.of(row)


@routes.post("/deadlines", status_code=201, summary="Đặt hạn nộp, thời gian chấp nhận nộp muộn, khóa nhận")
async def post_deadline(
    body: Annotated[
        set_deadline.SetDeadline,
        shown(
            set_deadline.SetDeadline,
            DeadlineSet,
            id="han-bc-nam-2024",
            due="2024-11-30",
            grace_until="2024-12-06",
            hard_close="2024-12-10",
        ),
    ],
    asked: Asked,
) -> Accepted:
    """Tính đến hết ngày, giờ Việt Nam."""
    return await asked.perform(set_deadline.set_deadline, body)


@routes.get("/deadlines", summary="Các hạn nộp")
async def get_deadlines(
    reading: Reading, page: Paging, year_id: str | None = None, cluster_id: str | None = None
) -> Page[DeadlineView]:
    found = await years.deadlines(reading.db, year_id, cluster_id, page.after, page.limit + 1)
    extensions = await years.extensions(reading.db, [row["deadline_id"] for row in found])
    return Page[DeadlineView].of([DeadlineView.of(row, extensions) for row in found], page, lambda one: one.id)


@routes.get("/deadlines/{deadline_id}", summary="Một hạn nộp và các lần gia hạn")
async def get_deadline(deadline_id: DeadlineId, reading: Reading) -> DeadlineView:
    row = await years.deadline(reading.db, deadline_id)
    reading.etag(await reading.version(f"deadline:{deadline_id}"))
    return DeadlineView.of(row, await years.extensions(reading.db, [deadline_id]))


@routes.post("/deadlines/{deadline_id}/extensions", status_code=201, summary="Gia hạn cho tất cả hoặc một số đơn vị")
async def post_extension(
    deadline_id: DeadlineId,
    body: Annotated[
        set_deadline.ExtendDeadline,
        shown(
            set_deadline.ExtendDeadline,
            DeadlineExtended,
            due="2024-12-09",
            grace_until="2024-12-10",
            hard_close="2024-12-12",
        ),
    ],
    asked: Asked,
) -> Accepted:
    """Báo cáo đã nộp được xét lại theo hạn mới, chỉ theo hướng có lợi cho đơn vị."""
    return await asked.perform(set_deadline.extend_deadline, deadline_id, body)
