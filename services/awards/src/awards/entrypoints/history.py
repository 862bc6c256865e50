"""HTTP: awards and achievements from before, and a dry answer on eligibility."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from chassis.http import Accepted, Asked, Reading, Routes, Write
from contracts.events.awards.assessments import Assessment, AwardYear, Double, TitleCode
from contracts.events.awards.history import AchievementKind, AchievementScope
from contracts.events.awards.rules import AwardType, Track
from contracts.events.registry.people import Role
from contracts.refusal import Refused
from contracts.values import Identifier, Paper, Recipient, ShortText, SubjectKind, Text, UnitId
from fastapi import Query
from pydantic import BaseModel
from standing import need

from awards.adapters import records
from awards.adapters.jsonb import rows
from awards.entrypoints.views import AchievementView, HeldView, HistoryView, LookedView
from awards.handlers import record_history
from awards.handlers.assessing import Matter, assess_on, day_of

routes = Routes(tags=["history"])

READERS = set(Role) - {Role.OBSERVER}


class RecordAward(Write):
    id: Identifier | None = None
    recipient: Recipient
    unit_id: UnitId | None = None
    title: TitleCode
    year: AwardYear
    decision: Paper
    source: ShortText


class RecordAchievement(Write):
    id: Identifier | None = None
    recipient: Recipient
    unit_id: UnitId | None = None
    kind: AchievementKind
    scope: AchievementScope
    year: AwardYear
    applied: bool = False
    name: ShortText
    paper: Paper
    source: ShortText


class DeclareComplete(Write):
    recipient: Recipient
    unit_id: UnitId | None = None
    since: AwardYear | None = None
    until: AwardYear
    paper: Paper
    reason: Text


class Dry(BaseModel):
    """An answer that nothing was recorded of."""

    rule_set_id: str
    assessment: Assessment
    doubles: list[Double]


@routes.post("/history", status_code=201, summary="Ghi một khen thưởng đã có, theo quyết định")
async def record_award(body: RecordAward, asked: Asked) -> Accepted:
    return await asked.perform(
        record_history.record_award,
        body.id,
        body.recipient,
        body.unit_id,
        body.title,
        body.year,
        body.decision,
        body.source,
    )


@routes.post("/achievements", status_code=201, summary="Ghi sáng kiến, đề tài, kết quả ở khối ngoài, theo văn bản")
async def record_achievement(body: RecordAchievement, asked: Asked) -> Accepted:
    return await asked.perform(
        record_history.record_achievement,
        body.id,
        body.recipient,
        body.unit_id,
        body.kind,
        body.scope,
        body.year,
        body.applied,
        body.name,
        body.paper,
        body.source,
    )


@routes.post("/history/completeness", status_code=201, summary="Xác nhận lịch sử khen thưởng đã đủ cho những năm nào")
async def declare_complete(body: DeclareComplete, asked: Asked) -> Accepted:
    return await asked.perform(
        record_history.declare_complete,
        body.recipient,
        body.unit_id,
        body.since,
        body.until,
        body.paper,
        body.reason,
    )


async def _unit_of(reading: Reading, recipient: Recipient, unit_id: str | None, day: date) -> str:
    """The unit through which a recipient is read: its people and the levels above may, and the person itself.

    Refused ``unit-of-person-missing``, ``not-entitled``, ``person-of-other-unit``.
    """
    of_unit = recipient.id if recipient.kind is SubjectKind.UNIT else unit_id
    if of_unit is None:
        raise Refused("unit-of-person-missing", person=recipient.id)
    itself = recipient.kind is SubjectKind.PERSON and recipient.id == reading.person
    if reading.caller.service is None and not itself:
        await need(reading, READERS, of_unit)
    if recipient.kind is SubjectKind.PERSON and await records.works_in(reading.db, recipient.id, of_unit, day) is False:
        raise Refused("person-of-other-unit", person=recipient.id, unit=of_unit)
    return of_unit


@routes.get("/history", summary="Lịch sử khen thưởng của một người hoặc đơn vị")
async def history(
    reading: Reading,
    kind: SubjectKind,
    of: Annotated[Identifier, Query(alias="id")],
    unit_id: Annotated[UnitId | None, Query(description="The unit of a person.")] = None,
) -> HistoryView:
    recipient = Recipient(kind=kind, id=of)
    await _unit_of(reading, recipient, unit_id, day_of(reading.now))
    ids = await records.ids_of(reading.db, recipient)
    where = "kind = :kind AND id = ANY(:ids)"
    held = await rows(
        reading.db, f"SELECT * FROM award_held WHERE {where} ORDER BY year, title", kind=kind.value, ids=ids
    )
    done = await rows(
        reading.db,
        "SELECT * FROM achievement WHERE recipient_kind = :kind AND recipient_id = ANY(:ids)"
        " ORDER BY year, achievement_id",
        kind=kind.value,
        ids=ids,
    )
    looked = await rows(
        reading.db, f"SELECT * FROM history_looked WHERE {where} ORDER BY until, event_id", kind=kind.value, ids=ids
    )
    reading.etag(await reading.version(f"recipient:{kind.value}.{of}"))
    return HistoryView(
        recipient=recipient,
        awards=[HeldView(**one) for one in held],
        achievements=[AchievementView(**one) for one in done],
        looked_through=[LookedView(**one) for one in looked],
    )


@routes.get("/eligibility", summary="Hỏi thử điều kiện khen thưởng, không ghi gì")
async def eligibility(
    reading: Reading,
    kind: SubjectKind,
    of: Annotated[Identifier, Query(alias="id")],
    title: TitleCode,
    day: Annotated[date, Query(description="Day of receipt that chooses the rule set.")],
    award_type: AwardType = AwardType.COMPREHENSIVE,
    track: Track = Track.MOVEMENT,
    year_id: Identifier | None = None,
    unit_id: UnitId | None = None,
    body: Annotated[UnitId | None, Query(description="The body whose registration test applies.")] = None,
    campaign_id: Identifier | None = None,
) -> Dry:
    """Condition by condition: met, not met or unknown, with what was counted."""
    recipient = Recipient(kind=kind, id=of)
    of_unit = await _unit_of(reading, recipient, unit_id, day)
    year = await records.calendar_year(reading.db, year_id) if year_id is not None else day.year
    if year is None:
        raise Refused("unknown-year", year=year_id)
    matter = Matter(
        proposal_id="-",
        recipient=recipient,
        unit_id=of_unit,
        title=title,
        award_type=award_type,
        track=track,
        year_id=year_id,
        year=year,
        body=body or of_unit,
        route=None,
        shares=(),
        campaign_id=campaign_id,
    )
    assessed = await assess_on(reading.db, matter, day, {})
    return Dry(rule_set_id=assessed.rules.rule_set, assessment=assessed.assessment, doubles=list(assessed.doubles))
