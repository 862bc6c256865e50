"""What a follower keeps of other logs: marks, every event byte for byte, and the partitions it lies in by month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import sqlstate
from chassis.facts import Stored
from chassis.positions import Position
from chassis.projection import Rows, values_of
from chassis.statements import Connected, beside, fetch_row

_ARRAYS: dict[str, sa.types.TypeEngine[Any]] = {
    "epochs": sa.Integer(),
    "seqs": sa.BigInteger(),
    **dict.fromkeys(("prevs", "hashes", "headers", "datas"), pg.BYTEA()),
    "traceparents": sa.Text(),
    "subjects": sa.Text(),
}
_KEEP_BATCH = sa.text(
    "SELECT moved, blocked, discarded FROM chassis.keep_batch(:log, :was_epoch, :was_seq, :was_hash,"
    " :epochs, :seqs, :prevs, :hashes, :headers, :datas, :traceparents, :at, :subjects)"
).bindparams(
    *(sa.bindparam(name, type_=pg.ARRAY(kind)) for name, kind in _ARRAYS.items()),
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
)


_KEEP_USUAL = """
moved AS (
    UPDATE chassis.mark SET epoch = CAST(:epoch AS integer), seq = CAST(:seq AS bigint), hash = CAST(:hash AS bytea)
     WHERE log = CAST(:log AS text) AND epoch = :was_epoch AND seq = :was_seq AND hash = :was_hash RETURNING 1),
kept AS (
    INSERT INTO chassis.received (log, epoch, seq, prev, hash, header, data, traceparent, received_at)
    SELECT :log, e.epoch, e.seq, e.prev, e.hash, e.header, e.data, e.traceparent, CAST(:at AS timestamptz)
      FROM unnest(CAST(:epochs AS integer[]), CAST(:seqs AS bigint[]), CAST(:prevs AS bytea[]),
                  CAST(:hashes AS bytea[]), CAST(:headers AS bytea[]), CAST(:datas AS bytea[]),
                  CAST(:traceparents AS text[]))
        AS e(epoch, seq, prev, hash, header, data, traceparent))
SELECT chassis.must_be_usual((SELECT count(*) FROM moved),
    EXISTS (SELECT 1 FROM chassis.quarantine q WHERE q.log = :log AND q.subjects && CAST(:subjects AS text[]))
    OR EXISTS (SELECT 1 FROM chassis.discarded d WHERE d.log = :log AND d.hash = ANY(CAST(:hashes AS bytea[]))))
"""
"""``moved`` is asked for first; what nothing refers to, ``kept`` and the rows, is done afterwards. One snapshot serves
all: whoever holds more events moves the mark, and a redrive or discard beside this only makes fewer."""


class MarkElsewhere(Exception):
    """Somebody else moved the mark; nothing was written."""


class Bound(Exception):
    """What is held or was discarded says something about this batch; nothing was written."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What people and earlier trouble say about a batch: subjects of held events, each with the key of the first that
    holds it, and the hashes of events that were discarded by name."""

    blocked: Mapping[str, str]
    discarded: frozenset[bytes]


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


async def keep_batch(
    db: AsyncConnection, log: str, was: Position, events: Sequence[Stored], subjects: Iterable[str]
) -> Binding | None:
    """The first statement of a batch: move the mark by compare-and-set, keep the events, read what binds them.

    Whoever comes second waits here and finds the mark moved: None, and nothing is written. Kept at the time of this
    machine: leases, partitions and receipts run on real time.
    """
    row = (await db.execute(_KEEP_BATCH, _kept(log, was, events, subjects))).one()
    if not row.moved:
        return None
    return Binding(row.blocked, frozenset(map(bytes.fromhex, row.discarded)))


async def keep_and_apply(
    db: Connected,
    log: str,
    was: Position,
    events: Sequence[Stored],
    subjects: Iterable[str],
    rows: Sequence[Rows],
) -> None:
    """All of the usual batch in one statement, which commits by itself: the mark, the events, then the rows.

    Raises MarkElsewhere, Bound, and the driver's own errors.
    """
    last, written = events[-1], beside(tuple(one.statement for one in rows))
    statement = f"{written}, {_KEEP_USUAL}" if written else f"WITH {_KEEP_USUAL}"
    values = _kept(log, was, events, subjects) | {"epoch": last.epoch, "seq": last.seq, "hash": last.hash}
    try:
        await fetch_row(db, statement, **values, **values_of(rows))
    except asyncpg.PostgresError as error:
        match sqlstate(error):
            case "TD005":
                raise MarkElsewhere from None
            case "TD006":
                raise Bound from None
        raise


def _kept(log: str, was: Position, events: Sequence[Stored], subjects: Iterable[str]) -> dict[str, Any]:
    return {
        "log": log,
        "was_epoch": was.epoch,
        "was_seq": was.seq,
        "was_hash": was.hash,
        "epochs": [event.epoch for event in events],
        "seqs": [event.seq for event in events],
        "prevs": [event.prev for event in events],
        "hashes": [event.hash for event in events],
        "headers": [event.header for event in events],
        "datas": [event.data for event in events],
        "traceparents": [event.traceparent for event in events],
        "at": datetime.now(timezone.utc),
        "subjects": list(subjects),
    }


async def voided(db: AsyncConnection, log: str) -> set[bytes]:
    """Hashes of events that people did not keep: moved aside here, or named by their decision."""
    aside = await db.execute(
        sa.text(
            "SELECT hash FROM chassis.voided WHERE log = :log"
            " UNION SELECT decode(f.told, 'hex') FROM (SELECT unnest(not_kept) AS told FROM chassis.fork"
            " WHERE log = :log) AS f"
        ),
        {"log": log},
    )
    return {row.hash for row in aside}


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
