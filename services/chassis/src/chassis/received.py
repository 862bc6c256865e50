"""What a follower keeps of other logs: marks, every event byte for byte, and the partitions it lies in by month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, timezone

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.facts import Stored
from chassis.positions import Position

_KEEP = sa.text(
    "INSERT INTO chassis.received (log, epoch, seq, prev, hash, header, data, traceparent, received_at)"
    " SELECT :log, e.epoch, e.seq, e.prev, e.hash, e.header, e.data, e.traceparent, :at"
    " FROM unnest(:epochs, :seqs, :prevs, :hashes, :headers, :datas, :traceparents)"
    " AS e(epoch, seq, prev, hash, header, data, traceparent)"
).bindparams(
    sa.bindparam("epochs", type_=pg.ARRAY(sa.Integer)),
    sa.bindparam("seqs", type_=pg.ARRAY(sa.BigInteger)),
    *(sa.bindparam(name, type_=pg.ARRAY(pg.BYTEA)) for name in ("prevs", "hashes", "headers", "datas")),
    sa.bindparam("traceparents", type_=pg.ARRAY(sa.Text)),
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
)


async def mark(db: AsyncConnection, log: str) -> Position:
    """How far a log is followed; a log not followed yet stands before its first event."""
    row = (
        await db.execute(sa.text("SELECT epoch, seq, hash FROM chassis.mark WHERE log = :log"), {"log": log})
    ).first()
    return Position(row.epoch, row.seq, row.hash) if row else Position.start(log)


async def place_mark(db: AsyncConnection, log: str) -> None:
    """Give a log that is followed for the first time its mark, so that compare-and-set has something to compare."""
    start = Position.start(log)
    await db.execute(
        sa.text(
            "INSERT INTO chassis.mark (log, epoch, seq, hash) VALUES (:log, :epoch, :seq, :hash) ON CONFLICT DO NOTHING"
        ),
        {"log": log, "epoch": start.epoch, "seq": start.seq, "hash": start.hash},
    )


async def move_mark(db: AsyncConnection, log: str, moved_from: Position, to: Position) -> bool:
    """Compare-and-set, the first statement of a batch: whoever comes second waits here and finds it moved (False)."""
    moved = await db.execute(
        sa.text(
            "UPDATE chassis.mark SET epoch = :epoch, seq = :seq, hash = :hash"
            " WHERE log = :log AND epoch = :was_epoch AND seq = :was_seq AND hash = :was_hash"
        ),
        {
            "log": log,
            "epoch": to.epoch,
            "seq": to.seq,
            "hash": to.hash,
            "was_epoch": moved_from.epoch,
            "was_seq": moved_from.seq,
            "was_hash": moved_from.hash,
        },
    )
    return moved.rowcount == 1


async def keep(db: AsyncConnection, log: str, events: Sequence[Stored]) -> None:
    """Keep events as received, at the time of this machine (leases, partitions and receipts run on real time)."""
    await db.execute(
        _KEEP,
        {
            "log": log,
            "at": datetime.now(timezone.utc),
            "epochs": [event.epoch for event in events],
            "seqs": [event.seq for event in events],
            "prevs": [event.prev for event in events],
            "hashes": [event.hash for event in events],
            "headers": [event.header for event in events],
            "datas": [event.data for event in events],
            "traceparents": [event.traceparent for event in events],
        },
    )


async def hashes(db: AsyncConnection, log: str, seqs: Iterable[int]) -> dict[int, tuple[int, bytes]]:
    """Epoch and hash of what was received under each seq that is still kept."""
    rows = await db.execute(
        sa.text("SELECT seq, epoch, hash FROM chassis.received WHERE log = :log AND seq = ANY(:seqs)").bindparams(
            sa.bindparam("seqs", type_=pg.ARRAY(sa.BigInteger))
        ),
        {"log": log, "seqs": list(seqs)},
    )
    return {row.seq: (row.epoch, row.hash) for row in rows}


async def make_partitions(db: AsyncConnection, today: date) -> None:
    """See that ``received`` has a partition for this month and the next. Safe to repeat, by several copies at once.

    A follower that was quicker has its events in the default partition, and a month's cannot be made while the default
    holds some of it: they move.
    """
    await db.execute(sa.text("SELECT pg_advisory_xact_lock(71003)"))
    first = today.replace(day=1)
    for _ in range(2):
        after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        partition = f"chassis.received_{first:%Y_%m}"
        if await db.scalar(sa.text("SELECT to_regclass(:partition)"), {"partition": partition}) is None:
            month = f"received_at >= '{first} 00:00+00' AND received_at < '{after} 00:00+00'"
            await db.execute(sa.text("LOCK TABLE chassis.received IN ACCESS EXCLUSIVE MODE"))
            await db.execute(sa.text(f"CREATE TABLE {partition} (LIKE chassis.received)"))
            await db.execute(
                sa.text(
                    f"WITH moved AS (DELETE FROM chassis.received_default WHERE {month} RETURNING *)"
                    f" INSERT INTO {partition} SELECT * FROM moved"
                )
            )
            await db.execute(
                sa.text(
                    f"ALTER TABLE chassis.received ATTACH PARTITION {partition}"
                    f" FOR VALUES FROM ('{first} 00:00+00') TO ('{after} 00:00+00')"
                )
            )
        first = after
