"""What notify's own log does to its tables: the inbox is a table like any other, fed by the log alone."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.facts import Recorded
from chassis.projection import Projection
from contracts.events.notify import (
    NoticeChannel,
    NoticeRead,
    NotificationDelivered,
    NotificationFailed,
    NotificationIntended,
    ReminderRoundHeld,
    SubscriptionChanged,
)
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

own = Projection("notify", tables=["notification", "notice_read", "subscription", "reminder_round"])

EVERY_TOPIC = "*"
"""Stands in ``subscription.topic`` for a choice that holds for all topics."""

_INTEND = sa.text(
    "INSERT INTO notification VALUES (:notification_id, :recipient, :for_unit, :topic, :channel, :about, :params,"
    " :case_id, :cause, :due, :intended_at, :state, 0, :settled_at, false, NULL)"
).bindparams(sa.bindparam("params", type_=pg.JSONB))


@own.on(NotificationIntended)
async def notification_intended(db: AsyncConnection, facts: list[Recorded[NotificationIntended]]) -> None:
    await db.execute(
        _INTEND,
        [
            {
                "notification_id": fact.data.notification_id,
                "recipient": fact.data.recipient,
                "for_unit": fact.data.for_unit,
                "topic": fact.data.topic,
                "channel": fact.data.channel.value,
                "about": fact.data.about,
                "params": fact.data.params,
                "case_id": fact.data.case,
                "cause": fact.data.cause,
                "due": fact.data.due,
                "intended_at": fact.header.act.recorded,
                # Once it stands in the inbox it is delivered: there is nothing left to send.
                "state": "delivered" if fact.data.channel is NoticeChannel.INBOX else "intended",
                "settled_at": fact.header.act.recorded if fact.data.channel is NoticeChannel.INBOX else None,
            }
            for fact in facts
        ],
    )


@own.on(NotificationDelivered)
async def notification_delivered(db: AsyncConnection, facts: list[Recorded[NotificationDelivered]]) -> None:
    await db.execute(
        sa.text(
            "UPDATE notification SET state = 'delivered', settled_at = :at, attempts = :attempt, repeat = :repeat,"
            " reason = NULL WHERE notification_id = :notification_id"
        ),
        [
            {
                "notification_id": fact.data.notification_id,
                "at": fact.data.at,
                "attempt": fact.data.attempt,
                "repeat": fact.data.repeat,
            }
            for fact in facts
        ],
    )


@own.on(NotificationFailed)
async def notification_failed(db: AsyncConnection, facts: list[Recorded[NotificationFailed]]) -> None:
    await db.execute(
        sa.text(
            "UPDATE notification SET state = CASE WHEN :final THEN 'failed' ELSE 'intended' END,"
            " settled_at = CASE WHEN :final THEN CAST(:at AS timestamptz) END, attempts = :attempt, reason = :reason"
            " WHERE notification_id = :notification_id"
        ),
        [
            {
                "notification_id": fact.data.notification_id,
                "final": fact.data.final,
                "at": fact.data.at,
                "attempt": fact.data.attempt,
                "reason": fact.data.reason.value,
            }
            for fact in facts
        ],
    )


@own.on(NoticeRead)
async def notice_read(db: AsyncConnection, facts: list[Recorded[NoticeRead]]) -> None:
    await db.execute(
        sa.text("INSERT INTO notice_read VALUES (:notification_id, :person_id, :at)"),
        [
            {
                "notification_id": fact.data.notification_id,
                "person_id": fact.data.person_id,
                "at": fact.header.act.recorded,
            }
            for fact in facts
        ],
    )


@own.on(SubscriptionChanged)
async def subscription_changed(db: AsyncConnection, facts: list[Recorded[SubscriptionChanged]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO subscription VALUES (:person_id, :channel, :topic, :wanted)"
            " ON CONFLICT (person_id, channel, topic) DO UPDATE SET wanted = excluded.wanted"
        ),
        [
            {
                "person_id": fact.data.person_id,
                "channel": fact.data.channel.value,
                "topic": fact.data.topic or EVERY_TOPIC,
                "wanted": fact.data.wanted,
            }
            for fact in facts
        ],
    )


@own.on(ReminderRoundHeld)
async def round_held(db: AsyncConnection, facts: list[Recorded[ReminderRoundHeld]]) -> None:
    await db.execute(
        sa.text("INSERT INTO reminder_round VALUES (:round_id, :at)"),
        [{"round_id": fact.data.round_id, "at": fact.header.act.recorded} for fact in facts],
    )
