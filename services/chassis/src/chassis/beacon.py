"""Beacons and marks on core NATS: how far a log is published, and how far each follower has committed it.

Told every few seconds and whenever relay or follower fall idle. None is kept; a lost one costs nothing but time.
Beacon ``{"log", "epoch", "seq", "hash"}``; mark ``{"follower", "log", "epoch", "seq", "hash"}``; hashes are hex.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from faststream.nats import NatsBroker
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import subjects
from chassis.broker import tell
from chassis.positions import Position


async def tell_beacon(broker: NatsBroker, engine: AsyncEngine, log: str, stream: str) -> None:
    """Say how far the own log has been published to ``stream``."""
    site, service = log.split(".")
    async with engine.connect() as db:
        row = (
            await db.execute(
                sa.text("SELECT epoch, seq, hash FROM chassis.relay_cursor WHERE destination = :stream"),
                {"stream": stream},
            )
        ).first()
    if row is not None:
        at = Position(row.epoch, row.seq, row.hash)
        await tell(broker, subjects.beacon(site, service), {"log": log, **at.told()})


async def tell_marks(broker: NatsBroker, engine: AsyncEngine, follower: str) -> None:
    """Say how far this database has committed each log that it follows."""
    async with engine.connect() as db:
        rows = (await db.execute(sa.text("SELECT log, epoch, seq, hash FROM chassis.mark WHERE seq > 0"))).all()
    for row in rows:
        await tell_mark(broker, follower, row.log, Position(row.epoch, row.seq, row.hash))


async def tell_mark(broker: NatsBroker, follower: str, log: str, at: Position) -> None:
    site, service = follower.split(".")
    await tell(broker, subjects.mark(site, service), {"follower": follower, "log": log, **at.told()})


def heard(body: dict[str, Any]) -> tuple[str, Position] | None:
    """Log and position of a beacon or a mark; None for what is neither."""
    try:
        return str(body["log"]), Position.heard(body)
    except (KeyError, TypeError, ValueError):
        return None


async def keep_mark(engine: AsyncEngine, follower: str, at: Position) -> bool:
    """Keep what a follower says of the own log, if that is the own hash there: it may have gone back to a backup, and
    then no longer holds what it had said before."""
    async with engine.begin() as db:
        kept = await db.execute(
            sa.text(
                "INSERT INTO chassis.follower_mark (follower, epoch, seq, hash, told_at)"
                " SELECT :follower, l.epoch, l.seq, l.hash, :at FROM chassis.log l"
                " WHERE l.seq = :seq AND l.epoch = :epoch AND l.hash = :hash"
                " ON CONFLICT (follower) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq,"
                " hash = excluded.hash, told_at = excluded.told_at"
            ),
            {
                "follower": follower,
                "at": datetime.now(timezone.utc),
                "seq": at.seq,
                "epoch": at.epoch,
                "hash": at.hash,
            },
        )
    return kept.rowcount == 1
