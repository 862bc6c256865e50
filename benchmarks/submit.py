"""``POST`` of a 20-line report through the real registry ÷ a bare handler that commits the same rows in one statement.

Registry runs whole, as on any site: its own process, PostgreSQL with fsync, NATS (its relay publishes meanwhile),
traces sent to a receiver. Both get the very same prepared requests, from the same client, in turns.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from chassis import auth
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

IN_FLIGHT = 16
REPORTS = 2000
"""Of each side in each round."""
TURNS = 8
"""In so many parts of each round: the pace of a shared machine changes within seconds, and stands still at times."""
REST_SECONDS = 0.25
"""Before each part: what the other side left to do (a relay, a batch of spans) is done."""
WARM_UP = 1000
UNITS = 200
"""Each hands in a half-year and a year report in each of as many years as are needed."""
CLUSTER = "cum-do-toc-do"
ADMIN, DESK = "quan-tri", "thuong-truc"
OFFICERS = 20

Post = tuple[str, dict[str, Any], str]
"""Path, body, and the person who sends it."""


async def measure(folder: Path, rounds: int, say: Say) -> Figures:
    """Medians over the parts of all rounds of requests a second, registry and ceiling by turns, the first of each pair
    alternating."""
    async with AsyncExitStack() as running:
        ports = await _start(folder, running)
        clients = _Clients(folder)
        years = -(-(WARM_UP + rounds * REPORTS) // (2 * UNITS))
        for posts, in_flight in _world(years):
            await load.send(clients.prepare(posts), ports["registry"], in_flight)
        say(f"{UNITS} units, {years} years")
        reports = _reports(years)
        warm_up = clients.prepare([next(reports) for _ in range(WARM_UP)])
        for port in ports.values():
            await load.send(warm_up, port, IN_FLIGHT)
        told: dict[str, list[float]] = {name: [] for name in ports}
        for turn in range(rounds * TURNS):
            prepared = clients.prepare([next(reports) for _ in range(REPORTS // TURNS)])
            for name in sorted(ports, reverse=bool(turn % 2)):
                await asyncio.sleep(REST_SECONDS)
                answered = await load.send(prepared, ports[name], IN_FLIGHT)
                told[name].append(answered.answers / answered.seconds)
            if turn % TURNS == TURNS - 1:
                so_far = ", ".join(f"{name} {median(speeds):,.0f} requests/s" for name, speeds in told.items())
                say(f"{so_far} (client busy {answered.cpu_seconds / answered.seconds:.0%})")
    ratios = [ours / bare for ours, bare in zip(told["registry"], told["ceiling"], strict=True)]
    return {
        "submit_vs_ceiling": median(ratios),
        "submit_requests_per_second_abs": median(told["registry"]),
        "submit_ceiling_requests_per_second_abs": median(told["ceiling"]),
    }


async def _start(folder: Path, running: AsyncExitStack) -> dict[str, int]:
    """Servers, receiver of traces, registry and ceiling; the ports of the last two by name."""
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
    return ports


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


def _world(years: int) -> Iterator[tuple[list[Post], int]]:
    """What must be there before reports come in, in steps: what is to be posted, and how many of it at a time."""
    today = datetime.now(timezone.utc).date()
    since = {"starts": str(today - timedelta(days=30))}
    people = [DESK, *(f"can-bo-{nr}" for nr in range(OFFICERS))]
    post = {"unit_id": "tld", "post": "Chuyên viên", "period": since}
    yield [("/people", {"id": one, "particulars": {"name": one}, "post": post}, ADMIN) for one in people], 4
    desk = {"person_id": DESK, "role": "standing-office", "unit_id": "tld", "period": since}
    yield [("/grants", desk, ADMIN)], 1
    begun = {"run_by": "tld", "effective": "2011-06-07"}
    yield [("/clusters", {"id": CLUSTER, "name": "Cụm thi đua", "kind": "cluster", **begun}, ADMIN)], 1
    level = {"level": "grassroots", "kind": "grassroots-union", "parent_id": "tld", "effective": "2010-01-01"}
    named = [f"don-vi-{nr:03}" for nr in range(UNITS)]
    yield [("/units", {"id": one, "code": one.upper(), "name": f"Công đoàn {one}", **level}, ADMIN) for one in named], 4
    given = {"role": "officer", "period": since}
    yield [("/grants", {"person_id": _officer(nr), "unit_id": one, **given}, ADMIN) for nr, one in enumerate(named)], 4
    since_2011 = {"starts": "2011-06-07"}
    yield [(f"/clusters/{CLUSTER}/members", {"unit_id": one, "period": since_2011}, ADMIN) for one in named], 1
    dates = {"starts": str(today - timedelta(days=20)), "ends": str(today + timedelta(days=200))}
    told = {"label": "Năm thi đua", "kind": "calendar", "calendar_year": today.year, **dates}
    yield [("/years", {"id": f"nam-{nr}", **told}, ADMIN) for nr in range(years)], 4
    due = {"due": str(today + timedelta(days=30)), "rest_day_rule": "stands", "cluster_id": CLUSTER}
    yield (
        [
            (
                "/deadlines",
                {"id": f"han-{kind}-nam-{nr}", "year_id": f"nam-{nr}", "filing": f"{kind}-report", **due},
                DESK,
            )
            for nr in range(years)
            for kind in ("half-year", "year")
        ],
        1,
    )


def _officer(unit_nr: int) -> str:
    return f"can-bo-{unit_nr % OFFICERS}"


def _reports(years: int) -> Iterator[Post]:
    """Each report that may be handed in, once."""
    for year in range(years):
        for kind in ("half-year", "year"):
            for nr in range(UNITS):
                place = {"year_id": f"nam-{year}", "cluster_id": CLUSTER, "unit_id": f"don-vi-{nr:03}", "kind": kind}
                yield f"/reports/bc-{kind}-{year}-{nr}/submission", {**place, **_TWENTY_LINES}, _officer(nr)


_TWENTY_LINES = {
    "lines": [
        {
            "code": f"{1 + nr // 5}.{1 + nr % 5}",
            "actual": str(2000 + 37 * nr),
            "self_score": f"{nr % 10}.5",
            "explanation": "Kết nạp đoàn viên, thành lập công đoàn cơ sở vượt chỉ tiêu được giao từ đầu năm.",
        }
        for nr in range(20)
    ],
    "narrative": "Tổng kết phong trào thi đua yêu nước trong công nhân, viên chức, lao động.",
}


class _Clients:
    """The persons who write: each with a token and keys of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._private_key = Path(key_files(folder)[0]).read_text()
        self._tokens: dict[str, str] = {}
        self._numbers = count(1)

    def prepare(self, posts: list[Post]) -> Path:
        """A file of requests, each with its own Idempotency-Key."""
        file = self._folder / f"requests-{next(self._numbers)}"
        load.write(file, [load.request("POST", path, self._headers(person), body) for path, body, person in posts])
        return file

    def _headers(self, person: str) -> dict[str, str]:
        if person not in self._tokens:
            self._tokens[person], _ = auth.issue(f"person:{person}", site="vn", private_key=self._private_key)
        return {"Authorization": f"Bearer {self._tokens[person]}", "Idempotency-Key": f"lan-gui-{next(self._numbers)}"}


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
