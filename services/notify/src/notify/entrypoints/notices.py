"""For officers: what a unit was told by which channel and whether it arrived, and which reminders are to come."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from chassis.clock import HANOI
from chassis.http import Page, Paging, Reading, Routes
from chassis.http.asking import ReadingRequest
from contracts.values import Identifier, Instant
from fastapi import Query
from pydantic import BaseModel, Field
from standing import need, under, units_of

from notify.adapters.sight import HIDDEN, LOOK_AT_UNIT, hidden_from
from notify.adapters.wordings import names_for, words
from notify.domain.wording import worded
from notify.entrypoints.places import after, place
from notify.handlers.hold_round import pending

routes = Routes(tags=["theo dõi thông báo"])


class NoticeState(BaseModel):
    """One notice to one recipient by one channel, and what became of it."""

    id: str
    unit_id: str = Field(description="The unit that was told, or on whose account a person was")
    recipient: str
    channel: str
    topic: str
    title: str
    at: Instant
    case: str
    cause: str
    state: str = Field(description="`delivered`, `intended` (still to be sent) or `failed`")
    settled_at: Instant | None = None
    attempts: int
    repeat: bool = Field(description="It may have arrived twice: sending was cut off before it was recorded")
    reason: str | None = None
    read_by: int = Field(description="How many persons opened it")


@routes.get("/notices", summary="Đơn vị đã được thông báo những gì, đã đến chưa")
async def notices(
    reading: Reading,
    page: Paging,
    unit_id: Annotated[Identifier | None, Query(description="Only this unit's.")] = None,
    case: Annotated[Identifier | None, Query(description="Only of one case.")] = None,
) -> Page[NoticeState]:
    """Oldest first, of the units that the reader looks after; persons' own notices are not among them."""
    units = {unit_id} if unit_id else await _looked_after(reading)
    if unit_id is not None:
        await need(reading, LOOK_AT_UNIT, unit_id)
    rows = (
        await reading.db.execute(
            sa.text(
                "SELECT n.*, coalesce(n.for_unit, substr(n.recipient, 6)) AS unit_id,"
                " (SELECT count(*) FROM notice_read r WHERE r.notification_id = n.notification_id) AS read_by"
                " FROM notification n WHERE (n.for_unit = ANY (:units) OR n.recipient = ANY (:recipients))"
                f" AND {HIDDEN} AND (CAST(:case AS text) IS NULL OR n.case_id = :case)"
                " AND (CAST(:after_id AS text) IS NULL"
                " OR (n.intended_at, n.notification_id) > (CAST(:after_at AS timestamptz), :after_id))"
                " ORDER BY n.intended_at, n.notification_id LIMIT :limit"
            ),
            {
                "units": sorted(units),
                "recipients": [f"unit:{one}" for one in sorted(units)],
                "hidden": await hidden_from(reading.db, reading.person),
                "case": case,
                **after(page),
                "limit": page.limit + 1,
            },
        )
    ).all()
    names = await names_for(reading.db, [row.params for row in rows], reading.now.astimezone(HANOI).date())
    states = [
        NoticeState(
            id=row.notification_id,
            unit_id=row.unit_id,
            recipient=row.recipient,
            channel=row.channel,
            topic=row.topic,
            title=worded(words(), names, row.topic, row.params).title,
            at=row.intended_at,
            case=row.case_id,
            cause=row.cause,
            state=row.state,
            settled_at=row.settled_at,
            attempts=row.attempts,
            repeat=row.repeat,
            reason=row.reason,
            read_by=row.read_by,
        )
        for row in rows
    ]
    return Page[NoticeState].of(states, page, lambda one: place(one.at, one.id))


async def _looked_after(reading: ReadingRequest) -> set[str]:
    day = reading.now.astimezone(HANOI).date()
    return await under(reading.db, await units_of(reading, LOOK_AT_UNIT), day)


class ReminderToCome(BaseModel):
    """A step at which a unit will be reminded unless it has handed in by then."""

    unit_id: str
    kind: str
    about: str
    step: str
    at: Instant
    due: Instant | None = None


@routes.get("/reminders/upcoming", summary="Những lần nhắc sắp tới")
async def upcoming(
    reading: Reading, unit_id: Annotated[Identifier | None, Query(description="Only this unit's.")] = None
) -> list[ReminderToCome]:
    """Earliest first, of the units that the reader looks after, as things stand now."""
    if unit_id is not None:
        await need(reading, LOOK_AT_UNIT, unit_id)
    units = {unit_id} if unit_id else await _looked_after(reading)
    return [
        ReminderToCome(
            unit_id=unit,
            kind=one.obligation.kind.value,
            about=one.obligation.about,
            step=one.step,
            at=one.at,
            due=one.obligation.due,
        )
        for one in await pending(reading.db)
        for unit in sorted(one.owing & units)
    ]
