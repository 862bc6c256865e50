"""A follower that was away catches up, ten thousand to a million events; and the memory of each process meanwhile.

Registry and scoring run whole, as on any site, in processes of their own. Registry's relay first sends a log of a
million reports to the stream, then scoring follows it from the first event, each time in a new database.
"""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import linear_regression, median

import asyncpg
from chassis import auth
from chassis.migrate import upgrade
from chassis.positions import Position
from chassis.runtime import create_engine
from chassis.service import runtime
from chassis.settings import Settings
from contracts.catalogue import entry
from contracts.events.registry import ReportSubmitted
from scoring.main import service
from thidua.local.databases import Database
from thidua.local.folders import free_port
from thidua.local.processes import Child

from benchmarks import load
from benchmarks.memory import Growth, Held, growths, held, worst_of_each
from benchmarks.reports import LOG, reports
from benchmarks.row import Aim, Figures, Measurement, Say
from benchmarks.stage import Stage, stage
from benchmarks.tracing import traced

RUNS = {10_000: 10, 100_000: 3, 1_000_000: 1}
"""Events caught up with, and how often."""
EVENTS = max(RUNS)
WARM_UP = min(RUNS)
RELAY_WARM_UP = 300_000
"""Relayed before memory is looked at. NATS clears the ids of those that left the window in which it knows what comes
twice only when they are two thirds of what it holds: it takes three windows until it holds what it always will."""
LINES = 1
COPIED = 20_000
IN_FLIGHT = 500
LOOK_SECONDS = 0.02
MEMORY_SECONDS = 1.0
"""Memory is looked at less often: the kernel counts pages for it."""
PATIENCE = 900.0
_LOG = ("seq", "epoch", "prev", "hash", "type", "correlation", "header", "data", "traceparent")


@dataclass
class Watch:
    """How far something was when it was first seen to commit and when it was done, and how the memory grew of the
    processes that were there all the time.

    PostgreSQL starts others for a while (autovacuum): they hold no memory that could grow with the events.
    """

    began: tuple[float, int] = (0.0, 0)
    ended: tuple[float, int] = (0.0, 0)
    growths: list[Growth] = field(default_factory=list)

    def seconds(self, events: int) -> float:
        """For so many events, at the pace between the first commit seen and the last."""
        return events * (self.ended[0] - self.began[0]) / (self.ended[1] - self.began[1])


async def measure(folder: Path, rounds: int, say: Say) -> Figures:
    """As often as ``RUNS`` says, whatever the rounds."""
    _, public = auth.new_keys()
    async with stage(folder, sync_always=False) as made, traced("bench") as traces:
        common = {"nats_url": made.nats.url, "token_public_key": public, "otlp_endpoint": traces}
        servers = {"postgresql": made.postgres.child.pid, "nats": made.nats.child.pid}
        producer = await _log_of(made, RELAY_WARM_UP + EVENTS)
        # Copies of one database whose own log is open: to its stream and followers each is the same scoring.
        template = await made.database("catch_up_scoring", "scoring")
        async with runtime(service, Settings(database_url=template.url, token_public_key=public)):  # type: ignore[call-arg]
            pass
        own = {"database_url": producer.url, "nats_password": "registry", "relay_in_flight": IN_FLIGHT}
        async with _service(folder, "registry", common | own) as registry:
            cursor = "SELECT seq FROM chassis.relay_cursor"
            await _watched(producer, cursor, RELAY_WARM_UP, {})
            relayed = await _watched(producer, cursor, EVENTS, {"registry": registry, **servers}, after=RELAY_WARM_UP)
            parts = _parts("relaying", relayed, say)
            say(f"relayed {EVENTS / relayed.seconds(EVENTS):,.0f} events/s")
            times: dict[int, list[float]] = {events: [] for events in RUNS}
            for nr, events in enumerate([WARM_UP, *(events for events, often in RUNS.items() for _ in range(often))]):
                database = await made.database(f"catch_up_{nr}", "scoring", template.name)
                await made.fresh_consumer()
                await _checkpoint(made)
                own = {"database_url": database.url, "nats_password": "scoring"}
                async with _service(folder, "scoring", common | own) as scoring:
                    # The last run is the one over all events.
                    pids = {"scoring": scoring, "registry": registry, **servers} if events == EVENTS else {}
                    followed = await _watched(database, "SELECT seq FROM chassis.mark", events, pids)
                if nr:
                    times[events].append(followed.seconds(events))
                say(f"{events:,} events in {followed.seconds(events):.1f} s")
    middles = {events: median(took) for events, took in times.items()}
    slope = linear_regression([math.log(n) for n in middles], [math.log(took) for took in middles.values()]).slope
    parts |= _parts("following", followed, say)
    worst = max(relayed.growths + followed.growths, key=lambda growth: growth.ratio)
    return {
        "scaling_slope": slope,
        "rss_growth": worst.ratio,
        **parts,
        "rss_worst_first_tenth_bytes_abs": worst.first,
        "rss_worst_last_tenth_bytes_abs": worst.last,
        **{f"catch_up_{events}_seconds_abs": took for events, took in middles.items()},
        "catch_up_events_per_second_abs": EVENTS / middles[EVENTS],
        "relay_fill_events_per_second_abs": EVENTS / relayed.seconds(EVENTS),
    }


def _parts(doing: str, watch: Watch, say: Say) -> Figures:
    """Of each part, how much the process grew that grew most."""
    worst = worst_of_each(watch.growths)
    for one in worst.values():
        say(f"{doing}: {one.part} ×{one.ratio:.2f}, {one.first / 1e6:.1f} MB to {one.last / 1e6:.1f} MB ({one.title})")
    return {f"rss_growth_{doing}_{part}_abs": one.ratio for part, one in worst.items()}


async def _log_of(made: Stage, count: int) -> Database:
    """Registry's database with a log of so many reports that nothing has relayed yet."""
    database = await made.database("catch_up", "registry")
    engine = create_engine(database.url, pool_size=2)
    await upgrade(engine, "registry")
    await engine.dispose()
    db = await asyncpg.connect(database.dsn)
    kind, log, last = entry(ReportSubmitted).type, reports(count, LINES), Position.start(LOG)
    while page := list(islice(log, COPIED)):
        rows = [(e.seq, 1, e.prev, e.hash, kind, f"case-{e.seq:010}", e.header, e.data, e.traceparent) for e in page]
        await db.copy_records_to_table("log", schema_name="chassis", records=rows, columns=_LOG, timeout=120)
        last = Position.of(page[-1])
    await db.execute(
        "INSERT INTO chassis.log_head (log, epoch, seq, hash) VALUES ($1, $2, $3, $4)",
        LOG, last.epoch, last.seq, last.hash,
    )  # fmt: skip
    await db.close()
    return database


@asynccontextmanager
async def _service(folder: Path, name: str, settings: Mapping[str, object]) -> AsyncIterator[int]:
    """A service's process; yields its number."""
    environment = load.environment() | {f"THIDUA_{key.upper()}": str(value) for key, value in settings.items()}
    command = [sys.executable, "-m", "chassis.serve", name, "--port", str(free_port())]
    child = await Child.start(name, command, log=folder / f"{name}.log", env=environment)
    try:
        yield child.pid
    finally:
        await child.stop()


async def _watched(database: Database, query: str, events: int, pids: Mapping[str, int], after: int = 0) -> Watch:
    """Look until ``query`` says that so many events ``after`` the first ones are done. TimeoutError after a quarter of
    an hour."""
    watch = Watch()
    memory: dict[str, list[tuple[int, Held]]] = {name: [] for name in pids}
    looked = 0.0
    db = await asyncpg.connect(database.dsn)
    try:
        async with asyncio.timeout(PATIENCE):
            at = 0
            while at < after + events:
                await asyncio.sleep(LOOK_SECONDS)
                at = await db.fetchval(query) or 0
                if not at:
                    continue
                now = (time.perf_counter(), at)
                watch.began = watch.began if watch.began[1] else now
                watch.ended = now
                if now[0] - looked >= MEMORY_SECONDS:
                    looked = now[0]
                    for name, pid in pids.items():
                        memory[name].append((at - after, held(pid)))
    finally:
        await db.close()
    watch.growths = [one for name, samples in memory.items() for one in growths(name, samples, events)]
    return watch


async def _checkpoint(made: Stage) -> None:
    db = await asyncpg.connect(made.postgres.superuser.dsn)
    await db.execute("CHECKPOINT", timeout=300)
    await db.close()


MEASUREMENT = Measurement(
    "catch_up",
    (
        Aim("scaling_slope", "at most", 1.05, "log-log slope of the time to catch up with 10⁴, 10⁵, 10⁶ events"),
        Aim("rss_growth", "at most", 1.1, "memory of each process, last tenth ÷ first tenth of a million (worst)"),
    ),
    measure,
)
