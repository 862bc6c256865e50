"""One copy's line to NATS: it listens and answers, hears what others say, and says what was committed here."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import nats.errors

from chassis import beacon, broker, logread, neighbours, subjects
from chassis.facts import Appended
from chassis.follower import Follower
from chassis.inquiry import Inquiry
from chassis.instants import obey_instants
from chassis.link import Link, LinkEvent
from chassis.patience import endlessly
from chassis.positions import Position
from chassis.relay import Relay
from chassis.runtime import Runtime
from chassis.withheld import veil_for

REDRIVE_SECONDS = 0.5
"""Until a redrive is passed on that nobody could be told of."""
TOGETHER_SECONDS = 0.1
"""Between two readings of the log for the stream, while commands commit side by side: a page of one event costs as much
as one of fifty, and is read from the database that the commands need. The last command wakes the relay at once."""


class Line:
    """The connection of a copy. What it hears is for the relays and followers that are at work in this copy."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        settings = runtime.settings
        user = settings.nats_user or runtime.service.name
        below = settings.site if settings.above else ""
        self.link = Link()
        self.broker = broker.make_broker(settings.nats_url, user, settings.nats_password, self.link, below=below)
        self.inquiry = Inquiry(self.broker, runtime.log, subjects.LOCAL, lambda log: neighbours.reader(runtime, log))
        self.connected = asyncio.Event()
        self.relays: list[Relay] = []
        self.followers: dict[str, Follower] = {}
        """By the log that each follows."""
        self._holders: dict[str, set[str]] = {}
        """Services heard to follow a log: asked for it when its producer is silent."""
        self._to_relay = asyncio.Event()
        """Something was committed that no relay has been handed."""
        runtime.changes.hand_to(self._committed)

    async def connect(self) -> None:
        """Listen and answer on NATS; waits for the server as long as it takes."""
        report = self._runtime.report
        report("nats", "not connected")
        self.link.listen(self._link_changed)
        self._listen()
        self._answer()
        await endlessly("nats", lambda: broker.start_broker(self.broker, self.link), report, once=True)
        self.connected.set()

    def _listen(self) -> None:
        runtime, site = self._runtime, self._runtime.settings.site
        broker.hear(self.broker, subjects.wake(site, runtime.service.name), self._heard_wake)
        broker.hear(self.broker, subjects.beacon(site, "*"), self._heard_beacon)
        broker.hear(self.broker, subjects.mark(site, "*"), self._heard_mark)
        for other in neighbours.other_sites(runtime):
            broker.hear(self.broker, subjects.beacon(other, runtime.service.name), self._heard_beacon)
            broker.hear(self.broker, subjects.mark(other, runtime.service.name), self._heard_mark)
        obey_instants(self.broker, runtime)

    def _answer(self) -> None:
        """Whoever asks for the own log, or for one that is followed here."""
        runtime, site, name = self._runtime, self._runtime.settings.site, self._runtime.service.name
        own = logread.answering(runtime.engine, runtime.log, own=True)
        broker.answer(self.broker, subjects.log_read(site, name), own, queue="log-read")
        for below, scopes in runtime.settings.below.items() if runtime.service.shows else ():
            veiled = logread.answering(runtime.engine, runtime.log, own=True, veil=veil_for(runtime.service, scopes))
            broker.answer(self.broker, subjects.log_read(site, name, below), veiled, queue="log-read")
        for log in map(runtime.log_of, runtime.follows):
            if neighbours.reader(runtime, log):
                continue  # of what came from above some may be withheld here: nobody is to be given it as the log
            held = logread.answering(runtime.engine, log, own=False)
            producer_site, producer = log.split(".")
            broker.answer(self.broker, subjects.log_held(producer_site, producer, name), held, queue="log-held")

    async def disconnect(self) -> None:
        with suppress(nats.errors.Error, TimeoutError, AttributeError):
            await self.broker.stop()

    def _link_changed(self, event: LinkEvent) -> None:
        self._runtime.report("nats", None if self.link.up else event)
        if event == "reconnected":
            for relay in self.relays:
                relay.reconnected()

    def _committed(self, appended: Appended) -> None:
        """Hand a relay of this copy what was just committed; while more commits are under way, let it read them all."""
        if self.relays and not self._runtime.changes.more_to_come:
            for relay in self.relays:
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
            if self.relays:
                self._wake_relays()
            elif self._reaches_others:
                await self._wake_others(None)

    async def pass_on_redrives(self) -> None:
        """A redrive asked here is done by the followers of the copy with the lease."""
        while True:
            await self._runtime.redrive.wait()
            if not self.relays and not self._reaches_others:
                await asyncio.sleep(REDRIVE_SECONDS)
                continue
            self._runtime.redrive.clear()
            if self.relays:
                self._redrive()
            else:
                await self._wake_others({"redrive": True})

    @property
    def _reaches_others(self) -> bool:
        return self.link.up and self.connected.is_set()

    async def _wake_others(self, body: dict[str, Any] | None) -> None:
        with suppress(nats.errors.Error):
            subject = subjects.wake(self._runtime.settings.site, self._runtime.service.name)
            await broker.tell(self.broker, subject, body)

    def _wake_relays(self) -> None:
        for relay in self.relays:
            relay.wake()

    def _redrive(self) -> None:
        for follower in self.followers.values():
            follower.redrive()

    async def _heard_wake(self, body: Any) -> None:
        self._wake_relays()
        if isinstance(body, dict) and body.get("redrive") is True:
            self._redrive()

    async def _heard_beacon(self, body: dict[str, Any]) -> None:
        heard = beacon.heard(body)
        if heard is not None and heard[0] in self.followers:
            self.followers[heard[0]].beacon(heard[1])

    async def _heard_mark(self, body: dict[str, Any]) -> None:
        heard = beacon.heard(body)
        follower = str(body.get("follower", "")) if isinstance(body, dict) else ""
        if heard is None or "." not in follower or follower == self._runtime.log:
            return
        log, at = heard
        site, name = follower.split(".")
        if site == self._runtime.settings.site:
            self._holders.setdefault(log, set()).add(name)
        if log == self._runtime.log and self.relays:
            await beacon.keep_mark(self._runtime.alone, follower, at)
        elif log in self.followers:
            self.followers[log].held_elsewhere(at)

    async def fetch(self, log: str, after: int) -> logread.Page:
        """From the producer or, if it is silent, from who is known to hold it. Raises ``logread.NobodyHas``."""
        own = self._runtime.service.name
        holders = sorted(self._holders.get(log, set()) - {own})
        reader = neighbours.reader(self._runtime, log)
        return await logread.fetch_page(self.broker, log, after, holders=holders, reader=reader)

    async def head_of(self, log: str) -> Position | None:
        """Where the producer says that a log ends. Raises ``logread.NobodyHas``."""
        reader = neighbours.reader(self._runtime, log)
        return (await logread.fetch_page(self.broker, log, 2**62, limit=1, reader=reader)).head
