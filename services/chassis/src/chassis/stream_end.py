"""How far a stream still holds what it acknowledged of a log, and which events are too old for it to hold."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import sqlalchemy as sa
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import relay_steps as steps
from chassis import subjects
from chassis.positions import Position

NO_MESSAGE = 10037
"""What the server says when a stream is there but not the message that was asked for."""


async def stream_end(
    js: JetStreamContext, tree: str, log: str, anchor: steps.Place | None, wanted: Position
) -> Position | None:
    """How far the stream holds what it acknowledged, ``wanted`` if all; None when it holds nothing, or nobody can say.

    ``anchor`` is the last message of this log that the stream is known to have had. If it is gone but a younger event
    is there, what is missing before that cannot be told. Raises nats' errors when the stream is away.
    """
    site, service = log.split(".")
    stream, own = subjects.stream(tree, service), subjects.own_events(tree, site, service)
    if anchor is not None and (there := await _message(js, stream, own, anchor.stream_seq)) and there.seq == anchor.seq:
        return wanted
    last = await _message(js, stream, own, None)
    return None if last and anchor and last.seq > min(anchor.seq, wanted.seq) else last


async def _message(js: JetStreamContext, stream: str, own: str, stream_seq: int | None) -> Position | None:
    """The event in message ``stream_seq``, or in the last of the own ones; None when there is no own event."""
    try:
        found = await (js.get_last_msg(stream, own) if stream_seq is None else js.get_msg(stream, stream_seq))
    except NotFoundError as missing:
        if missing.err_code == NO_MESSAGE:
            return None
        raise
    headers = found.headers or {}
    if not (found.subject or "").startswith(own.removesuffix(">")) or "thidua-hash" not in headers:
        return None
    return Position(int(headers["thidua-epoch"]), int(headers["thidua-seq"]), bytes.fromhex(headers["thidua-hash"]))


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
