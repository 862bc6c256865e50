"""What runs beside HTTP in each copy, and, in the one that holds the worker lease, all that moves by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from chassis import forks, gate, head_file, logread, neighbours, rebuilding, received, subjects
from chassis.clockwork import keep_time, react
from chassis.follower import Follower
from chassis.following import follow
from chassis.gate_steps import STREAM
from chassis.lease import run_under_lease
from chassis.line import Line
from chassis.logs import get_logger
from chassis.measuring import measure
from chassis.patience import endlessly
from chassis.positions import Position
from chassis.projection import Projection
from chassis.relay import Relay
from chassis.runtime import Runtime
from chassis.service import Service
from chassis.stream_read import last_event
from chassis.telling import Telling
from chassis.tending import Tasks, end
from chassis.topology import ServiceLinks, Topology
from chassis.whole import become_whole

_log = get_logger(__name__)
WORKER_LOCK = 71002
MEASURE_SECONDS = 2.0
DECISION_SECONDS = 0.5
"""How often a follower that stopped at a fork looks whether people have chosen."""
REBUILD_SECONDS = 2.0


@asynccontextmanager
async def at_work(runtime: Runtime) -> AsyncIterator[None]:
    """Connect to NATS, answer ``log.read``, and stand in line for the worker lease, as long as the block lasts.

    Needs neither NATS nor the lease to begin: HTTP answers without them, and ``runtime.health`` says what is away.
    """
    line = Line(runtime)
    try:
        await gate.refresh(runtime)
        runtime.inquiry = line.inquiry
        async with Tasks() as tasks:
            tasks.start(endlessly("watching the gate", partial(gate.watch, runtime), runtime.report))
            tasks.start(line.connect())
            tasks.start(endlessly("waking relays", line.wake_relays, runtime.report))
            tasks.start(endlessly("passing on redrives", line.pass_on_redrives, runtime.report))
            if runtime.settings.worker:
                dsn = runtime.settings.database_url.replace("+asyncpg", "", 1)
                tasks.start(run_under_lease(dsn, WORKER_LOCK, _Worker(runtime, line).work))
            yield
    finally:
        await end(*runtime.under_way)
        await line.disconnect()


class _Worker:
    """What a copy does while it holds the lease."""

    def __init__(self, runtime: Runtime, line: Line) -> None:
        self._runtime = runtime
        self._line = line
        settings, service = runtime.settings, runtime.service
        self._topology = Topology(
            site=settings.site,
            services={
                service.name: ServiceLinks(follows=tuple(dict.fromkeys(one.log for one in service.follows))),
                **{one.log: ServiceLinks() for one in service.follows},
            },
        )
        self._telling = Telling(line.broker, line.link, runtime)
        self._parts: set[str] = set()
        """What is kept up under the lease, by the name under which it reports."""

    async def work(self) -> None:
        """Everything that only one copy does, until the lease is lost: judge the gate, and move while it is open."""
        passage = self._runtime.gate
        if not passage.open and self._runtime.service.on_start is not None:
            self._runtime.report("start", "waits for the gate")
        try:
            async with Tasks() as tasks:
                tasks.start(self._kept_up("judging", self._judge))
                tasks.start(self._kept_up("measuring", self._measure))
                while True:
                    await passage.opened.wait()
                    await self._move_until(passage.shut)
        finally:
            # Without the lease nothing of this is at work here any more, well or unwell; the next holder reports it.
            for part in self._parts:
                self._runtime.report(part, None)
            self._parts.clear()

    async def _judge(self) -> None:
        runtime, service = self._runtime, self._runtime.service.name
        stream = subjects.stream(subjects.LOCAL, service)
        events = subjects.own_events(subjects.LOCAL, runtime.settings.site, service)

        async def stream_knows(patience: float) -> Position | None:
            await self._line.connected.wait()
            found = await last_event(self._line.broker.connection, stream, events, patience)
            return Position.of(found[1]) if found else None

        async def knows(follower: str, patience: float) -> Position:
            await self._line.connected.wait()
            return await logread.ask_mark(self._line.broker, runtime.log, follower, patience)

        witnesses: dict[str, gate.Witness] = {STREAM: stream_knows}
        for follower in await gate.followers_of(runtime):
            witnesses[follower] = partial(knows, follower)
        await gate.judge(runtime, witnesses)

    async def _move_until(self, shut: asyncio.Event) -> None:
        """All that moves by itself, while the gate is open."""
        runtime, service = self._runtime, self._runtime.service
        try:
            async with Tasks() as tasks:
                tasks.start(self._move(tasks, service))
                if runtime.settings.head_file:
                    keep = partial(head_file.keep, runtime.alone, Path(runtime.settings.head_file), runtime.log)
                    tasks.start(self._kept_up("head file", keep))
                await shut.wait()
        finally:
            self._line.relays.clear()
            self._line.followers.clear()

    async def _move(self, tasks: Tasks, service: Service) -> None:
        runtime = self._runtime
        if service.on_start is not None:
            await endlessly("start", partial(service.on_start, runtime), runtime.report, once=True)
            runtime.report("start", None)
        for reaction in service.reactions:
            tasks.start(self._kept_up(f"reaction {reaction.name}", partial(react, runtime, reaction)))
        for timer in service.timers:
            tasks.start(self._kept_up(f"timer {timer.name}", partial(keep_time, runtime, timer)))
        for step in service.background:
            name = getattr(step, "__name__", "background")
            tasks.start(self._kept_up(name, partial(step, runtime)))
        tasks.start(self._kept_up("partitions", self._keep_partitions))
        tasks.start(self._kept_up("rebuilding", self._rebuild))
        await self._line.connected.wait()
        whole = partial(become_whole, runtime, self._line.head_of)
        tasks.start(endlessly("becoming whole", whole, runtime.report, once=True))
        for destination in neighbours.destinations(runtime):
            part = f"relay {destination.tree}" if destination.away else "relay"
            tasks.start(self._kept_up(part, partial(self._relay_log, destination, part)))
        tasks.start(self._kept_up("beacon", self._telling.run))
        for projection in runtime.follows:
            part = self._part(projection)
            tasks.start(self._kept_up(part, partial(self._follow, projection, part)))

    def _kept_up(self, part: str, step: Callable[[], Awaitable[None]]) -> Coroutine[Any, Any, None]:
        self._parts.add(part)
        return self._runtime.kept_up(part, step)

    async def _relay_log(self, destination: neighbours.Destination, part: str) -> None:
        runtime = self._runtime
        relay = Relay(
            runtime.alone,
            runtime.log,
            self._line.broker.connection,
            destination.tree,
            domain=destination.domain,
            in_flight=runtime.settings.relay_in_flight,
            poll_seconds=runtime.settings.poll_seconds,
            veil=destination.veil,
            hot=runtime.hot,
            fell_idle=self._telling.published,
            trouble=lambda wrong: runtime.report(part, wrong),
        )
        self._line.relays.append(relay)
        try:
            await relay.run()
        finally:
            self._line.relays.remove(relay)

    def _part(self, projection: Projection) -> str:
        return f"follower {projection.log if projection.site is None else self._runtime.log_of(projection)}"

    async def _follow(self, projection: Projection, part: str) -> None:
        """Follow until a fork shows; then wait until people have chosen, and go on from where their choice begins."""
        runtime = self._runtime
        log = runtime.log_of(projection)
        while True:
            while (chosen := await self._undecided(log)) is not None:
                runtime.report(part, chosen)
                await asyncio.sleep(DECISION_SECONDS)
            runtime.report(part, None)
            await self._follow_until_fork(projection, part)

    async def _undecided(self, log: str) -> str | None:
        async with self._runtime.alone.connect() as db:
            return await forks.undecided(db, log)

    async def _follow_until_fork(self, projection: Projection, part: str) -> None:
        runtime = self._runtime
        log = runtime.log_of(projection)
        async with Tasks() as tasks:
            follower = Follower(
                runtime.engine,
                log,
                projection,
                self._line.fetch,
                hot=runtime.hot,
                batch_events=runtime.settings.batch_events,
                gap_seconds=runtime.settings.gap_seconds,
                applied=runtime.changes.tell,
                told=lambda at: self._telling.marked(log, at),
                trouble=lambda wrong: runtime.report(part, wrong),
            )
            self._line.followers[log] = follower
            following = neighbours.following(runtime, projection)

            at_work = tasks.start(follow(self._line.broker, self._topology, following, follower, self._line.link))
            await follower.stopped.wait()
            if follower.fork is None:
                await at_work  # it broke: what it raises is reported, and it begins again after a rest
            if follower.fork is not None and follower.branches is not None:
                kind, mark, seen = follower.branches
                async with runtime.engine.begin() as db:
                    await forks.record(db, log, kind, follower.fork, mark, seen)

    async def _keep_partitions(self) -> None:
        while True:
            async with self._runtime.engine.begin() as db:
                await received.make_partitions(db, datetime.now(timezone.utc).date())
            await asyncio.sleep(12 * 3600)

    async def _rebuild(self) -> None:
        while True:
            while await rebuilding.do_next(self._runtime):
                pass
            await asyncio.sleep(REBUILD_SECONDS)

    async def _measure(self) -> None:
        while True:
            known = {log: follower.known for log, follower in self._line.followers.items()}
            for log in await measure(self._runtime, known):
                if log in self._line.followers:
                    self._line.followers[log].redrive()
            await asyncio.sleep(MEASURE_SECONDS)
