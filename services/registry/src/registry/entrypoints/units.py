"""HTTP: units as they are and as they were on any day."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from chassis.http import Accepted, Asked, Page, Paging, Reading, Routes
from contracts.events.registry import (
    Contacts,
    Level,
    UnitClosed,
    UnitContactsChanged,
    UnitEstablished,
    UnitKind,
    UnitMoved,
    UnitRecorded,
    UnitRenamed,
)
from contracts.refusal import Refused
from contracts.values import Paper, UnitId
from fastapi import Query
from pydantic import BaseModel, Field
from standing.rights import today

from registry.adapters import units
from registry.entrypoints.shown import shown
from registry.handlers import change_unit, record_unit

routes = Routes(tags=["đơn vị"])

AsOf = Annotated[date | None, Query(description="As it was on this day; default: today.", examples=["2024-06-30"])]


class UnitView(BaseModel):
    id: str
    code: str
    name: str
    level: Level
    kind: UnitKind
    parent_id: str | None
    province: str | None
    contacts: Contacts | None
    starts: date
    ends: date | None = Field(description="First day without it.")
    successors: list[str] | None = None

    @classmethod
    def of(cls, row: dict[str, Any]) -> UnitView:
        return cls(id=row["unit_id"], **{name: value for name, value in row.items() if name != "unit_id"})


class ChangeView(BaseModel):
    """One dated attribute of a unit: name (code), parent, contacts, or its closing."""

    what: str
    starts: date
    ends: date | None
    told: str | None
    decision: Paper | None


@routes.post("/units", status_code=201, summary="Nhập một đơn vị đã có")
async def post_unit(
    body: Annotated[record_unit.RecordUnit, shown(record_unit.RecordUnit, UnitRecorded, id="ldld-cao-bang")],
    asked: Asked,
) -> Accepted:
    return await asked.perform(record_unit.record_unit, body)


@routes.post("/units/established", status_code=201, summary="Thành lập đơn vị theo quyết định")
async def post_established(
    body: Annotated[record_unit.EstablishUnit, shown(record_unit.EstablishUnit, UnitEstablished, id="cd-kcn-cao-bang")],
    asked: Asked,
) -> Accepted:
    return await asked.perform(record_unit.establish_unit, body)


@routes.get("/units", summary="Danh sách đơn vị vào một ngày")
async def get_units(
    reading: Reading,
    page: Paging,
    as_of: AsOf = None,
    parent_id: str | None = None,
    level: Level | None = None,
    province: str | None = None,
) -> Page[UnitView]:
    found = await units.listed(
        reading.db,
        as_of or today(reading),
        parent_id=parent_id,
        level=level.value if level else None,
        province=province,
        after=page.after,
        limit=page.limit + 1,
    )
    return Page[UnitView].of([UnitView.of(row) for row in found], page, lambda one: f"{one.code}|{one.id}")


@routes.get("/units/{unit_id}", summary="Một đơn vị vào một ngày")
async def get_unit(unit_id: UnitId, reading: Reading, as_of: AsOf = None) -> UnitView:
    row = await units.on(reading.db, unit_id, as_of or today(reading))
    reading.etag(await reading.version(f"unit:{unit_id}"))
    return UnitView.of(row)


@routes.get("/units/{unit_id}/history", summary="Các thay đổi của một đơn vị, kèm quyết định")
async def get_history(unit_id: UnitId, reading: Reading) -> list[ChangeView]:
    found = await units.history(reading.db, unit_id)
    if not found:
        raise Refused("not-found", kind="đơn vị", id=unit_id)
    return [ChangeView(**row) for row in found]


@routes.post("/units/{unit_id}/name", summary="Đổi tên (và mã) từ một ngày")
async def rename(
    unit_id: UnitId,
    body: Annotated[change_unit.RenameUnit, shown(change_unit.RenameUnit, UnitRenamed)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(change_unit.rename_unit, unit_id, body)


@routes.post("/units/{unit_id}/move", summary="Chuyển về trực thuộc đơn vị khác từ một ngày")
async def move(
    unit_id: UnitId,
    body: Annotated[change_unit.MoveUnit, shown(change_unit.MoveUnit, UnitMoved)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(change_unit.move_unit, unit_id, body)


@routes.post("/units/{unit_id}/closure", summary="Giải thể, sáp nhập: kết thúc từ một ngày")
async def close(
    unit_id: UnitId,
    body: Annotated[change_unit.CloseUnit, shown(change_unit.CloseUnit, UnitClosed)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(change_unit.close_unit, unit_id, body)


@routes.post("/units/{unit_id}/contacts", summary="Đổi địa chỉ liên hệ từ một ngày")
async def contacts(
    unit_id: UnitId,
    body: Annotated[change_unit.ChangeContacts, shown(change_unit.ChangeContacts, UnitContactsChanged)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(change_unit.change_contacts, unit_id, body)
