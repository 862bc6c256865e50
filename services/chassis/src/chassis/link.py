"""The connection to NATS as health sees it: up, down, closed for good, and what the server has refused."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from nats.aio.client import Client

from chassis.logs import get_logger

LinkEvent = Literal["connected", "disconnected", "reconnected", "closed"]

log = get_logger(__name__)


class Link:
    """Follows one connection. ``listen`` calls back, without awaiting, on each change."""

    def __init__(self) -> None:
        self.up = False
        self.closed = False
        """Closed for good (a login that no longer holds): only a restart of the process helps."""
        self.reconnects = 0
        self.since = time.monotonic()
        """When ``up`` last changed, by the monotonic clock, in seconds."""
        self.refused: deque[str] = deque(maxlen=20)
        """The last errors that the server told, permission violations among them, oldest first."""
        self._listeners: list[Callable[[LinkEvent], None]] = []

    def listen(self, heard: Callable[[LinkEvent], None]) -> Callable[[], None]:
        """Have ``heard`` called on every change; the answer ends that."""
        self._listeners.append(heard)

        def end() -> None:
            if heard in self._listeners:
                self._listeners.remove(heard)

        return end

    async def connected(self) -> None:
        self._now("connected", up=True)

    async def disconnected(self) -> None:
        self._now("disconnected", up=False)

    async def reconnected(self) -> None:
        self.reconnects += 1
        self._now("reconnected", up=True)

    async def shut(self) -> None:
        self.closed = True
        self._now("closed", up=False)

    async def error(self, error: Exception) -> None:
        """What the server or the client complains of; a refused subject shows here and nowhere else."""
        self.refused.append(str(error))
        log.warning("nats_error", error=str(error))

    def _now(self, event: LinkEvent, *, up: bool) -> None:
        if up != self.up:
            self.since = time.monotonic()
        self.up = up
        log.info("nats_link", state=event)
        for heard in list(self._listeners):
            heard(event)


async def arrived(connection: Client) -> None:
    """Wait until the server has dealt with all that was published and subscribed over a connection so far.

    It answers in order, but nats-py's ``flush`` writes its ping ahead of what still waits to be written: the first ping
    may overtake a subscription, the second cannot.
    """
    await connection.flush()
    await connection.flush()
