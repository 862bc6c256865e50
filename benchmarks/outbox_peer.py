"""The peer of the relay: ``faststream-outbox`` carrying the same events in order from the same PostgreSQL to JetStream.

Twice: with the package's own defaults (one worker, which keeps the order, ten rows a page, one DELETE a row), and
*tuned*, as fast as its settings allow while it keeps the order (pages of 500 rows, one DELETE for 500 of them; two
workers would overtake one another). Both without validation of types, bytes passed through undecoded, and its table
set as its own ``outbox_autovacuum_ddl`` recommends. The handler publishes straight to JetStream, without a publisher
object of its own, with the headers stored in the row. Its ``publish`` waits for each acknowledgement, so one is in
flight: the package has no other way to keep order. Tracing is its NATS middleware: one span a publish.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import asyncpg
from chassis import subjects, telemetry
from chassis.facts import Stored
from faststream.nats import NatsBroker
from faststream.nats.opentelemetry import NatsTelemetryMiddleware
from faststream.security import SASLPlaintext
from faststream_outbox import OutboxBroker, make_outbox_table
from faststream_outbox.autovacuum import outbox_autovacuum_ddl
from faststream_outbox.message import OutboxMessage
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from thidua.local.databases import Database

from benchmarks.stage import ROOT, Stage, travelling

QUEUE = "events"
DEFAULTS: dict[str, Any] = {}
TUNED = {"fetch_batch_size": 500, "terminal_flush_batch_size": 500, "min_fetch_interval": 0.001}


async def fill(database: Database, events: Sequence[Stored]) -> None:
    """Its table, filled anew with what the relay finds in the log: body, and headers as they travel."""
    metadata = MetaData(schema="live")
    make_outbox_table(metadata)
    engine = create_async_engine(database.url)
    async with engine.begin() as db:
        await db.run_sync(metadata.drop_all)
        await db.run_sync(metadata.create_all)
        await db.exec_driver_sql(outbox_autovacuum_ddl("outbox", schema="live"))
    await engine.dispose()
    raw = await asyncpg.connect(database.dsn)
    rows = []
    for event in events:
        subject, headers = travelling(event)
        rows.append((QUEUE, event.data, json.dumps({**headers, "subject": subject})))
    await raw.copy_records_to_table("outbox", schema_name="live", records=rows, columns=("queue", "payload", "headers"))
    await raw.execute("ANALYZE live.outbox")
    await raw.close()


async def relayed(made: Stage, database: Database, count: int, settings: dict[str, Any]) -> float:
    """Seconds from the start of its subscriber until the last acknowledgement and the last DELETE."""
    assert version("faststream-outbox") == "0.19.0"
    tracing = NatsTelemetryMiddleware(tracer_provider=telemetry.provider())
    login = SASLPlaintext(ROOT, ROOT)
    nats = NatsBroker(made.nats.url, security=login, middlewares=(tracing,), apply_types=False, logger=None)
    engine = create_async_engine(database.url, pool_size=4)
    metadata = MetaData(schema="live")
    outbox = OutboxBroker(
        engine, outbox_table=make_outbox_table(metadata), apply_types=False, decoder=_whole, logger=None
    )
    stream = subjects.stream("loc", "registry")
    done = asyncio.Event()
    published = 0

    @outbox.subscriber(QUEUE, max_workers=1, **settings)
    async def relay(message: OutboxMessage) -> None:
        nonlocal published
        headers = dict(message.headers)
        await nats.publish(message.body, headers.pop("subject"), headers=headers, stream=stream, timeout=10)
        published += 1
        if published == count:
            done.set()

    await nats.connect()
    await nats.start()
    began = time.perf_counter()
    await outbox.start()
    await asyncio.wait_for(done.wait(), 120)
    await outbox.stop()
    took = time.perf_counter() - began
    await nats.stop()
    await engine.dispose()
    return took


async def _whole(message: OutboxMessage) -> OutboxMessage:
    return message
