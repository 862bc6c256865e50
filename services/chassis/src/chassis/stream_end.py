"""How far a stream still holds what it acknowledged of a log, and which events are too old for it to hold."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa
from nats.aio.client import Client
from nats.js import JetStreamContext
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import relay_steps as steps
from chassis import subjects
from chassis.positions import Position
from chassis.stream_read import event_of


async def stream_end(
    client: Client,
    tree: str,
    log: str,
    anchor: steps.Place | None,
    wanted: Position,
    patience: float,
    domain: str | None = None,
) -> Position | None:
    """How far the stream holds what it acknowledged, ``wanted`` if all; None when it holds nothing, or nobody can say.

    ``anchor`` is the last message of this log that the stream is known to have had. If it is gone but a younger event
    is there, what is missing before that cannot be told. Raises nats' errors when the stream is away.
    """
    site, service = log.split(".")

    async def event(asked: dict[str, Any]) -> Position | None:
        found = await event_of(client, subjects.stream(tree, service), asked, patience, domain)
        return Position.of(found[1]) if found is not None and found[1].log == log else None

    if anchor is not None and (there := await event({"seq": anchor.stream_seq})) and there.seq == anchor.seq:
        return wanted
    last = await event({"last_by_subj": subjects.own_events(tree, site, service)})
    return None if last and anchor and last.seq > min(anchor.seq, wanted.seq) else last


async def stream_keeps(js: JetStreamContext, stream: str) -> timedelta:
    """How long a stream keeps what it gets."""
    seconds = (await js.stream_info(stream)).config.max_age
    return timedelta(seconds=seconds) if seconds else timedelta.max


async def opening(db: AsyncConnection, wanted: Position, keeps: timedelta) -> Position:
    """The last event up to ``wanted`` that is too old for a stream that keeps for so long; the start when none is.

    It goes by when the database appended, not by a date of the field, because so does the stream. Appending times rise
    with the seq, so halving finds it without an index that each append would have to feed.
    """
    log = await db.scalar(sa.text("SELECT log FROM chassis.log_head"))
    if keeps == timedelta.max:
        return Position.start(log)
    low, high, since = 0, wanted.seq, datetime.now(timezone.utc) - keeps
    while low < high:
        middle = (low + high + 1) // 2
        appended = await db.scalar(sa.text("SELECT appended_at FROM chassis.log WHERE seq = :seq"), {"seq": middle})
        low, high = (middle, high) if appended is None or appended < since else (low, middle - 1)
    if low == 0:
        return Position.start(log)
    row = (await db.execute(sa.text("SELECT epoch, seq, hash FROM chassis.log WHERE seq = :seq"), {"seq": low})).one()
    return Position(row.epoch, row.seq, row.hash)


async def is_own(db: AsyncConnection, at: Position) -> bool:
    """Whether the own log has this very event: another branch of it does not count."""
    found = await db.scalar(
        sa.text("SELECT 1 FROM chassis.log WHERE seq = :seq AND epoch = :epoch AND hash = :hash"),
        {"seq": at.seq, "epoch": at.epoch, "hash": at.hash},
    )
    return found is not None
