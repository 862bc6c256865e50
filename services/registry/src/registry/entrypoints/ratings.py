"""HTTP: yearly ratings, discipline, and papers that state there was none."""

from __future__ import annotations

import datetime
from typing import Annotated

from chassis.http import Accepted, Asked, Reading, Routes
from chassis.work import etag
from contracts.events.registry import (
    CleanRecordStated,
    DisciplineRecorded,
    Grade,
    Measure,
    RatingRecorded,
)
from contracts.refusal import Refused
from contracts.values import Identifier, Paper, SubjectKind
from pydantic import BaseModel, Field
from standing import Role, holds, units_of

from registry.adapters import people
from registry.adapters.rows import rows
from registry.entrypoints.shown import shown
from registry.handlers import record_rating

routes = Routes(tags=["xếp loại và kỷ luật"])

_READERS = {Role.OFFICER, Role.STANDING_OFFICE, Role.APPRAISER, Role.LEADER, Role.ADMINISTRATOR}


class RatingView(BaseModel):
    id: str
    year: int
    rating: Grade
    decision: Paper | None
    source: str
    etag: str = Field(description="Sent as If-Match when recording the same year again.", examples=['"118"'])


class DisciplineView(BaseModel):
    id: str
    date: datetime.date
    starts: datetime.date | None
    ends: datetime.date | None
    measure: Measure
    decision: Paper
    source: str


class CleanRecordView(BaseModel):
    id: str
    year: int
    paper: Paper


class RecordOf(BaseModel):
    """What is known of a subject; what is not here is unknown, not absent."""

    ratings: list[RatingView]
    disciplines: list[DisciplineView]
    clean_records: list[CleanRecordView]


@routes.post("/ratings", status_code=201, summary="Ghi nhận xếp loại chất lượng năm")
async def post_rating(
    body: Annotated[record_rating.RecordRating, shown(record_rating.RecordRating, RatingRecorded)],
    asked: Asked,
) -> Accepted:
    """Ghi lại cùng năm cho cùng đối tượng thì thay kết quả cũ và cần If-Match."""
    return await asked.perform(record_rating.record_rating, body)


@routes.post("/disciplines", status_code=201, summary="Ghi nhận kỷ luật")
async def post_discipline(
    body: Annotated[record_rating.RecordDiscipline, shown(record_rating.RecordDiscipline, DisciplineRecorded)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(record_rating.record_discipline, body)


@routes.post("/clean-records", status_code=201, summary="Ghi nhận văn bản xác nhận không bị kỷ luật")
async def post_clean_record(
    body: Annotated[record_rating.StateCleanRecord, shown(record_rating.StateCleanRecord, CleanRecordStated)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(record_rating.state_clean_record, body)


@routes.get("/records/{kind}/{subject_id}", summary="Xếp loại, kỷ luật đã ghi nhận của một người hoặc đơn vị")
async def get_record(kind: SubjectKind, subject_id: Identifier, reading: Reading) -> RecordOf:
    await _may_read(reading, kind, subject_id)
    told = {"kind": kind.value, "id": subject_id}
    where = "FROM {} WHERE subject_kind = :kind AND subject_id = :id ORDER BY {}"
    ratings = await rows(
        reading.db,
        "SELECT rating_id AS id, year, rating, decision, source " + where.format("rating", "year"),
        **told,
    )
    disciplines = await rows(
        reading.db,
        "SELECT discipline_id AS id, date, starts, ends, measure, decision, source "
        + where.format("discipline", "date, discipline_id"),
        **told,
    )
    clean = await rows(
        reading.db,
        "SELECT statement_id AS id, year, paper " + where.format("clean_record", "year, statement_id"),
        **told,
    )
    return RecordOf(
        ratings=[
            RatingView(
                **one,
                etag=etag(await reading.version(f"rating:{kind.value}.{subject_id}.{one['year']}")),
            )
            for one in ratings
        ],
        disciplines=[DisciplineView(**one) for one in disciplines],
        clean_records=[CleanRecordView(**one) for one in clean],
    )


async def _may_read(reading: Reading, kind: SubjectKind, subject_id: str) -> None:
    if reading.caller.service is not None or (kind is SubjectKind.PERSON and reading.person == subject_id):
        return
    units = [subject_id] if kind is SubjectKind.UNIT else await people.units_of_person(reading.db, subject_id)
    for unit_id in units:
        if await holds(reading, _READERS, unit_id):
            return
    if not await units_of(reading, Role.OPERATIONS):
        raise Refused("not-found", kind="hồ sơ xếp loại, kỷ luật", id=subject_id)
