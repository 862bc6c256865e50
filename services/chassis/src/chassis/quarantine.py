"""Quarantine: events that a rule or a schema refused and those behind them; listed, tried again, discarded by name."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from contracts.events.chassis import EventDiscarded
from contracts.refusal import Refused
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.facts import Recorded
from chassis.projection import Projection
from chassis.work import Work


class Held(BaseModel):
    """One event that is held, why, and since when. ``behind``: it shares a subject with one that was refused."""

    log: str
    epoch: int
    seq: int
    kind: str
    rule: str
    reason: str
    subjects: list[str]
    held_at: datetime


async def list_held(db: AsyncConnection) -> list[Held]:
    """Everything that is held, in order of log and seq."""
    rows = await db.execute(
        sa.text(
            "SELECT log, epoch, seq, kind, rule, reason, subjects, held_at FROM chassis.quarantine ORDER BY log, seq"
        )
    )
    return [Held.model_validate(row._mapping) for row in rows]


async def discard(work: Work, log: str, epoch: int, seq: int, reason: str) -> None:
    """Leave a held event out for good: a fact of this service's own log, with person and reason. Binds every replay.

    For a handler that is ``beside_the_log``: the event is locked until it is discarded.
    """
    row = (
        await work.db.execute(
            sa.text(
                "SELECT r.hash FROM chassis.quarantine q"
                " JOIN chassis.received r ON (r.log, r.epoch, r.seq) = (q.log, q.epoch, q.seq)"
                " WHERE q.log = :log AND q.epoch = :epoch AND q.seq = :seq FOR UPDATE OF q"
            ),
            {"log": log, "epoch": epoch, "seq": seq},
        )
    ).first()
    if row is None:
        raise Refused("not-found", kind="sự kiện đang bị cách ly", id=f"{log}:{epoch}:{seq}")
    fact = EventDiscarded(log=log, epoch=epoch, seq=seq, hash=row.hash.hex(), reason=reason, by=work.act.typed_by)
    work.record(fact, f"quarantined:{log}.{epoch}.{seq}")


def bind_discards(own: Projection) -> None:
    """Let the own log say which followed events are left out for good, in commands and in every replay."""
    if EventDiscarded not in own.events():
        own.on(EventDiscarded)(_discarded)


async def _discarded(db: AsyncConnection, facts: list[Recorded[EventDiscarded]]) -> None:
    await db.execute(
        sa.text("INSERT INTO chassis.discarded (log, seq, hash) VALUES (:log, :seq, :hash) ON CONFLICT DO NOTHING"),
        [{"log": one.data.log, "seq": one.data.seq, "hash": bytes.fromhex(one.data.hash)} for one in facts],
    )
