"""Scoring's tables built anew from a million reports received, beside the same decoding and writing without
bookkeeping: the first half of it before ours and the second after, so that a machine that changes its pace does so for
both."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path

import asyncpg
import sqlalchemy as sa
from chassis import received
from chassis.facts import Stored, read
from chassis.migrate import upgrade
from chassis.positions import Position
from chassis.rebuild import rebuild
from chassis.replay import PAGE, Feed, compare, empty_schema
from chassis.runtime import create_engine
from scoring.main import service
from sqlalchemy.ext.asyncio import AsyncEngine
from thidua.local.databases import Database

from benchmarks.reports import LOG, reports
from benchmarks.row import Aim, Figures, Measurement, Say
from benchmarks.stage import Stage, on_uvloop, stage

EVENTS = 1_000_000
HALF = EVENTS // 2
BARE = "bare"
"""The schema that the bare way fills."""
READ = ("chassis.received", "live.filing")
LINES = 1
COPIED = 20_000
_RECEIVED = ("log", "epoch", "seq", "prev", "hash", "header", "data", "traceparent", "received_at")
(REGISTRY,) = service.follows


async def measure(folder: Path, rounds: int, say: Say) -> Figures:
    """Once, whatever the rounds: a million events."""
    async with stage(folder) as made:
        database = await made.database("rebuild", "scoring")
        began = time.perf_counter()
        await fill(database, EVENTS)
        say(f"{EVENTS:,} events received and applied in {time.perf_counter() - began:.0f} s")
        await _settle(made, database)
        before = await on_uvloop(bare(database, 0))
        say(f"without bookkeeping {HALF / before:,.0f} events/s")
        await _settle(made, database)
        took = await on_uvloop(our_rebuild(database))
        say(f"rebuilt and compared {EVENTS / took:,.0f} events/s")
        await _settle(made, database)
        after = await on_uvloop(bare(database, HALF))
        say(f"without bookkeeping, second half {HALF / after:,.0f} events/s")
        await _same(database)
    return {
        "rebuild_vs_ceiling": (before + after) / took,
        "rebuild_events_per_second_abs": EVENTS / took,
        "rebuild_ceiling_events_per_second_abs": EVENTS / (before + after),
        "rebuild_ceiling_first_half_events_per_second_abs": HALF / before,
        "rebuild_ceiling_second_half_events_per_second_abs": HALF / after,
    }


async def _settle(made: Stage, database: Database) -> None:
    """What was loaded or swapped before is in order and on disk when the next part begins."""
    db = await asyncpg.connect(database.dsn)
    await db.execute(f"VACUUM (ANALYZE) {', '.join(READ)}", timeout=600)
    await db.close()
    db = await asyncpg.connect(made.postgres.superuser.dsn)
    await db.execute("CHECKPOINT", timeout=300)
    await db.close()


async def _same(database: Database) -> None:
    """Both ways have to end in the same rows. Raises RuntimeError."""
    engine = create_engine(database.url, pool_size=2)
    async with engine.connect() as db:
        differ = await compare(db, db, BARE, REGISTRY.tables)
        count = await db.scalar(sa.text("SELECT count(*) FROM live.filing"))
    await engine.dispose()
    if differ or count != EVENTS:
        raise RuntimeError(f"rebuild and ceiling did not write the same {EVENTS} rows ({count}): {differ}")


async def fill(database: Database, count: int) -> None:
    """A database of scoring that has received so many reports and stands at the last; its tables are filled, too."""
    engine = create_engine(database.url, pool_size=2)
    await upgrade(engine, service.package)
    async with engine.begin() as session:
        await received.make_partitions(session, datetime.now(timezone.utc).date())
    await engine.dispose()
    db = await asyncpg.connect(database.dsn)
    log: Iterator[Stored] = reports(count, LINES)
    now = datetime.now(timezone.utc)
    last = Position.start(LOG)
    while page := list(islice(log, COPIED)):
        kept = [(LOG, e.epoch, e.seq, e.prev, e.hash, e.header, e.data, e.traceparent, now) for e in page]
        await db.copy_records_to_table("received", schema_name="chassis", records=kept, columns=_RECEIVED, timeout=120)
        last = Position.of(page[-1])
    await db.execute("INSERT INTO chassis.mark VALUES ($1, $2, $3, $4)", LOG, last.epoch, last.seq, last.hash)
    # The live rows, by SQL alone: what a rebuild will be compared with.
    await db.execute(_LIVE, timeout=600)
    await db.close()


_LIVE = """
INSERT INTO live.filing (subject, kind, cluster_id, year_id, unit_id, revision, state, punctuality, awaits, contested,
                         means, typed_by, submitted, content)
SELECT 'report:' || (d ->> 'report_id'), (d ->> 'kind') || '-report', d ->> 'cluster_id', d ->> 'year_id',
       d ->> 'unit_id', (d ->> 'revision')::integer, 'submitted', d ->> 'punctuality',
       (d ->> 'awaits_confirmation')::boolean, false, h #>> '{act,means}', h #>> '{act,typed_by}',
       (h #>> '{act,received}')::timestamptz, d -> 'lines'
  FROM (SELECT convert_from(data, 'UTF8')::jsonb AS d, convert_from(header, 'UTF8')::jsonb AS h
          FROM chassis.received) AS told
"""


async def our_rebuild(database: Database) -> float:
    """Seconds from an empty schema to the swapped tables, comparison with the live ones included."""
    engine = create_engine(database.url, pool_size=4)

    async def progress(done: int, upto: int) -> None:
        """Nobody watches."""

    began = time.perf_counter()
    swapped, found = await rebuild(
        engine, service, Feed(LOG, REGISTRY, own=False), swap_anyway=False, progress=progress
    )
    took = time.perf_counter() - began
    assert swapped, found
    await engine.dispose()
    return took


async def bare(database: Database, after: int) -> float:
    """Seconds to read, decode and apply half of the same after a seq, in the same pages into a schema of their own,
    which the first half makes: nothing left out, nothing compared, no progress kept, nothing swapped."""
    engine = create_engine(database.url, pool_size=4)
    if not after:
        await empty_schema(engine, service, BARE)
    began = time.perf_counter()
    upto = after + HALF
    while after < upto and (page := await _page(engine, after)):
        facts = [read(stored) for stored in page]
        async with engine.begin() as db:
            await db.execute(sa.text(f'SET LOCAL search_path = "{BARE}", public'))
            await REGISTRY.apply(db, facts)
        after = page[-1].seq
        await asyncio.sleep(0)
    took = time.perf_counter() - began
    assert after == upto
    await engine.dispose()
    return took


async def _page(engine: AsyncEngine, after: int) -> list[Stored]:
    async with engine.connect() as db:
        rows = await db.execute(
            sa.text(
                "SELECT epoch, seq, prev, hash, header, data, traceparent FROM chassis.received"
                " WHERE log = :log AND seq > :after ORDER BY seq LIMIT :limit"
            ),
            {"log": LOG, "after": after, "limit": PAGE},
        )
        return [Stored(LOG, *row) for row in rows]


MEASUREMENT = Measurement(
    "rebuild",
    (
        Aim(
            "rebuild_vs_ceiling",
            "at least",
            0.8,
            "scoring's tables from a million reports, compared and swapped ÷ the same decoding and writing alone",
        ),
    ),
    measure,
)
