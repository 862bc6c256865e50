"""What a courier may do: bring everything three times in any order, and drop the line."""

from __future__ import annotations

import asyncio
from random import Random

from chaos.clock import now
from chaos.faults import ALL, Done, Kind
from chaos.faults.stores import STREAMS
from chaos.routed import RoutedSite
from chaos.world import NotSeen, World

MESSAGES = 60


async def triple_and_shuffle(world: World, chance: Random) -> Done:
    """The last messages of a stream, each three times more, in random order, without the id that would hide them."""
    stream = chance.choice(STREAMS)
    async with world.courier() as js:
        last = (await js.stream_info(stream)).state.last_seq
        again = []
        for seq in range(max(1, last - MESSAGES + 1), last + 1):
            message = await js.get_msg(stream, seq)
            headers = {name: value for name, value in (message.headers or {}).items() if name != "Nats-Msg-Id"}
            again += [(message.subject, message.data, headers)] * 3
        chance.shuffle(again)
        for subject, data, headers in again:
            await js.publish(subject or "", data or b"", headers=headers)
        ended = now()
        grown = (await js.stream_info(stream)).state.last_seq - last
    if grown < len(again):
        raise NotSeen(f"{stream} has grown by {grown} only")
    return Done(f"{len(again)} messages of {stream} again, shuffled", ended)


async def _cut(name: str, world: World) -> Done:
    site = world.site
    assert isinstance(site, RoutedSite)
    lost = await site.cut(name)
    ended = now()
    if not lost:
        raise NotSeen(f"there was no connection to {name}")
    async with asyncio.timeout(20):
        while not await site.connections(name):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
    return Done(f"{lost} connections to {name} reset, others made since", ended)


async def cut_nats(world: World, chance: Random) -> Done:
    await asyncio.sleep(chance.uniform(0, 0.5))
    return await _cut("nats", world)


async def cut_postgres(world: World, chance: Random) -> Done:
    await asyncio.sleep(chance.uniform(0, 0.5))
    return await _cut("postgres", world)


KINDS = (
    Kind("triple_and_shuffle", triple_and_shuffle, frozenset({"nats"}), together="courier", times=6),
    Kind("cut_nats", cut_nats, frozenset({"nats"}), together="courier", times=12),
    Kind("cut_postgres", cut_postgres, ALL - {"nats"}, times=5),
)
