"""``POST`` of a 20-line report through the real registry ÷ a bare handler that commits the same rows in one statement.

Registry runs whole, as on any site: its own process, PostgreSQL with fsync, NATS (its relay publishes meanwhile),
traces sent to a receiver. Both get the very same prepared requests, from the same client, in turns, and a turn begins
when nothing of the one before is left to do.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

import asyncpg
import httpx
from chassis.exporting import SCHEDULE_DELAY_MS
from chassis.layout import lay_out
from chassis.migrate import upgrade
from chassis.runtime import create_engine
from chassis.topology import OPS, Topology
from thidua.local.databases import Database
from thidua.local.folders import free_port, kept_secret, topology_file
from thidua.local.nats import EmbeddedNats, users_of
from thidua.local.postgres import EmbeddedPostgres
from thidua.local.processes import Child
from thidua.local.site import key_files

from benchmarks import load
from benchmarks.bare_submit import UNCHAINED
from benchmarks.row import Aim, Figures, Measurement, Say
from benchmarks.submissions import UNITS, Clients, reports, world

IN_FLIGHT = 16
REPORTS = 2000
"""Of each side in each turn: some four seconds, so that nearly all that a side leaves to its relay and to the thread
that sends its spans is done within its own turn."""
TURNS = 4
"""Of each side in each round: the pace of a shared machine changes within seconds, and stands still at times."""
SPANS_SECONDS = SCHEDULE_DELAY_MS / 1000 + 0.3
"""Rest before each turn, once the relay is done: the last spans of the other side are sent."""
RELAY_SECONDS = 60.0
LOOK_SECONDS = 0.05
WARM_UP = 1000
FILED = {
    "live.filing": "subject LIKE 'report:%'",
    "live.filing_revision": "subject LIKE 'report:%'",
    "chassis.log": "type = 'registry.report-submitted.v1'",
    "chassis.aggregate": "subject LIKE 'report:%'",
    "chassis.idempotency": "scope LIKE '% POST /reports/%'",
}
"""The tables that a submission writes to, and which of their rows are of one."""


async def measure(folder: Path, rounds: int, say: Say) -> Figures:
    """Medians over the turns of all rounds of requests a second, the first of each pair alternating."""
    async with AsyncExitStack() as running:
        ports, databases = await _start(folder, running)
        clients = Clients(folder)
        sent = WARM_UP + rounds * TURNS * REPORTS
        years = -(-sent // (2 * UNITS))
        for posts, in_flight in world(years):
            await load.send(clients.prepare(posts), ports["registry"], in_flight)
        say(f"{UNITS} units, {years} years")
        waiting = reports(years)
        warm_up = clients.prepare([next(waiting) for _ in range(WARM_UP)])
        for port in ports.values():
            await load.send(warm_up, port, IN_FLIGHT)
        told: dict[str, list[float]] = {name: [] for name in ports}
        behind: list[float] = []
        for turn in range(rounds * TURNS):
            prepared = clients.prepare([next(waiting) for _ in range(REPORTS)])
            for name in sorted(ports, reverse=bool(turn % 2)):
                await _rest(databases["registry"])
                answered = await load.send(prepared, ports[name], IN_FLIGHT)
                told[name].append(answered.answers / answered.seconds)
                if name == "registry":
                    behind.append(await _relayed(databases[name]))
            if turn % TURNS == TURNS - 1:
                so_far = ", ".join(f"{name} {median(speeds):,.0f} requests/s" for name, speeds in told.items())
                say(f"{so_far} (client busy {answered.cpu_seconds / answered.seconds:.0%})")
        await _same(databases, sent)
    ratios = [ours / bare for ours, bare in zip(told["registry"], told["ceiling"], strict=True)]
    return {
        "submit_vs_ceiling": median(ratios),
        "submit_requests_per_second_abs": median(told["registry"]),
        "submit_ceiling_requests_per_second_abs": median(told["ceiling"]),
        "submit_relay_behind_seconds_abs": median(behind),
    }


async def _rest(registry: Database) -> None:
    """Until nothing of the last turn is left to do: what is committed is relayed, and spans have been sent."""
    await _relayed(registry)
    await asyncio.sleep(SPANS_SECONDS)


async def _relayed(registry: Database) -> float:
    """Seconds until the relay's cursor stands at the head of the log. Raises TimeoutError."""
    began = time.perf_counter()
    db = await asyncpg.connect(registry.dsn)
    try:
        async with asyncio.timeout(RELAY_SECONDS):
            while True:
                if not await db.fetchval(_BEHIND):
                    return time.perf_counter() - began
                await asyncio.sleep(LOOK_SECONDS)
    finally:
        await db.close()


_BEHIND = "SELECT (SELECT coalesce(min(seq), 0) FROM chassis.relay_cursor) < (SELECT seq FROM chassis.log_head)"


async def _same(databases: dict[str, Database], sent: int) -> None:
    """Both sides have to leave a row of each report in each table. Raises RuntimeError."""
    found = {}
    for name, database in databases.items():
        db = await asyncpg.connect(database.dsn)
        for table, which in FILED.items():
            found[f"{table} of {name}"] = await db.fetchval(f"SELECT count(*) FROM {table} WHERE {which}")
        await db.close()
    wrong = {name: rows for name, rows in found.items() if rows != sent}
    if wrong:
        raise RuntimeError(f"{sent} reports were sent to each side, but rows are: {wrong}")


async def _start(folder: Path, running: AsyncExitStack) -> tuple[dict[str, int], dict[str, Database]]:
    """Servers, receiver of traces, registry and ceiling; ports and databases of the last two by name."""
    topology = Topology.load(topology_file())
    postgres = await running.enter_async_context(EmbeddedPostgres(folder))
    nats = EmbeddedNats(folder, users_of(topology, folder), domain=topology.domain)
    await running.enter_async_context(nats)
    await lay_out(topology, nats.url, nats.users[OPS].password)
    private, public = key_files(folder)
    traces = free_port()
    await _process(running, folder, "traces", ["-m", "thidua.traces", "--port", str(traces)], {}, traces, "/traces")
    settings: dict[str, object] = {
        "nats_url": nats.url,
        "nats_password": nats.users["registry"].password,
        "token_public_key": public,
        "token_private_key": private,
        "bootstrap_password": kept_secret(folder, "bootstrap"),
        "otlp_endpoint": f"http://127.0.0.1:{traces}",
    }
    databases = {name: await postgres.ensure_service(name) for name in ("registry", "ceiling")}
    await _bare_tables(databases["ceiling"])
    ports = {name: free_port() for name in databases}
    programs = {"registry": ["-m", "chassis.serve", "registry"], "ceiling": ["-m", "benchmarks.bare_submit"]}
    for name, database in databases.items():
        own = settings | {"database_url": database.url}
        program = [*programs[name], "--port", str(ports[name])]
        await _process(running, folder, name, program, own, ports[name], "/openapi.json")
    return ports, databases


async def _process(
    running: AsyncExitStack,
    folder: Path,
    name: str,
    program: list[str],
    settings: dict[str, object],
    port: int,
    path: str,
) -> None:
    environment = load.environment() | {f"THIDUA_{key.upper()}": str(value) for key, value in settings.items()}
    child = await Child.start(name, [sys.executable, *program], log=folder / f"{name}.log", env=environment)
    running.push_async_callback(child.stop)
    await child.ready(_answers(f"http://127.0.0.1:{port}{path}"), within=60)


def _answers(url: str) -> Callable[[], Awaitable[bool]]:
    async def answers() -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
                return (await http.get(url)).status_code == 200
        except httpx.HTTPError:
            return False

    return answers


async def _bare_tables(database: Database) -> None:
    """Registry's own tables, and what numbers a log that nothing locks."""
    engine = create_engine(database.url)
    await upgrade(engine, "registry")
    async with engine.begin() as db:
        await db.exec_driver_sql(UNCHAINED)
    await engine.dispose()


MEASUREMENT = Measurement(
    "submit",
    (
        Aim(
            "submit_vs_ceiling",
            "at least",
            0.65,
            f"POST of a 20-line report through registry ÷ bare handler, same rows, {IN_FLIGHT} in flight",
        ),
    ),
    measure,
)
