"""Two branches of one log, made in each of the four ways in which a follower can meet them, found, and settled.

Three are a courier that brings what the producer never wrote: another event under a key already held, an event that
does not continue the hash held, an epoch opened below the mark. The fourth is a producer that has really gone back,
database and head file together, while it was cut off; it may even have gone on writing, and then people choose.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any, Literal

from chassis.subjects import stream
from chassis.wire import Wire, from_headers, to_headers
from contracts.envelope import event_hash

from chaos.clock import now
from chaos.faults import ALL, Done, Kind, of_log
from chaos.operator import keep_branch
from chaos.world import NotSeen, World

Way = Literal["another-hash", "broken-link", "epoch-below", "head-behind"]
WITHIN = 30.0
MARK = "SELECT seq FROM chassis.mark WHERE log = $1"


def another_hash(real: Wire) -> Wire:
    """The same place, other bytes."""
    return _sealed(replace(real, data=real.data[:-1] + b" " + real.data[-1:]))


def broken_link(real: Wire) -> Wire:
    """The next place, chained to nothing that anybody holds."""
    return _sealed(replace(real, seq=real.seq + 1, prev=secrets.token_bytes(32)))


def epoch_below(real: Wire) -> Wire:
    """A later epoch that claims a place held already."""
    return _sealed(replace(real, epoch=real.epoch + 1))


def _sealed(wire: Wire) -> Wire:
    return replace(wire, hash=event_hash(wire.prev, wire.epoch, wire.seq, wire.header, wire.data))


FORGED: dict[Way, Callable[[Wire], Wire]] = {
    "another-hash": another_hash,
    "broken-link": broken_link,
    "epoch-below": epoch_below,
}


async def forge(way: Way, service: str, world: World, chance: Random) -> Done:
    """Followers stop at a forged event; people keep the producer's branch, and everything goes on."""
    # What continues the mark must be the forged event and no other: the producer stands still meanwhile.
    still = world.servants.of(service) if way == "broken-link" else []
    for copy in still:
        os.kill(copy.child.pid, signal.SIGSTOP)
    try:
        if still:
            await _followed_up(world, service)
        async with world.courier() as js:
            name = stream("loc", service)
            info = await js.stream_info(name)
            last = await js.get_msg(name, info.state.last_seq)
            real = from_headers(last.headers, last.data or b"")
            forged = FORGED[way](real)
            await js.publish(last.subject or "", forged.data, headers=_headers(forged, name))
            ended = now()
        world.forks_injected[way] += 1
        found = await found_by(world, service, way)
    finally:
        for copy in still:
            os.kill(copy.child.pid, signal.SIGCONT)
            ended = now()
    world.forks_found[way] += 1
    # Where the producer stands now is on its branch; the event that was forged may be older than both.
    await keep_branch(world, service, str((await head(world, service))["hash"]))
    return Done(f"{way} in {service} at {forged.epoch}:{forged.seq}, found by {', '.join(found)}", ended)


async def head(world: World, service: str) -> dict[str, Any]:
    """Where a service's log ends, as its database says: epoch, seq, hash (hex)."""
    async with world.database(service) as db:
        row = await db.fetchrow("SELECT epoch, seq, encode(hash, 'hex') AS hash FROM chassis.log_head")
    assert row is not None
    return dict(row)


def _headers(wire: Wire, stream: str) -> dict[str, str]:
    """The headers with which an event travels, read from their block as NATS writes it."""
    _, block = to_headers(wire, stream, wire.traceparent)
    return dict(line.split(": ", 1) for line in block.decode().split("\r\n")[1:-2])


async def _followed_up(world: World, service: str) -> None:
    """Wait until every follower's mark stands at the last event in the stream."""
    async with world.courier() as js:
        name = stream("loc", service)
        last = await js.get_msg(name, (await js.stream_info(name)).state.last_seq)
        seq = from_headers(last.headers, last.data or b"").seq
    async with asyncio.timeout(WITHIN):
        for follower in _followers(world, service):
            async with world.database(follower) as db:
                log = f"{world.site.topology.site}.{service}"
                while (await db.fetchval(MARK, log) or 0) < seq:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.1)


async def found_by(world: World, service: str, way: Way) -> list[str]:
    """All followers, once each has stopped and says that it was in this way. Raises NotSeen when one is late."""
    log = f"{world.site.topology.site}.{service}"
    followers = _followers(world, service)
    ends = now() + WITHIN
    while True:
        found = []
        for follower in followers:
            async with world.database(follower) as db:
                kind = await db.fetchval("SELECT kind FROM chassis.fork WHERE log = $1 AND decided_at IS NULL", log)
            found += [follower] if kind == way else []
        if len(found) == len(followers):
            return found
        if now() > ends:
            raise NotSeen(f"of the followers of {service} only {found} found {way}")
        await asyncio.sleep(0.2)


def _followers(world: World, service: str) -> list[str]:
    return [name for name, producers in world.site.follows.items() if service in producers]


def _kinds(way: Way) -> tuple[Kind, ...]:
    """A forged event is met by every follower, so all of them have to be there; in several logs at once it may be,
    unless the producer has to be silent for it."""
    name = f"fork_{way.replace('-', '_')}"
    together = "" if way == "broken-link" else "forging"
    return tuple(
        Kind(name, partial(forge, way, service), ALL | {of_log(service)}, times=1, together=together)
        for service in ("registry", "scoring", "awards")
    )


KINDS = tuple(kind for way in FORGED for kind in _kinds(way))
