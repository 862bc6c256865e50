"""One relay from a filled log to JetStream, beside raw ``publish_async`` and beside ``faststream-outbox``.

All three get the same events: reports of five lines, about 1.6 KB with headers, each in a trace of its own. The relay
works as in a service: pages of its log from PostgreSQL, header blocks, spans, cursor; it is timed from its start until
its cursor stands at the head of the log. The ceiling has subject, body and headers ready in memory, reads and writes no
database, and sends one after the other with so many in flight; each gets its span, too. All run on the loop that
services run on, over one connection to one server with one stream, which is laid anew before each turn.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from statistics import median

import asyncpg
from chassis.broker import make_broker, start_broker
from chassis.facts import Stored
from chassis.link import Link
from chassis.migrate import upgrade
from chassis.relay import Relay
from chassis.runtime import create_engine
from chassis.telemetry import Promised, keep_promise, promise_span
from opentelemetry.trace import SpanKind
from sqlalchemy import text
from thidua.local.databases import Database

from benchmarks import outbox_peer
from benchmarks.reports import LOG, reports
from benchmarks.row import Aim, Figures, Measurement, Say
from benchmarks.stage import ROOT, STREAM, Stage, on_uvloop, stage, travelling
from benchmarks.tracing import traced

LINES = 5
PATIENCE = 120.0
SETTINGS = (("_always", True, 32, 6_000, 1_500), ("", False, 500, 20_000, 2_000))
"""Suffix of the names, ``sync_interval: always`` or the server's default, in flight, events, events of the peer."""


async def measure(folder: Path, rounds: int, say: Say) -> Figures:
    figures: Figures = {}
    for suffix, always, in_flight, count, few in SETTINGS:
        (folder / f"set{suffix}").mkdir()
        async with stage(folder / f"set{suffix}", sync_always=always) as made, traced("registry"):
            figures |= await _compare(made, rounds, say, suffix, in_flight, count, few)
    return figures


async def _compare(made: Stage, rounds: int, say: Say, suffix: str, in_flight: int, count: int, few: int) -> Figures:
    events = list(reports(count, LINES))
    database = await made.database("relay", "registry")
    await _filled(database, events)
    sides: dict[str, tuple[int, Callable[[], Awaitable[float]]]] = {
        "ours": (count, lambda: our_relay(made, database, in_flight)),
        "ceiling": (count, lambda: raw(made, events, in_flight)),
        "peer": (few, lambda: outbox_peer.relayed(made, database, few, outbox_peer.DEFAULTS)),
        "tuned peer": (few, lambda: outbox_peer.relayed(made, database, few, outbox_peer.TUNED)),
    }
    told: dict[str, list[float]] = {name: [] for name in sides}
    for nr in range(rounds):
        for name in sorted(sides, reverse=bool(nr % 2)):
            many, side = sides[name]
            await made.fresh_stream()
            if name.endswith("peer"):
                await outbox_peer.fill(database, events[:few])
            told[name].append(many / await on_uvloop(side()))  # type: ignore[arg-type]
            assert await made.held() == many, f"{name} left {await made.held()} of {many} in the stream"
        say(f"{in_flight} in flight: " + ", ".join(f"{name} {rates[-1]:,.0f}/s" for name, rates in told.items()))
    return {
        f"relay_vs_ceiling{suffix}": median(a / b for a, b in zip(told["ours"], told["ceiling"], strict=True)),
        f"relay_vs_peer{suffix}": median(a / b for a, b in zip(told["ours"], told["peer"], strict=True)),
        f"relay_vs_tuned_peer{suffix}_abs": median(
            a / b for a, b in zip(told["ours"], told["tuned peer"], strict=True)
        ),
        **{
            f"relay{suffix}_{name.replace(' ', '_')}_events_per_second_abs": median(rates)
            for name, rates in told.items()
        },
    }


async def _filled(database: Database, events: list[Stored]) -> None:
    """The registry's database with these events in its log."""
    engine = create_engine(database.url, pool_size=2)
    await upgrade(engine, "registry")
    await engine.dispose()
    db = await asyncpg.connect(database.dsn)
    rows = [
        (e.seq, e.epoch, e.prev, e.hash, "registry.report-submitted.v1", "case", e.header, e.data, e.traceparent)
        for e in events
    ]
    columns = ("seq", "epoch", "prev", "hash", "type", "correlation", "header", "data", "traceparent")
    await db.copy_records_to_table("log", schema_name="chassis", records=rows, columns=columns)
    last = events[-1]
    await db.execute("INSERT INTO chassis.log_head VALUES (true, $1, 1, $2, $3)", LOG, last.seq, last.hash)
    await db.execute("VACUUM ANALYZE chassis.log")
    await db.close()


async def our_relay(made: Stage, database: Database, in_flight: int) -> float:
    """Seconds from the relay's start until its cursor stands at the head."""
    link = Link()
    broker = make_broker(made.nats.url, ROOT, ROOT, link)
    await start_broker(broker, link)
    engine = create_engine(database.url)
    async with engine.begin() as db:
        await db.exec_driver_sql("DELETE FROM chassis.relay_cursor")
    idle = asyncio.Event()
    relay = Relay(
        engine.execution_options(isolation_level="AUTOCOMMIT"),
        LOG,
        broker.connection,
        "loc",
        in_flight=in_flight,
        fell_idle=idle.set,
    )
    began = time.perf_counter()
    working = asyncio.create_task(relay.run())
    left: int | None = None
    async with asyncio.timeout(PATIENCE):
        # It may fall idle while a page is being read, too.
        while left != 0:
            await idle.wait()
            idle.clear()
            async with engine.connect() as db:
                left = await db.scalar(text("SELECT h.seq - c.seq FROM chassis.log_head h, chassis.relay_cursor c"))
    took = time.perf_counter() - began
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await broker.stop()
    await engine.dispose()
    return took


def _span_ended(place: Promised, _: object) -> None:
    keep_promise("relay registry.report-submitted.v1", place, time.time_ns(), SpanKind.PRODUCER)


async def raw(made: Stage, events: list[Stored], in_flight: int) -> float:
    """Seconds for the same messages by ``publish_async``, so many in flight, until the last acknowledgement."""
    client = await made.client()
    js = client.jetstream(publish_async_max_pending=in_flight)
    ready = [(event, *travelling(event)) for event in events]
    began = time.perf_counter()
    for event, subject, headers in ready:
        place = promise_span(event.traceparent, time.time_ns())
        headers["traceparent"] = place.traceparent
        told = await js.publish_async(subject, event.data, stream=STREAM, headers=headers)
        told.add_done_callback(partial(_span_ended, place))
    await asyncio.wait_for(js.publish_async_completed(), PATIENCE)
    took = time.perf_counter() - began
    await client.close()
    return took


MEASUREMENT = Measurement(
    "relay",
    (
        Aim("relay_vs_ceiling_always", "at least", 0.95, "sync_interval: always, 32 in flight ÷ raw publish_async"),
        Aim("relay_vs_peer_always", "at least", 7, "the same ÷ faststream-outbox with its defaults, in order"),
        Aim("relay_vs_ceiling", "at least", 1.0, "default sync setting, 500 in flight ÷ raw publish_async"),
        Aim("relay_vs_peer", "at least", 25, "the same ÷ faststream-outbox with its defaults, in order"),
    ),
    measure,
)
