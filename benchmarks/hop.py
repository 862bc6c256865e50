"""How long an event takes from the commit in registry to the commit of its effect in scoring, while all is idle.

Each service has a process of its own, as on a site; scoring's (``python -m benchmarks.hop``) prints the instant of
each commit, on the clock that all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from pathlib import Path
from statistics import median, quantiles

import asyncpg
import registry.main
import scoring.main
import uvloop
from chassis import auth
from chassis.facts import Recorded, Stored
from chassis.facts import read as read_fact
from chassis.ids import new_id
from chassis.logs import setup_logs
from chassis.runtime import Runtime
from chassis.service import Service, runtime
from chassis.settings import Settings
from chassis.telemetry import setup_tracing
from chassis.work import Command, Work, hot, service_act
from chassis.worker import at_work
from contracts.catalogue import Fact
from nats.js import JetStreamContext
from thidua.local.databases import Database

from benchmarks import load
from benchmarks.follow import filing
from benchmarks.reports import LOG, reports
from benchmarks.row import Aim, Figures, Measurement, Say
from benchmarks.stage import Stage, on_uvloop, stage
from benchmarks.tracing import traced

SAMPLES = 2_100
BLOCK = 100
"""So many hops, then so many bare ones, and so on: what the machine does besides falls on both."""
LINES = 20
PAUSE = 0.004
"""Seconds until the cursor of the relay has followed: an idle site."""

_APPEND = (
    "INSERT INTO chassis.log (seq, epoch, prev, hash, type, correlation, header, data, traceparent)"
    " VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8)"
)
_EFFECT = (
    "WITH moved AS (UPDATE chassis.mark SET epoch = $1, seq = $2, hash = $3 WHERE log = $4),"
    " kept AS (INSERT INTO chassis.received (log, epoch, seq, prev, hash, header, data, traceparent, received_at)"
    " VALUES ($4, $1, $2, $5, $3, $6, $7, $8, $9))"
    " INSERT INTO filing (subject, kind, cluster_id, year_id, unit_id, revision, state, punctuality, awaits, contested,"
    " means, typed_by, submitted, content)"
    " VALUES ($10, $11, $12, $13, $14, $15, 'submitted', $16, $17, false, $18, $19, $20, $21)"
)


async def measure(folder: Path, rounds: int, say: Say) -> Figures:
    """The samples are the rounds: they take turns with the bare ones block by block."""
    async with stage(folder) as made, traced("registry") as address:
        names = [("registry", "registry"), ("scoring", "scoring"), ("bare_log", "registry"), ("bare_effect", "scoring")]
        databases = {name: await made.database(name, role) for name, role in names}
        hops, whole, bare = await on_uvloop(_alternating(made, databases, address, say))
    percentiles = quantiles(hops, n=100)
    return {
        "hop_p50_ms": percentiles[49] * 1000,
        "hop_p99_ms": percentiles[98] * 1000,
        "hop_vs_bare": median(hops) / median(bare),
        "hop_samples_abs": len(hops),
        "hop_bare_p50_ms_abs": median(bare) * 1000,
        "hop_from_start_p50_ms_abs": median(whole) * 1000,
    }


async def _alternating(
    made: Stage, databases: dict[str, Database], address: str, say: Say
) -> tuple[list[float], list[float], list[float]]:
    """Seconds of each hop from the return of the producer's commit, and from its start; of each bare one."""
    hops: list[float] = []
    whole: list[float] = []
    bare: list[float] = []
    events = list(reports(SAMPLES + BLOCK, LINES))
    async with (
        _at_work(registry.main.service, databases["registry"].url, made.nats.url) as producer,
        _reader(databases["scoring"], made, address) as reader,
        _prepared(scoring.main.service, databases["bare_effect"]) as effect,
        _prepared(registry.main.service, databases["bare_log"]) as log,
    ):
        client = await made.client()
        js = client.jetstream()
        # A stream that nobody follows: the bare messages must not come to the follower's.
        await js.add_stream(name="loc-bare", subjects=["bare.>"])
        await effect.execute("INSERT INTO chassis.mark VALUES ($1, 1, 0, '')", LOG)
        facts = [read_fact(event) for event in events]
        committed: list[int] = []
        producer.changes.hand_to(lambda _: committed.append(time.monotonic_ns()))
        await asyncio.wait_for(reader.readline(), 60)
        await _hops(producer, committed, reader, facts[:BLOCK])
        await _bare(log, js, effect, events[:BLOCK])
        for first in range(BLOCK, SAMPLES + BLOCK, BLOCK):
            for since_return, since_start in await _hops(producer, committed, reader, facts[first : first + BLOCK]):
                hops.append(since_return)
                whole.append(since_start)
            bare += await _bare(log, js, effect, events[first : first + BLOCK])
            if first % 700 == 0:
                say(f"{median(hops) * 1000:.2f} ms, bare {median(bare) * 1000:.2f} ms after {len(hops)}")
        await client.close()
    return hops, whole, bare


@asynccontextmanager
async def _at_work(service: Service, database_url: str, nats_url: str) -> AsyncIterator[Runtime]:
    """A service that relays and follows, without HTTP."""
    _, public = auth.new_keys()
    settings = Settings(
        database_url=database_url, token_public_key=public, nats_url=nats_url, nats_password=service.name
    )  # type: ignore[call-arg]
    async with runtime(service, settings) as running, at_work(running):
        yield running


@asynccontextmanager
async def _reader(database: Database, made: Stage, address: str) -> AsyncIterator[asyncio.StreamReader]:
    """What scoring's process prints: ``ready``, then the instant of each commit in nanoseconds.

    Read on the loop: a thread that waits for it would take its turns from the relay that is measured.
    """
    program = [sys.executable, "-m", "benchmarks.hop", database.url, made.nats.url, address]
    environment = load.environment()
    process = subprocess.Popen(program, stdout=subprocess.PIPE, env=environment)  # noqa: ASYNC220
    assert process.stdout is not None
    told = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(told), process.stdout)
    try:
        yield told
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 20)
        process.stdout.close()


async def _read(database_url: str, nats_url: str, address: str) -> None:
    """Scoring's process: it follows until it is terminated."""
    setup_logs("scoring", "vn")
    setup_tracing("scoring", "vn", address)
    async with _at_work(scoring.main.service, database_url, nats_url) as reader:
        changed = reader.changes.listen()
        while reader.health:  # noqa: ASYNC110 - nothing tells when the last trouble is over
            await asyncio.sleep(0.05)
        changed.clear()
        print("ready", flush=True)
        while True:
            await changed.wait()
            print(time.monotonic_ns(), flush=True)
            changed.clear()


@asynccontextmanager
async def _prepared(service: Service, database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A bare connection to a database that has the service's tables."""
    _, public = auth.new_keys()
    async with runtime(service, Settings(database_url=database.url, token_public_key=public)):  # type: ignore[call-arg]
        db = await asyncpg.connect(database.dsn, server_settings={"search_path": "live,chassis,public", "jit": "off"})
        try:
            yield db
        finally:
            await db.close()


async def _hops(
    producer: Runtime, committed: list[int], reader: asyncio.StreamReader, facts: list[Recorded[Fact]]
) -> list[tuple[float, float]]:
    """Seconds of each to the return of the follower's commit: from the return of the producer's commit, and from its
    start, when the handler has decided."""
    took = []
    decided: list[int] = []
    for fact in facts:
        asked = Command("bench", new_id(), "0" * 64, service_act("registry", producer.clock.now()))
        await asyncio.sleep(PAUSE)
        await producer.performer.perform(asked, _record, fact, decided)
        ended = int(await asyncio.wait_for(reader.readline(), 30))
        took.append(((ended - committed[-1]) / 1e9, (ended - decided[-1]) / 1e9))
    return took


@hot
async def _record(work: Work, fact: Recorded[Fact], decided: list[int]) -> None:
    work.record(fact.data, *fact.header.subjects)
    decided.append(time.monotonic_ns())


async def _bare(
    log: asyncpg.Connection, js: JetStreamContext, effect: asyncpg.Connection, events: list[Stored]
) -> list[float]:
    """Seconds of each: the event's row committed, the message acknowledged, the effect's rows committed."""
    took = []
    for event in events:
        header, data = json.loads(event.header), json.loads(event.data)
        row = filing(header, data)
        now = datetime.now(timezone.utc)
        kept = (LOG, event.prev, event.header, event.data, event.traceparent, now)
        await asyncio.sleep(PAUSE)
        began = time.perf_counter()
        await log.execute(
            _APPEND,
            event.seq + 1, event.prev, event.hash, header["type"], header["correlation"],
            event.header, event.data, event.traceparent,
        )  # fmt: skip
        await js.publish("bare.event", event.data, headers={"thidua-header": event.header.decode()})
        await effect.execute(_EFFECT, 1, event.seq, event.hash, *kept, *row)
        took.append(time.perf_counter() - began)
    return took


MEASUREMENT = Measurement(
    "hop",
    (
        Aim(
            "hop_p50_ms",
            "at most",
            15,
            "commit of a 20-line report in registry → commit of its effect in scoring, idle",
        ),
        Aim("hop_p99_ms", "at most", 60, "the same, the slowest of a hundred"),
        Aim("hop_vs_bare", "at most", 2, "the median ÷ (bare commit + bare publish + bare commit)"),
    ),
    measure,
)

if __name__ == "__main__":
    uvloop.run(_read(*sys.argv[1:4]))
