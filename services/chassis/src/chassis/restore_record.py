"""What is kept of each restore: who asked for it and why, how far it is, what went wrong, what was not recovered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chassis.facts import Stored
from chassis.restore_plan import NotRecovered


@dataclass(frozen=True)
class Order:
    """What people ask for. ``keep``: the hash of an event of the branch to go on with, where there are several, and
    ``keep_seq`` its place, 0 for the head of its branch; ``by`` is ``person:…``."""

    reason: str
    by: str
    without: tuple[str, ...] = ()
    keep: bytes | None = None
    keep_seq: int = 0


async def as_begun(db: AsyncConnection, order: Order) -> Order:
    """The order with the choice that an unfinished run has made already."""
    kept = await db.scalar(sa.text("SELECT keep FROM chassis.restoring WHERE finished_at IS NULL"))
    if kept is None or order.keep is not None:
        return order
    seq, _, told = kept.partition(":")
    return replace(order, keep=bytes.fromhex(told), keep_seq=int(seq))


async def begin(db: AsyncConnection, order: Order, known: int) -> int:
    """A run; an unfinished one is taken up again under the new order. Returns its number."""
    told = {
        "reason": order.reason,
        "by": order.by,
        "without": list(order.without),
        "keep": f"{order.keep_seq}:{order.keep.hex()}" if order.keep else None,
        "known": known,
        "at": datetime.now(timezone.utc),
    }
    typed = sa.bindparam("without", type_=sa.ARRAY(sa.Text))
    again = await db.scalar(
        sa.text(
            "UPDATE chassis.restoring SET reason = :reason, by = :by, without = :without, keep = coalesce(:keep, keep),"
            " known_seq = :known, trouble = NULL, began_at = coalesce(began_at, :at)"
            " WHERE finished_at IS NULL RETURNING id"
        ).bindparams(typed),
        told,
    )
    if again is None:
        again = await db.scalar(
            sa.text(
                "INSERT INTO chassis.restoring"
                " (reason, by, without, keep, began_at, from_seq, reached_seq, known_seq, step)"
                " SELECT :reason, :by, :without, :keep, :at, seq, seq, :known, 'begun' FROM chassis.log_head"
                " RETURNING id"
            ).bindparams(typed),
            told,
        )
    return int(again)


async def step(engine: AsyncEngine, run: int, name: str, reached: int) -> None:
    async with engine.connect() as db:
        await db.execute(
            sa.text("UPDATE chassis.restoring SET step = :step, reached_seq = :reached WHERE id = :run"),
            {"run": run, "step": name, "reached": reached},
        )


async def trouble(db: AsyncConnection, run: int, wrong: str) -> None:
    await db.execute(
        sa.text("UPDATE chassis.restoring SET trouble = :wrong WHERE id = :run"), {"run": run, "wrong": wrong[:2000]}
    )


async def finish(
    db: AsyncConnection, run: int, log: str, reached: int, opened: int, lost: Sequence[NotRecovered]
) -> None:
    """In the transaction that opens the epoch ``opened``."""
    await db.execute(
        sa.text(
            "UPDATE chassis.restoring SET step = 'done', reached_seq = :reached, finished_at = :at, trouble = NULL"
            " WHERE id = :run"
        ),
        {"run": run, "reached": reached, "at": datetime.now(timezone.utc)},
    )
    for one in lost:
        await db.execute(
            sa.text(
                "INSERT INTO chassis.not_recovered VALUES (:log, :epoch, :first, :last, :opened) ON CONFLICT DO NOTHING"
            ),
            {"log": log, "epoch": one.epoch, "first": one.from_seq, "last": one.to_seq, "opened": opened},
        )


async def runs(db: AsyncConnection) -> list[Any]:
    """Every restore, the last first."""
    return list(await db.execute(sa.text("SELECT * FROM chassis.restoring ORDER BY id DESC")))


async def voided(db: AsyncConnection, run: int, log: str) -> list[Stored]:
    """What a run has moved aside of the own log, in order, the first thousand."""
    rows = await db.execute(
        sa.text(
            "SELECT v.epoch, v.seq, v.prev, v.hash, v.header, v.data, v.traceparent FROM chassis.voided v"
            " JOIN chassis.restoring r ON r.id = :run"
            " WHERE v.log = :log AND v.voided_at >= r.began_at ORDER BY v.seq LIMIT 1000"
        ),
        {"run": run, "log": log},
    )
    return [Stored(log, *row) for row in rows]


async def set_aside(db: AsyncConnection, events: Sequence[Stored], order: Order) -> None:
    """List events of a branch that others hold and that does not go on; what the own log holds is none of them."""
    await db.execute(
        sa.text(
            "INSERT INTO chassis.voided (log, epoch, seq, prev, hash, header, data, traceparent, kept, reason, by,"
            " voided_at) SELECT :log, CAST(:epoch AS integer), CAST(:seq AS bigint), CAST(:prev AS bytea),"
            " CAST(:hash AS bytea), CAST(:header AS bytea), CAST(:data AS bytea), :traceparent, :kept, :reason, :by,"
            " :at WHERE NOT EXISTS (SELECT 1 FROM chassis.log l WHERE l.seq = :seq AND l.hash = :hash)"
            " ON CONFLICT DO NOTHING"
        ).bindparams(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        [
            {
                "log": event.log,
                "epoch": event.epoch,
                "seq": event.seq,
                "prev": event.prev,
                "hash": event.hash,
                "header": event.header,
                "data": event.data,
                "traceparent": event.traceparent,
                "kept": order.keep.hex() if order.keep else "",
                "reason": order.reason,
                "by": order.by,
                "at": datetime.now(timezone.utc),
            }
            for event in events
        ],
    )


async def not_recovered(db: AsyncConnection) -> list[Any]:
    return list(await db.execute(sa.text("SELECT * FROM chassis.not_recovered ORDER BY opened, epoch")))
