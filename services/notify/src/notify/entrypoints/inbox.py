"""The inbox: a person's own, or that of a unit the person works for; and what e-mail the person wants."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from chassis.clock import HANOI
from chassis.http import Accepted, Asked, Page, Paging, Reading, Routes, Write
from contracts.events.notify import Topic
from contracts.values import Identifier, Instant
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from notify.adapters.own import EVERY_TOPIC
from notify.adapters.sight import HIDDEN, hidden_from, need_inbox
from notify.adapters.wordings import names_for, words
from notify.domain.wording import instant, worded
from notify.entrypoints.places import after, place
from notify.handlers.change_subscription import change_subscription
from notify.handlers.read_notice import read_notice

routes = Routes(tags=["thông báo"])


class Notice(BaseModel):
    """One notice as it reads today."""

    id: str
    recipient: str = Field(description="`person:…` or `unit:…`")
    topic: str
    title: str
    text: str
    at: Instant
    about: str = Field(description="What it tells of, e.g. `report:…`")
    case: str
    due: Instant | None = None
    due_text: str | None = Field(None, description="The due instant in words, in Asia/Ho_Chi_Minh")
    read_at: Instant | None = Field(None, description="When the reader opened it")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "5d0b1f6c2a9e4f7788aa31c09be2d417",
                    "recipient": "unit:ldld-cao-bang",
                    "topic": "report-returned",
                    "title": "Báo cáo tổng kết năm bị trả lại để bổ sung",
                    "text": "Báo cáo tổng kết năm của LĐLĐ tỉnh Cao Bằng … Lý do: Mục 2.3 chưa có minh chứng.",
                    "at": "2024-12-04T02:15:00Z",
                    "about": "report:bc-nam-2024-ldld-cao-bang",
                    "case": "case-nam-2024-ldld-cao-bang",
                }
            ]
        }
    )


@routes.get("/inbox", summary="Hộp thông báo của tôi hoặc của một đơn vị")
async def inbox(
    reading: Reading,
    page: Paging,
    unit_id: Annotated[Identifier | None, Query(description="The inbox of a unit; without it, one's own.")] = None,
    unread: Annotated[bool, Query(description="Only what the reader has not opened.")] = False,
) -> Page[Notice]:
    """Newest first. A unit's inbox is open to those who file, decide or receive for it."""
    recipient = f"unit:{unit_id}" if unit_id else f"person:{reading.person}"
    await need_inbox(reading, recipient)
    rows = (
        await reading.db.execute(
            sa.text(
                "SELECT n.notification_id, n.recipient, n.topic, n.params, n.intended_at, n.about, n.case_id, n.due,"
                " r.at AS read_at FROM notification n LEFT JOIN notice_read r"
                " ON r.notification_id = n.notification_id AND r.person_id = :person"
                f" WHERE n.recipient = :recipient AND n.channel = 'inbox' AND {HIDDEN}"
                " AND (NOT :unread OR r.at IS NULL)"
                " AND (CAST(:after_id AS text) IS NULL"
                " OR (n.intended_at, n.notification_id) < (CAST(:after_at AS timestamptz), :after_id))"
                " ORDER BY n.intended_at DESC, n.notification_id DESC LIMIT :limit"
            ),
            {
                "person": reading.person or "",
                "recipient": recipient,
                "hidden": await hidden_from(reading.db, reading.person),
                "unread": unread,
                **after(page),
                "limit": page.limit + 1,
            },
        )
    ).all()
    names = await names_for(reading.db, [row.params for row in rows], reading.now.astimezone(HANOI).date())
    notices = []
    for row in rows:
        said = worded(words(), names, row.topic, row.params)
        notices.append(
            Notice(
                id=row.notification_id,
                recipient=row.recipient,
                topic=row.topic,
                title=said.title,
                text=said.text,
                at=row.intended_at,
                about=row.about,
                case=row.case_id,
                due=row.due,
                due_text=instant(row.due) if row.due else None,
                read_at=row.read_at,
            )
        )
    return Page[Notice].of(notices, page, lambda one: place(one.at, one.id))


class Opened(Write):
    """Nothing to say beside that it was read."""


@routes.post("/inbox/{notification_id}/reading", summary="Ghi nhận đã đọc một thông báo")
async def read(notification_id: Identifier, body: Opened, asked: Asked) -> Accepted:
    return await asked.perform(read_notice, notification_id)


class Preference(BaseModel):
    topic: str | None = Field(description="None: all topics")
    email: bool


class Wish(Write):
    """Whether e-mail is wanted, for one topic or (without one) for all."""

    topic: Topic | None = None
    email: bool


@routes.get("/preferences", summary="Lựa chọn nhận thư điện tử của tôi")
async def preferences(reading: Reading) -> list[Preference]:
    """Choices made so far; where none is made, e-mail is sent."""
    rows = await reading.db.execute(
        sa.text(
            "SELECT topic, wanted FROM subscription WHERE person_id = :person AND channel = 'email' ORDER BY topic"
        ),
        {"person": reading.person or ""},
    )
    return [Preference(topic=None if row.topic == EVERY_TOPIC else row.topic, email=row.wanted) for row in rows]


@routes.post("/preferences", summary="Chọn nhận hoặc không nhận thư điện tử")
async def choose(body: Wish, asked: Asked) -> Accepted:
    return await asked.perform(change_subscription, body.topic, body.email)
