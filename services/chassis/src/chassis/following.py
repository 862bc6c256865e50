"""Brings what NATS delivers to a follower and acknowledges it once committed, a bounded number of batches at a time."""

from __future__ import annotations

import asyncio

import nats.errors
from faststream.nats import NatsBroker
from nats.aio.msg import Msg

from chassis import broker
from chassis.crash_points import crash_point
from chassis.facts import Stored
from chassis.follower import Follower, Stopped
from chassis.link import Link
from chassis.logs import get_logger
from chassis.tending import Tasks
from chassis.topology import Following, Topology
from chassis.wire import NotAnEvent

_log = get_logger(__name__)
BATCHES = 2
"""Delivered batches in the follower's hands: one is written while the next is decoded. A third stays with the
subscriber, which asks the server for no more than one besides: so much is in memory, however long the backlog is."""


async def follow(using: NatsBroker, topology: Topology, following: Following, follower: Follower, link: Link) -> None:
    """Run a follower and feed it, until cancelled. After a fork nothing more is taken until people have chosen and
    the service starts again."""
    room = asyncio.Semaphore(BATCHES)
    async with Tasks() as tasks:

        async def take(messages: list[Msg]) -> None:
            await room.acquire()
            events = events_of(messages, follower.log)
            await follower.read(events)
            tasks.start(settle(events, messages))

        async def settle(events: list[Stored], messages: list[Msg]) -> None:
            try:
                await follower.take(events)
                await broker.acknowledge(messages)
                crash_point("follower.acknowledged")
            except Stopped:
                return
            except nats.errors.Error as lost:
                # Delivered again in time, the batch is compared with what was received, and acknowledged then.
                _log.warning("not_acknowledged", log=follower.log, reason=str(lost))
            finally:
                room.release()

        async def rebound(_: Following, reason: str) -> None:
            follower.missed()

        tasks.start(follower.run())
        async with broker.follow(using, topology, following, take, link, rebound):
            await follower.stopped.wait()
        await asyncio.Event().wait()


def events_of(messages: list[Msg], log: str) -> list[Stored]:
    """The events of one log among messages; the stream may carry other sites' logs, too."""
    events = []
    for message in messages:
        try:
            wire = broker.parse_event(message)
        except NotAnEvent as damaged:
            # Not even its place can be read: it counts as never arrived, and the gap it leaves is fetched.
            _log.warning("not_an_event", subject=message.subject, reason=str(damaged))
            continue
        if wire.log == log:
            events.append(wire)
    return events
