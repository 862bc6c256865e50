"""One follower of 20-line reports into scoring's tables, beside a raw fetch that writes the same rows by asyncpg."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import datetime, timezone
from pathlib import Path
from statistics import median

import asyncpg
from chassis.broker import make_broker, parse_event, start_broker
from chassis.follower import Follower
from chassis.following import follow
from chassis.link import Link
from chassis.logread import NobodyHas, Page
from chassis.migrate import upgrade
from chassis.positions import Position
from chassis.runtime import create_engine
from chassis.telemetry import record_span
from opentelemetry.trace import SpanKind
from scoring.main import service
from thidua.local.databases import Database

from benchmarks.reports import LOG, reports
from benchmarks.row import Aim, Figures, Measurement, Say
from benchmarks.stage import FOLLOWING, ROOT, TOPOLOGY, Stage, on_uvloop, stage
from benchmarks.tracing import traced

EVENTS = 10_000
LINES = 20
BATCH = 500
PATIENCE = 60.0

_MARK = (
    "UPDATE chassis.mark SET epoch = $2, seq = $3, hash = $4 WHERE log = $1 AND epoch = $5 AND seq = $6 AND hash = $7"
)
_RECEIVED = ("log", "epoch", "seq", "prev", "hash", "header", "data", "traceparent", "received_at")
FILING = (
    "INSERT INTO filing (subject, kind, cluster_id, year_id, unit_id, revision, state, punctuality, awaits, contested,"
    " means, typed_by, submitted, content)"
    " VALUES ($1, $2, $3, $4, $5, $6, 'submitted', $7, $8, false, $9, $10, $11, $12)"
    " ON CONFLICT (subject) DO UPDATE SET revision = excluded.revision, state = excluded.state,"
    " punctuality = excluded.punctuality, awaits = excluded.awaits, contested = false, means = excluded.means,"
    " typed_by = excluded.typed_by, submitted = excluded.submitted, content = excluded.content"
)
"""The statement of scoring's projection in asyncpg's own spelling."""


async def measure(folder: Path, rounds: int, say: Say) -> Figures:
    ours: list[float] = []
    ceiling: list[float] = []
    async with stage(folder) as made, traced("scoring"):
        await made.fill(reports(EVENTS, LINES))
        for nr in range(rounds):
            sides = [(ours, our_follower), (ceiling, bare)]
            for figures, side in sides if nr % 2 == 0 else reversed(sides):
                database = await _fresh(made, f"follow_{nr}_{side.__name__}")
                await made.fresh_consumer()
                figures.append(EVENTS / await on_uvloop(side(made, database)))
                await _same(database)
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


async def _same(database: Database) -> None:
    """Both sides have to leave the same behind."""
    db = await asyncpg.connect(database.dsn)
    for table in ("chassis.received", "live.filing"):
        assert await db.fetchval(f"SELECT count(*) FROM {table}") == EVENTS, table
    assert await db.fetchval("SELECT seq FROM chassis.mark") == EVENTS
    await db.close()


async def our_follower(made: Stage, database: Database) -> float:
    """Seconds that the chassis' follower takes for the whole stream, from bind to last commit."""
    link = Link()
    broker = make_broker(made.nats.url, ROOT, ROOT, link)
    await start_broker(broker, link)
    engine = create_engine(database.url)
    (projection,) = service.follows
    done = asyncio.Event()

    async def nobody(log: str, after: int) -> Page:
        raise NobodyHas(log)

    follower = Follower(
        engine, LOG, projection, nobody, told=lambda at: done.set() if at.seq == EVENTS else None, batch_events=BATCH
    )
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
        async with db.transaction():
            await db.execute(_MARK, LOG, to.epoch, to.seq, to.hash, at.epoch, at.seq, at.hash)
            await db.copy_records_to_table("received", schema_name="chassis", records=kept, columns=_RECEIVED)
            await db.executemany(FILING, [filing(header, data) for header, data in said])
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
