"""When beacons and marks are told: every few seconds, and soon after relay or follower have done all there is.

Under a steady load both fall idle after every command, and everybody hears what is told; so it is told a few times a
second at most, and then what stands at that moment.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import nats.errors

from chassis import beacon, subjects
from chassis.link import Link
from chassis.positions import Position
from chassis.runtime import Runtime

REST_SECONDS = 0.25


class Telling:
    """``published()`` and ``marked()`` say that there is something to tell; ``run()`` tells it, until cancelled."""

    def __init__(self, broker: beacon.NatsBroker, link: Link, runtime: Runtime) -> None:
        self._broker = broker
        self._link = link
        self._runtime = runtime
        self._published = True
        self._marks: dict[str, Position] = {}
        self._due = asyncio.Event()

    def published(self) -> None:
        self._published = True
        self._due.set()

    def marked(self, log: str, at: Position) -> None:
        self._marks[log] = at
        self._due.set()

    async def run(self) -> None:
        told_all = 0.0
        while True:
            self._due.clear()
            everything = time.monotonic() - told_all >= self._runtime.settings.beacon_seconds
            if self._link.up:
                with suppress(nats.errors.Error):
                    await self._tell(everything)
                    told_all = time.monotonic() if everything else told_all
            await asyncio.sleep(REST_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._runtime.settings.beacon_seconds):
                    await self._due.wait()

    async def _tell(self, everything: bool) -> None:
        runtime = self._runtime
        marks, self._marks = self._marks, {}
        if everything or self._published:
            self._published = False
            stream = subjects.stream(subjects.LOCAL, runtime.service.name)
            await beacon.tell_beacon(self._broker, runtime.alone, runtime.log, stream)
        if everything:
            await beacon.tell_marks(self._broker, runtime.alone, runtime.log)
            return
        for log, at in marks.items():
            await beacon.tell_mark(self._broker, runtime.log, log, at)
