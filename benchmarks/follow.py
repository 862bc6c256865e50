"""One follower of 20-line reports into scoring's tables, beside a raw fetch that writes the same rows by asyncpg.

Both take a batch's rows of the read model from arrays, in one statement; afterwards every row of both is compared.
"""

from __future__ import annotations

import asyncio
import json
import time
from datetime import datetime, timezone
from pathlib import Path
from statistics import median

import asyncpg
import sqlalchemy as sa
from chassis.broker import make_broker, parse_event, start_broker
from chassis.follower import Follower
from chassis.following import follow
from chassis.hot_path import hot_pool
from chassis.link import Link
from chassis.logread import NobodyHas, Page
from chassis.migrate import LIVE, upgrade
from chassis.positions import Position
from chassis.replay import compare
from chassis.runtime import create_engine
from chassis.telemetry import record_span
from opentelemetry.trace import SpanKind
from scoring.main import service
from sqlalchemy.ext.asyncio import AsyncConnection
from thidua.local.databases import Database

from benchmarks.reports import LOG, reports
from benchmarks.row import Aim, Figures, Measurement, Say
from benchmarks.stage import FOLLOWING, ROOT, TOPOLOGY, Stage, on_uvloop, stage
from benchmarks.tracing import traced

EVENTS = 10_000
LINES = 20
BATCH = 500
PATIENCE = 60.0

_RECEIVED = ("log", "epoch", "seq", "prev", "hash", "header", "data", "traceparent", "received_at")
_MARK_AND_ROWS = """
WITH moved AS (
    UPDATE chassis.mark SET epoch = $2, seq = $3, hash = $4 WHERE log = $1 AND epoch = $5 AND seq = $6 AND hash = $7)
INSERT INTO filing (subject, kind, cluster_id, year_id, unit_id, revision, state, punctuality, awaits, contested, means,
    typed_by, submitted, content)
SELECT subject, kind, cluster_id, year_id, unit_id, revision, 'submitted', punctuality, awaits, false, means, typed_by,
       submitted, content::jsonb
  FROM unnest($8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::integer[], $14::text[],
              $15::boolean[], $16::text[], $17::text[], $18::timestamptz[], $19::text[])
    AS r(subject, kind, cluster_id, year_id, unit_id, revision, punctuality, awaits, means, typed_by, submitted,
         content)
ON CONFLICT (subject) DO UPDATE SET revision = excluded.revision, state = excluded.state,
    punctuality = excluded.punctuality, awaits = excluded.awaits, contested = false, means = excluded.means,
    typed_by = excluded.typed_by, submitted = excluded.submitted, content = excluded.content
"""
"""The events go by COPY beside it: an eighth faster than in the same statement."""
_KEPT = "SELECT log, epoch, seq, prev, hash, header, data, traceparent FROM chassis.received"
"""All but the time at which it came."""


async def measure(folder: Path, rounds: int, say: Say) -> Figures:
    ours: list[float] = []
    ceiling: list[float] = []
    async with stage(folder) as made, traced("scoring"):
        await made.fill(reports(EVENTS, LINES))
        for nr in range(rounds):
            sides = [(ours, our_follower), (ceiling, bare)]
            written = []
            for figures, side in sides if nr % 2 == 0 else reversed(sides):
                database = await _fresh(made, f"follow_{nr}_{side.__name__}")
                await made.fresh_consumer()
                figures.append(EVENTS / await on_uvloop(side(made, database)))
                written.append(database)
            await _same(*written)
            say(f"{ours[-1]:,.0f} events/s of {ceiling[-1]:,.0f}")
    return {
        "follow_vs_ceiling": median(one / other for one, other in zip(ours, ceiling, strict=True)),
        "follow_events_per_second_abs": median(ours),
        "follow_ceiling_events_per_second_abs": median(ceiling),
    }


async def _fresh(made: Stage, name: str) -> Database:
    """A database of scoring with its partitions of ``received`` and a mark before the first event."""
    database = await made.database(name, "scoring")
    engine = create_engine(database.url, pool_size=2)
    await upgrade(engine, service.package)
    await engine.dispose()
    db = await asyncpg.connect(database.dsn)
    start = Position.start(LOG)
    await db.execute("INSERT INTO chassis.mark VALUES ($1, $2, $3, $4)", LOG, start.epoch, start.seq, start.hash)
    await db.close()
    return database


async def _same(one: Database, other: Database) -> None:
    """Both sides have to leave the same rows behind. Raises RuntimeError."""
    engines = [create_engine(database.url, pool_size=2) for database in (one, other)]
    async with engines[0].connect() as this, engines[1].connect() as that:
        differ: list[object] = list(await compare(this, that, LIVE, service.follows[0].tables))
        for query in (_KEPT, "SELECT log, epoch, seq, hash FROM chassis.mark"):
            digests = [await _digest(db, query) for db in (this, that)]
            if digests[0] != digests[1]:
                differ.append(f"{query}: {digests}")
        count = await this.scalar(sa.text("SELECT count(*) FROM live.filing"))
    for engine in engines:
        await engine.dispose()
    if differ or count != EVENTS:
        raise RuntimeError(f"follower and ceiling did not write the same {EVENTS} rows ({count}): {differ}")


async def _digest(db: AsyncConnection, query: str) -> tuple[object, ...]:
    """How many rows, and a sum over their content."""
    row = await db.execute(sa.text(f"SELECT count(*), sum(hashtextextended(t::text, 0)) FROM ({query}) AS t"))
    return tuple(row.one())


async def our_follower(made: Stage, database: Database) -> float:
    """Seconds that the chassis' follower, put together as in a service, takes for the whole stream, from bind to last
    commit."""
    link = Link()
    broker = make_broker(made.nats.url, ROOT, ROOT, link)
    await start_broker(broker, link)
    engine = create_engine(database.url)
    (projection,) = service.follows
    done = asyncio.Event()

    async def nobody(log: str, after: int) -> Page:
        raise NobodyHas(log)

    def told(at: Position) -> None:
        if at.seq == EVENTS:
            done.set()

    async with hot_pool(database.url) as hot:
        follower = Follower(engine, LOG, projection, nobody, hot=hot, told=told, batch_events=BATCH)
        began = time.perf_counter()
        working = asyncio.create_task(follow(broker, TOPOLOGY, FOLLOWING, follower, link))
        await asyncio.wait_for(done.wait(), PATIENCE)
        took = time.perf_counter() - began
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    await broker.stop()
    await engine.dispose()
    return took


async def bare(made: Stage, database: Database) -> float:
    """Seconds for a raw fetch, the same rows in one transaction a batch and the same spans; nothing is checked."""
    client = await made.client()
    pull = await client.jetstream().pull_subscribe_bind(FOLLOWING.durable, FOLLOWING.stream)
    db = await asyncpg.connect(database.dsn, server_settings={"search_path": "live,chassis,public", "jit": "off"})
    write = await db.prepare(_MARK_AND_ROWS)
    at = Position.start(LOG)
    began = time.perf_counter()
    while at.seq < EVENTS:
        messages = await pull.fetch(BATCH, timeout=5)
        started = time.time_ns()
        events = [parse_event(message) for message in messages]
        to = Position.of(events[-1])
        now = datetime.now(timezone.utc)
        kept = [(LOG, e.epoch, e.seq, e.prev, e.hash, e.header, e.data, e.traceparent, now) for e in events]
        said = [(json.loads(event.header), json.loads(event.data)) for event in events]
        rows = zip(*[filing(header, data) for header, data in said], strict=True)
        place = (LOG, to.epoch, to.seq, to.hash, at.epoch, at.seq, at.hash)
        async with db.transaction():
            await db.copy_records_to_table("received", schema_name="chassis", records=kept, columns=_RECEIVED)
            await write.fetch(*place, *rows)
        ended = time.time_ns()
        for event, (header, _) in zip(events, said, strict=True):
            about: dict[str, str | int] = {"event": event.key, "batch": len(events)}
            name = f"follow {header['type']}"
            record_span(name, started, ended, SpanKind.CONSUMER, about, parent=event.traceparent)
        await messages[-1].ack()
        at = to
    took = time.perf_counter() - began
    await client.close()
    await db.close()
    return took


def filing(header: dict, data: dict) -> tuple[object, ...]:  # type: ignore[type-arg]
    """The row of a report as scoring keeps it."""
    return (
        f"report:{data['report_id']}",
        f"{data['kind']}-report",
        data["cluster_id"],
        data["year_id"],
        data["unit_id"],
        data["revision"],
        data.get("punctuality"),
        data["awaits_confirmation"],
        header["act"]["means"],
        header["act"]["typed_by"],
        datetime.fromisoformat(header["act"]["received"]),
        json.dumps(data["lines"], ensure_ascii=False),
    )


MEASUREMENT = Measurement(
    "follow",
    (
        Aim(
            "follow_vs_ceiling",
            "at least",
            0.9,
            "20-line reports pulled, checked, kept, applied to scoring's tables ÷ raw fetch + the same rows by asyncpg",
        ),
    ),
    measure,
)
