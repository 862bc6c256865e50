"""Questions about the own log and followed ones to whoever may know: followers, producers, the own stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from faststream.nats import NatsBroker

from chassis import logread, subjects
from chassis.facts import Stored
from chassis.logread import Page
from chassis.positions import Position
from chassis.stream_read import event_at, last_event

PATIENCE = 5.0
BEFORE = 1000
"""So many places below the one sought, an event ends the search: a refilled stream holds some out of order."""


@dataclass(frozen=True)
class Inquiry:
    """The connection of one copy as a restore and a decision on a fork need it.

    Every question raises TimeoutError or a nats error when nobody answers within ``PATIENCE`` seconds.
    """

    broker: NatsBroker
    log: str
    """The own log."""
    tree: subjects.Tree
    reader: Callable[[str], str] = lambda log: ""
    """As whom pages of a log are asked for: ``neighbours.reader``."""

    async def mark(self, follower: str) -> Position:
        """How far a follower has committed the own log."""
        return await logread.ask_mark(self.broker, self.log, follower, PATIENCE)

    async def held(self, follower: str, after: int, limit: int = logread.MAX_EVENTS) -> tuple[Stored, ...]:
        """A page of the own log as a follower has received it."""
        return (await logread.ask_page(self.broker, self.log, follower, after, limit, PATIENCE)).events

    async def produced(self, log: str, after: int, limit: int = logread.MAX_EVENTS) -> Page:
        """A page of a followed log from its producer, with the producer's head."""
        reader = self.reader(log)
        return await logread.ask_page(self.broker, log, None, after, limit, PATIENCE, reader=reader)

    async def last_in_stream(self) -> tuple[int, Stored] | None:
        """The last event of the own log in its stream, with its number there."""
        site, service = self.log.split(".")
        stream, events = subjects.stream(self.tree, service), subjects.own_events(self.tree, site, service)
        return await last_event(self.broker.connection, stream, events, PATIENCE)

    async def in_stream(self, number: int) -> Stored | None:
        """The event of the own log that stands under a number of the stream; None for any other message."""
        stream = subjects.stream(self.tree, self.log.split(".")[1])
        found = await event_at(self.broker.connection, stream, number, PATIENCE)
        return found[1] if found is not None and found[1].log == self.log else None

    async def held_hash(self, follower: str, tip: Position, seq: int) -> bytes | None:
        """The hash that a follower, whose mark stands at ``tip``, holds at a place; None past its end."""
        if seq == tip.seq:
            return tip.hash
        if seq > tip.seq:
            return None
        page = await self.held(follower, seq - 1, 1)
        return page[0].hash if page and page[0].seq == seq else None

    async def stream_tail(self, after: Position, until: bytes) -> dict[bytes, Stored]:
        """Events of the stream above a place, by the hash that each continues, read backwards until one is met."""
        found: dict[bytes, Stored] = {}
        last = await self.last_in_stream()
        if last is None:
            return found
        number: int = last[0]
        event: Stored | None = last[1]
        while True:
            if event is not None:
                if event.hash == until or event.seq + BEFORE < after.seq:
                    return found
                if event.seq > after.seq and event.hash_fits():
                    found.setdefault(event.prev, event)
            number -= 1
            if number < 1:
                return found
            event = await self.in_stream(number)
