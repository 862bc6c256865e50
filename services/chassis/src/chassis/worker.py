"""What runs beside HTTP in each copy, and, in the one that holds the worker lease, all that moves by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

import nats.errors

from chassis import beacon, broker, forks, gate, head_file, logread, neighbours, rebuilding, received, subjects
from chassis.clockwork import keep_time, react
from chassis.facts import Appended
from chassis.follower import Follower
from chassis.following import follow
from chassis.gate_steps import STREAM
from chassis.inquiry import Inquiry
from chassis.instants import obey_instants
from chassis.lease import run_under_lease
from chassis.link import Link, LinkEvent
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
from chassis.withheld import veil_for

_log = get_logger(__name__)
WORKER_LOCK = 71002
MEASURE_SECONDS = 2.0
DECISION_SECONDS = 0.5
"""How often a follower that stopped at a fork looks whether people have chosen."""
REBUILD_SECONDS = 2.0
REDRIVE_SECONDS = 0.5
TOGETHER_SECONDS = 0.02
"""While many commands commit, their events go to the stream together: a page of one costs as much as one of fifty."""


@asynccontextmanager
async def at_work(runtime: Runtime) -> AsyncIterator[None]:
    """Connect to NATS, answer ``log.read``, and stand in line for the worker lease, as long as the block lasts.

    Needs neither NATS nor the lease to begin: HTTP answers without them, and ``runtime.health`` says what is away.
    """
    worker = _Worker(runtime)
    try:
        await gate.refresh(runtime)
        runtime.inquiry = worker.inquiry
        async with Tasks() as tasks:
            tasks.start(endlessly("watching the gate", partial(gate.watch, runtime), worker.report))
            tasks.start(worker.connect())
            tasks.start(worker.wake_relays())
            tasks.start(worker.pass_on_redrives())
            if runtime.settings.worker:
                dsn = runtime.settings.database_url.replace("+asyncpg", "", 1)
                tasks.start(run_under_lease(dsn, WORKER_LOCK, worker.work))
            yield
    finally:
        await end(*runtime.under_way)
        await worker.disconnect()


class _Worker:
    """One copy's connection to NATS and, while it holds the lease, its relay and followers."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._link = Link()
        settings, service = runtime.settings, runtime.service
        user = settings.nats_user or service.name
        below = settings.site if settings.above else ""
        self._broker = broker.make_broker(settings.nats_url, user, settings.nats_password, self._link, below=below)
        self._topology = Topology(
            site=settings.site,
            services={
                service.name: ServiceLinks(follows=tuple(dict.fromkeys(one.log for one in service.follows))),
                **{one.log: ServiceLinks() for one in service.follows},
            },
        )
        self.inquiry = Inquiry(self._broker, runtime.log, subjects.LOCAL)
        self._connected = asyncio.Event()
        self._to_relay = asyncio.Event()
        """Something was committed that no relay has been handed."""
        self._relays: list[Relay] = []
        self._followers: dict[str, Follower] = {}
        self._holders: dict[str, set[str]] = {}
        """Services heard to follow a log: asked for it when its producer is silent."""
        self._telling = Telling(self._broker, self._link, runtime)
        self._parts: set[str] = set()
        """What is kept up under the lease, by the name under which it reports."""
        runtime.changes.hand_to(self._committed)

    async def connect(self) -> None:
        """Listen and answer on NATS; waits for the server as long as it takes."""
        runtime, site = self._runtime, self._runtime.settings.site
        self.report("nats", "not connected")
        self._link.listen(self._link_changed)
        broker.hear(self._broker, subjects.beacon(site, "*"), self._heard_beacon)
        broker.hear(self._broker, subjects.mark(site, "*"), self._heard_mark)
        broker.hear(self._broker, subjects.wake(site, runtime.service.name), self._heard_wake)
        obey_instants(self._broker, runtime)
        own = logread.answering(runtime.engine, runtime.log, own=True)
        broker.answer(self._broker, subjects.log_read(site, runtime.service.name), own, queue="log-read")
        for other in neighbours.other_sites(runtime):
            broker.hear(self._broker, subjects.beacon(other, runtime.service.name), self._heard_beacon)
            broker.hear(self._broker, subjects.mark(other, runtime.service.name), self._heard_mark)
        for below, scopes in runtime.settings.below.items() if runtime.service.shows else ():
            veiled = logread.answering(runtime.engine, runtime.log, own=True, veil=veil_for(runtime.service, scopes))
            broker.answer(self._broker, subjects.log_read(site, runtime.service.name, below), veiled, queue="log-read")
        for log in map(runtime.log_of, runtime.follows):
            if neighbours.reader(runtime, log):
                continue  # of what came from above some may be withheld here: nobody is to be given it as the log
            held = logread.answering(runtime.engine, log, own=False)
            producer_site, producer = log.split(".")
            subject = subjects.log_held(producer_site, producer, runtime.service.name)
            broker.answer(self._broker, subject, held, queue="log-held")
        await endlessly("nats", lambda: broker.start_broker(self._broker, self._link), self.report, once=True)
        self._connected.set()

    async def disconnect(self) -> None:
        with suppress(nats.errors.Error, TimeoutError, AttributeError):
            await self._broker.stop()

    def report(self, part: str, wrong: str | None) -> None:
        # What goes to or comes from another site has a dot in its name: the tree, or the log with its site.
        health = self._runtime.apart if "." in part else self._runtime.health
        if wrong is None:
            health.pop(part, None)
        else:
            health[part] = wrong

    def _link_changed(self, event: LinkEvent) -> None:
        self.report("nats", None if self._link.up else event)
        if event == "reconnected":
            for relay in self._relays:
                relay.reconnected()

    def _committed(self, appended: Appended) -> None:
        """Hand a relay of this copy what was just committed; while more commits are under way, let it read them all."""
        if self._relays and not self._runtime.changes.more_to_come:
            for relay in self._relays:
                relay.committed(appended)
        else:
            self._to_relay.set()

    async def wake_relays(self) -> None:
        """After commits here of which no relay has been handed the events, wake those of the copy with the lease."""
        while True:
            await self._to_relay.wait()
            if self._runtime.changes.more_to_come:
                await asyncio.sleep(TOGETHER_SECONDS)
            self._to_relay.clear()
            if self._relays:
                self._wake_relays()
            elif self._reaches_others:
                await self._wake_others(None)

    async def pass_on_redrives(self) -> None:
        """A redrive asked here is done by the followers of the copy with the lease."""
        while True:
            await self._runtime.redrive.wait()
            if not self._relays and not self._reaches_others:
                await asyncio.sleep(REDRIVE_SECONDS)
                continue
            self._runtime.redrive.clear()
            if self._relays:
                self._redrive()
            else:
                await self._wake_others({"redrive": True})

    @property
    def _reaches_others(self) -> bool:
        return self._link.up and self._connected.is_set()

    async def _wake_others(self, body: dict[str, Any] | None) -> None:
        with suppress(nats.errors.Error):
            subject = subjects.wake(self._runtime.settings.site, self._runtime.service.name)
            await broker.tell(self._broker, subject, body)

    def _wake_relays(self) -> None:
        for relay in self._relays:
            relay.wake()

    def _redrive(self) -> None:
        for follower in self._followers.values():
            follower.redrive()

    async def _heard_wake(self, body: Any) -> None:
        self._wake_relays()
        if isinstance(body, dict) and body.get("redrive") is True:
            self._redrive()

    async def _heard_beacon(self, body: dict[str, Any]) -> None:
        heard = beacon.heard(body)
        if heard is not None and heard[0] in self._followers:
            self._followers[heard[0]].beacon(heard[1])

    async def _heard_mark(self, body: dict[str, Any]) -> None:
        heard = beacon.heard(body)
        follower = str(body.get("follower", "")) if isinstance(body, dict) else ""
        if heard is None or "." not in follower or follower == self._runtime.log:
            return
        log, at = heard
        site, name = follower.split(".")
        if site == self._runtime.settings.site:
            self._holders.setdefault(log, set()).add(name)
        if log == self._runtime.log and self._relays:
            await beacon.keep_mark(self._runtime.alone, follower, at)
        elif log in self._followers:
            self._followers[log].held_elsewhere(at)

    async def work(self) -> None:
        """Everything that only one copy does, until the lease is lost: judge the gate, and move while it is open."""
        passage = self._runtime.gate
        if not passage.open and self._runtime.service.on_start is not None:
            self.report("start", "waits for the gate")
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
                self.report(part, None)
            self._parts.clear()

    async def _judge(self) -> None:
        runtime, service = self._runtime, self._runtime.service.name
        stream = subjects.stream(subjects.LOCAL, service)
        events = subjects.own_events(subjects.LOCAL, runtime.settings.site, service)

        async def stream_knows(patience: float) -> Position | None:
            await self._connected.wait()
            found = await last_event(self._broker.connection, stream, events, patience)
            return Position.of(found[1]) if found else None

        async def knows(follower: str, patience: float) -> Position:
            await self._connected.wait()
            return await logread.ask_mark(self._broker, runtime.log, follower, patience)

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
            self._relays.clear()
            self._followers.clear()

    async def _move(self, tasks: Tasks, service: Service) -> None:
        runtime = self._runtime
        if service.on_start is not None:
            await endlessly("start", partial(service.on_start, runtime), self.report, once=True)
            self.report("start", None)
        for reaction in service.reactions:
            tasks.start(self._kept_up(f"reaction {reaction.name}", partial(react, runtime, reaction)))
        for timer in service.timers:
            tasks.start(self._kept_up(f"timer {timer.name}", partial(keep_time, runtime, timer)))
        for step in service.background:
            name = getattr(step, "__name__", "background")
            tasks.start(self._kept_up(name, partial(step, runtime)))
        tasks.start(self._kept_up("partitions", self._keep_partitions))
        tasks.start(self._kept_up("rebuilding", self._rebuild))
        await self._connected.wait()
        tasks.start(endlessly("becoming whole", partial(become_whole, runtime, self._head_of), self.report, once=True))
        for destination in neighbours.destinations(runtime):
            part = f"relay {destination.tree}" if destination.away else "relay"
            tasks.start(self._kept_up(part, partial(self._relay_log, destination, part)))
        tasks.start(self._kept_up("beacon", self._telling.run))
        for projection in runtime.follows:
            part = self._part(projection)
            tasks.start(self._kept_up(part, partial(self._follow, projection, part)))

    def _kept_up(self, part: str, step: Callable[[], Awaitable[None]]) -> Any:
        self._parts.add(part)
        broken: str | None = None

        def report(part: str, wrong: str | None) -> None:
            # Going on after a break takes back the break, not what the part itself has reported since.
            nonlocal broken
            if wrong is not None or self._runtime.health.get(part) == broken:
                self.report(part, wrong)
            broken = wrong

        return endlessly(part, step, report)

    async def _relay_log(self, destination: neighbours.Destination, part: str) -> None:
        runtime = self._runtime
        relay = Relay(
            runtime.alone,
            runtime.log,
            self._broker.connection,
            destination.tree,
            domain=destination.domain,
            in_flight=runtime.settings.relay_in_flight,
            poll_seconds=runtime.settings.poll_seconds,
            veil=destination.veil,
            hot=runtime.hot,
            fell_idle=self._telling.published,
            trouble=lambda wrong: self.report(part, wrong),
        )
        self._relays.append(relay)
        try:
            await relay.run()
        finally:
            self._relays.remove(relay)

    def _part(self, projection: Projection) -> str:
        return f"follower {projection.log if projection.site is None else self._runtime.log_of(projection)}"

    async def _follow(self, projection: Projection, part: str) -> None:
        """Follow until a fork shows; then wait until people have chosen, and go on from where their choice begins."""
        runtime = self._runtime
        log = runtime.log_of(projection)
        while True:
            while (chosen := await self._undecided(log)) is not None:
                self.report(part, chosen)
                await asyncio.sleep(DECISION_SECONDS)
            self.report(part, None)
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
                self._fetch,
                hot=runtime.hot,
                batch_events=runtime.settings.batch_events,
                gap_seconds=runtime.settings.gap_seconds,
                applied=runtime.changes.tell,
                told=lambda at: self._telling.marked(log, at),
                trouble=lambda wrong: self.report(part, wrong),
            )
            self._followers[log] = follower
            following = neighbours.following(runtime, projection)

            tasks.start(follow(self._broker, self._topology, following, follower, self._link))
            await follower.stopped.wait()
            if follower.fork is not None and follower.branches is not None:
                kind, mark, seen = follower.branches
                async with runtime.engine.begin() as db:
                    await forks.record(db, log, kind, follower.fork, mark, seen)

    async def _fetch(self, log: str, after: int) -> logread.Page:
        own = self._runtime.service.name
        holders = sorted(self._holders.get(log, set()) - {own})
        reader = neighbours.reader(self._runtime, log)
        return await logread.fetch_page(self._broker, log, after, holders=holders, reader=reader)

    async def _head_of(self, log: str) -> Position | None:
        reader = neighbours.reader(self._runtime, log)
        return (await logread.fetch_page(self._broker, log, 2**62, limit=1, reader=reader)).head

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
            known = {log: follower.known for log, follower in self._followers.items()}
            for log in await measure(self._runtime, known):
                if log in self._followers:
                    self._followers[log].redrive()
            await asyncio.sleep(MEASURE_SECONDS)
