"""Looks into the database every few seconds for what metrics show: heads, lags, what is held, waits or is unsent."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.runtime import Runtime


async def measure(runtime: Runtime, known: Mapping[str, int]) -> list[str]:
    """Set the metrics; ``known`` is the highest seq that each follower knows its log to have.

    Returns logs of which an event was discarded that is still held: by another copy, or just before a crash.
    """
    metrics = runtime.metrics
    async with runtime.alone.connect() as db:
        head = await db.scalar(sa.text("SELECT seq FROM chassis.log_head")) or 0
        cursors = await _numbers(db, "SELECT destination, seq FROM chassis.relay_cursor")
        marks = await _numbers(db, "SELECT log, seq FROM chassis.mark")
        held = await _numbers(db, "SELECT log, count(*) FROM chassis.quarantine GROUP BY log")
        waits = await _numbers(db, "SELECT reaction, count(*) FROM chassis.wait GROUP BY reaction")
        unsent = await runtime.service.unsent(db) if runtime.service.unsent else 0
        forks = await db.scalar(sa.text("SELECT count(*) FROM chassis.fork WHERE decided_at IS NULL")) or 0
        released = await _numbers(
            db,
            "SELECT q.log, count(*) FROM chassis.quarantine q"
            " JOIN chassis.received r ON (r.log, r.epoch, r.seq) = (q.log, q.epoch, q.seq)"
            " JOIN chassis.discarded d ON (d.log, d.hash) = (r.log, r.hash) GROUP BY q.log",
        )
    for destination, seq in cursors.items():
        metrics.relayed(runtime.log, destination, head, seq)
    for log, seq in marks.items():
        metrics.followed(log, known.get(log, seq), seq)
        metrics.quarantine_held.labels(log).set(held.get(log, 0))
    for reaction in runtime.service.reactions:
        metrics.waits.labels(reaction.name).set(waits.get(reaction.name, 0))
    metrics.unsent_intents.set(unsent)
    metrics.forks.set(forks)
    metrics.gate_open.set(runtime.gate.open)
    return list(released)


async def _numbers(db: AsyncConnection, query: str) -> dict[str, int]:
    return {name: number for name, number in await db.execute(sa.text(query))}
