"""Yearly ratings, discipline and papers that state there was none: facts with year, decision and source."""

from __future__ import annotations

from datetime import date

from chassis.http import Write
from chassis.work import Work
from contracts.events.registry import (
    CleanRecordStated,
    DisciplineRecorded,
    Grade,
    Measure,
    RatingRecorded,
    Year,
)
from contracts.refusal import Refused
from contracts.values import Identifier, Paper, Period, Recipient, ShortText, SubjectKind
from pydantic import Field
from standing import Role, need

from registry.adapters import units
from registry.adapters.rows import row
from registry.handlers.join_persons import keeper_of

_RECORDERS = {Role.OFFICER, Role.STANDING_OFFICE, Role.APPRAISER, Role.ADMINISTRATOR}


class RecordRating(Write):
    id: Identifier | None = None
    subject: Recipient
    year: Year
    rating: Grade
    decision: Paper | None = None
    source: ShortText = Field(examples=["Quyết định xếp loại chất lượng năm 2023"])


class RecordDiscipline(Write):
    id: Identifier | None = None
    subject: Recipient
    date: date
    period: Period | None = None
    measure: Measure
    decision: Paper
    source: ShortText


class StateCleanRecord(Write):
    id: Identifier | None = None
    subject: Recipient
    year: Year
    paper: Paper


async def record_rating(work: Work, body: RecordRating) -> None:
    """A second rating of the same subject and year replaces the first: then If-Match is needed."""
    await _recorder(work, body.subject)
    aggregate = f"rating:{body.subject.kind.value}.{body.subject.id}.{body.year}"
    before = await row(
        work.db,
        "SELECT rating_id FROM rating WHERE subject_kind = :kind AND subject_id = :id AND year = :year",
        kind=body.subject.kind.value,
        id=body.subject.id,
        year=body.year,
    )
    if before is not None:
        await work.expect(aggregate)
    fact = RatingRecorded(rating_id=body.id or work.new_id(), **body.model_dump(exclude={"id", "act"}))
    work.record(fact, aggregate, correlation=body.subject.id)


async def record_discipline(work: Work, body: RecordDiscipline) -> None:
    await _recorder(work, body.subject)
    discipline_id = body.id or work.new_id()
    if await row(work.db, "SELECT 1 AS yes FROM discipline WHERE discipline_id = :id", id=discipline_id):
        raise Refused("already-recorded", what="kỷ luật", id=discipline_id)
    fact = DisciplineRecorded(discipline_id=discipline_id, **body.model_dump(exclude={"id", "act"}))
    work.record(fact, f"discipline:{discipline_id}", correlation=body.subject.id)


async def state_clean_record(work: Work, body: StateCleanRecord) -> None:
    """A paper says that nobody was disciplined: unknown becomes none."""
    await _recorder(work, body.subject)
    statement_id = body.id or work.new_id()
    if await row(work.db, "SELECT 1 AS yes FROM clean_record WHERE statement_id = :id", id=statement_id):
        raise Refused("already-recorded", what="xác nhận không bị kỷ luật", id=statement_id)
    fact = CleanRecordStated(statement_id=statement_id, **body.model_dump(exclude={"id", "act"}))
    work.record(fact, f"discipline:{statement_id}", correlation=body.subject.id)


async def _recorder(work: Work, subject: Recipient) -> None:
    if subject.kind is SubjectKind.PERSON:
        await keeper_of(work, subject.id)
        return
    await need(work, _RECORDERS, subject.id)
    if await units.life(work.db, subject.id) is None:
        raise Refused("unknown-unit", unit=subject.id)
