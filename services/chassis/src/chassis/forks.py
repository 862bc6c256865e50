"""Two branches of a followed log: kept in the database when found, shown from where they part, and one of them kept.

What is not kept is moved aside with its receipts; the read model is built anew from what remains.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from contracts.envelope import Header
from contracts.refusal import Refused
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import received
from chassis.facts import Stored
from chassis.follower_steps import ForkKind
from chassis.inquiry import Inquiry
from chassis.log import read_received
from chassis.positions import Position
from chassis.projection import Projection
from chassis.replay import Feed
from chassis.wire import WITHHELD

if TYPE_CHECKING:
    from chassis.runtime import Runtime

SHOWN = 1000
"""Events of each branch that are shown."""


@dataclass(frozen=True)
class Branches:
    """A log as held here and as its producer has it, from the last place that both share."""

    common: Position
    held: Sequence[Stored]
    held_head: Position
    produced: Sequence[Stored]
    produced_head: Position


async def record(db: AsyncConnection, log: str, kind: ForkKind, reason: str, mark: Position, seen: Position) -> None:
    """Keep a fork that was found; one that is not decided yet is kept once."""
    await db.execute(
        sa.text(
            "INSERT INTO chassis.fork (log, kind, reason, mark, seen, found_at) VALUES"
            " (:log, :kind, :reason, CAST(:mark AS jsonb), CAST(:seen AS jsonb), :at) ON CONFLICT DO NOTHING"
        ),
        {
            "log": log,
            "kind": kind,
            "reason": reason,
            "mark": json.dumps(mark.told()),
            "seen": json.dumps(seen.told()),
            "at": datetime.now(timezone.utc),
        },
    )


async def listed(db: AsyncConnection) -> list[Any]:
    """Every fork that was ever found here, the last first."""
    return list(await db.execute(sa.text("SELECT * FROM chassis.fork ORDER BY id DESC")))


async def undecided(db: AsyncConnection, log: str) -> str | None:
    """Why nothing of a log is taken until people have chosen; None when nothing is to be chosen."""
    found: str | None = await db.scalar(
        sa.text("SELECT kind || ': ' || reason FROM chassis.fork WHERE log = :log AND decided_at IS NULL"), {"log": log}
    )
    return found


async def branches(runtime: Runtime, inquiry: Inquiry, log: str, limit: int = SHOWN) -> Branches:
    """Compare what is held of a log with its producer. Equal hashes at a place mean equal logs up to it: bisect.

    Raises TimeoutError or a nats error while the producer is silent.
    """
    async with runtime.alone.connect() as db:
        mark = await received.mark(db, log)
        head = (await inquiry.produced(log, 2**62, 1)).head
        assert head is not None  # a producer always names it
        low, high = 0, min(mark.seq, head.seq)
        if await _same(db, inquiry, log, high):
            low = high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if await _same(db, inquiry, log, middle) else (low, middle)
        common = Position.start(log)
        if low:
            common = Position.of((await read_received(db, log, low - 1, 1))[0])
        held = await read_received(db, log, low, limit)
    produced = (await inquiry.produced(log, low, min(limit, SHOWN))).events if head.seq > low else ()
    return Branches(common, held, mark, produced, head)


async def _same(db: AsyncConnection, inquiry: Inquiry, log: str, seq: int) -> bool:
    if seq == 0:
        return True
    here = await read_received(db, log, seq - 1, 1)
    there = (await inquiry.produced(log, seq - 1, 1)).events
    return bool(here and there) and here[0].hash == there[0].hash


async def seen_and_not_produced(runtime: Runtime, inquiry: Inquiry, log: str) -> list[str]:
    """Hashes of events at which forks of a log were found and that its producer does not have: a courier brought
    them, and may bring them again."""
    async with runtime.alone.connect() as db:
        rows = await db.execute(
            sa.text("SELECT seen FROM chassis.fork WHERE log = :log AND decided_at IS NULL AND seen IS NOT NULL"),
            {"log": log},
        )
        seen = [Position.heard(row.seen) for row in rows]
    there = [(await inquiry.produced(log, at.seq - 1, 1)).events for at in seen]
    return [at.hash.hex() for at, events in zip(seen, there, strict=True) if all(at.hash != e.hash for e in events)]


async def adopt(
    runtime: Runtime, projection: Projection, found: Branches, *, kept: str, reason: str, by: str, voided: Sequence[str]
) -> int:
    """Go over to the producer's branch: void what is held beyond the common place and build the read model anew.

    ``voided``: hashes that the decision names, which the courier may still bring. Returns how many events were moved
    aside. One transaction; the follower goes on from the common place by itself.
    """
    log = runtime.log_of(projection)
    common, now = found.common, datetime.now(timezone.utc)
    async with runtime.engine.begin() as db:
        await db.execute(sa.text("SELECT 1 FROM chassis.mark WHERE log = :log FOR UPDATE"), {"log": log})
        if await received.mark(db, log) != found.held_head:
            raise Refused("busy", about=log)
        told = {"log": log, "seq": common.seq, "epoch": common.epoch, "hash": common.hash}
        moved = await db.execute(
            sa.text(
                "WITH gone AS (DELETE FROM chassis.received WHERE log = :log AND seq > :seq"
                " RETURNING log, epoch, seq, prev, hash, header, data, traceparent)"
                " INSERT INTO chassis.voided SELECT gone.*, :kept, :reason, :by, :at FROM gone ON CONFLICT DO NOTHING"
            ),
            {"log": log, "seq": common.seq, "kept": kept, "reason": reason, "by": by, "at": now},
        )
        if moved.rowcount:
            await _forget(db, log, common.seq)
            await db.execute(
                sa.text("UPDATE chassis.mark SET epoch = :epoch, seq = :seq, hash = :hash WHERE log = :log"), told
            )
            await _build_anew(db, log, projection)
        await _decide(db, log, found.held_head, kept, reason, voided, now)
    runtime.changes.tell()
    return moved.rowcount


async def _forget(db: AsyncConnection, log: str, after: int) -> None:
    """What was noted of events that are voided. Reactions to them and discards are facts of the own log and stay; they
    name the hash, so the events that now stand at the same places are nothing to them."""
    told = {"log": log, "seq": after}
    for table in ("quarantine", "wait"):
        await db.execute(sa.text(f"DELETE FROM chassis.{table} WHERE log = :log AND seq > :seq"), told)
    await db.execute(
        sa.text("UPDATE chassis.reaction_cursor SET seq = least(seq, :seq) WHERE log = :log"),
        told,
    )


async def _build_anew(db: AsyncConnection, log: str, projection: Projection) -> None:
    feed = Feed(log, projection, own=False)
    if projection.tables:
        await db.execute(sa.text("TRUNCATE " + ", ".join(f'"{table}"' for table in projection.tables)))
    without = await feed.left_out(db)
    after = 0
    while page := await feed.page(db, after, SHOWN):
        facts = [feed.fact(event) for event in page if (event.epoch, event.seq) not in without]
        await projection.apply(db, [fact for fact in facts if fact is not None])
        after = page[-1].seq


async def _decide(
    db: AsyncConnection, log: str, mark: Position, kept: str, reason: str, voided: Sequence[str], now: datetime
) -> None:
    """The fork that is open is decided; where none had shown yet the decision is kept all the same."""
    values = {"log": log, "kept": kept, "at": now, "voided": list(voided), "reason": reason}
    decided = await db.execute(
        sa.text(
            "UPDATE chassis.fork SET decided_at = :at, kept = :kept, not_kept = :voided"
            " WHERE log = :log AND decided_at IS NULL"
        ).bindparams(sa.bindparam("voided", type_=pg.ARRAY(sa.Text))),
        values,
    )
    if decided.rowcount == 0:
        await db.execute(
            sa.text(
                "INSERT INTO chassis.fork (log, kind, reason, mark, found_at, decided_at, kept, not_kept)"
                " VALUES (:log, 'another-hash', :reason, CAST(:mark AS jsonb), :at, :at, :kept, :voided)"
            ).bindparams(sa.bindparam("voided", type_=pg.ARRAY(sa.Text))),
            {**values, "mark": json.dumps(mark.told())},
        )


def receipt_of(event: Stored) -> dict[str, Any]:
    """One event of a branch as people compare it: receipt, type, whose, when. Of content that is withheld here only
    receipt and hash are known."""
    if event.withheld:
        return {"key": event.key, "hash": event.hash.hex(), "type": WITHHELD}
    header = Header.model_validate_json(event.header)
    return {
        "key": event.key,
        "hash": event.hash.hex(),
        "type": header.type,
        "whose": header.act.whose,
        "typed_by": header.act.typed_by,
        "at": header.act.recorded.isoformat(),
        "subjects": list(header.subjects),
    }
