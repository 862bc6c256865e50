"""What JetStream holds goes back in time or away: the last block cut off, an older store put back, a stream deleted."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from random import Random

from chassis.layout import lay_out
from chassis.topology import OPS
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from chaos.clock import now
from chaos.faults import Done, Kind
from chaos.world import NotSeen, World

STREAMS = ("loc-registry", "loc-scoring", "loc-awards")


async def last_seqs(js: JetStreamContext) -> dict[str, int]:
    return {name: (await js.stream_info(name)).state.last_seq for name in STREAMS}


async def truncate_stream(world: World, chance: Random) -> Done:
    """What a power cut leaves of a file that was acknowledged but not yet on the disk."""
    stream = chance.choice(STREAMS)

    def cut(store: Path) -> None:
        blocks = store / "streams" / stream / "msgs"
        last = max(blocks.glob("*.blk"), key=lambda block: int(block.stem))
        size = last.stat().st_size
        os.truncate(last, size - min(size // 2, chance.randint(2_000, 20_000)))
        # The index was written later than what is left: a machine that lost the tail lost it as well.
        (blocks / "index.db").unlink(missing_ok=True)

    return await _rolled_back(world, cut, f"the last block of {stream} truncated")


async def older_store(world: World, chance: Random) -> Done:
    """The whole store as it was a moment ago, consumers and all: a snapshot of the disk put back."""
    kept = world.site.folder / "jetstream.older"
    shutil.rmtree(kept, ignore_errors=True)
    pid = world.site.nats.child.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.to_thread(shutil.copytree, _store(world), kept)
    finally:
        os.kill(pid, signal.SIGCONT)
    # Time goes by until something was acknowledged that the copy does not have.
    await world.load.more(20)

    def put_back(store: Path) -> None:
        shutil.rmtree(store)
        kept.rename(store)

    return await _rolled_back(world, put_back, "the store replaced by an older copy")


async def _rolled_back(world: World, change: Callable[[Path], None], what: str) -> Done:
    async with world.courier() as js:
        before = await last_seqs(js)
    child = world.site.nats.child
    os.kill(child.pid, signal.SIGKILL)
    await child.process.wait()
    await asyncio.to_thread(change, _store(world))
    await world.site.nats.start()
    ended = now()
    async with world.courier() as js:
        after = await last_seqs(js)
    lower = [f"{name} from {before[name]} to {after[name]}" for name in STREAMS if after[name] < before[name]]
    if not lower:
        raise NotSeen(f"{what}: no stream ends earlier")
    return Done(f"{what}: {', '.join(lower)}", ended)


def _store(world: World) -> Path:
    account = next((world.site.folder / "jetstream").glob("**/streams")).parent
    return account


async def delete_stream(world: World, chance: Random) -> Done:
    """The stream and every consumer on it; operations lay the topology out again, as they would."""
    stream = chance.choice(STREAMS)
    async with world.courier() as js:
        await js.delete_stream(stream)
        try:
            await js.stream_info(stream)
        except NotFoundError:
            ended = now()
        else:
            raise NotSeen(f"{stream} is still there")
    await asyncio.sleep(chance.uniform(0, 1))
    await lay_out(world.site.topology, world.site.nats.url, world.site.nats_password(OPS))
    return Done(f"{stream} deleted, and laid out again", ended)


async def delete_consumer(world: World, chance: Random) -> Done:
    following = chance.choice(world.site.topology.followings())
    async with world.courier() as js:
        before = (await js.consumer_info(following.stream, following.durable)).created
        await js.delete_consumer(following.stream, following.durable)
        ended = now()
        try:
            after = (await js.consumer_info(following.stream, following.durable)).created
        except NotFoundError:
            after = None
    # Absent, or so quickly made again by its follower that it is another one already.
    if after == before:
        raise NotSeen(f"{following.durable} is still there")
    return Done(f"{following.durable} deleted", ended)


KINDS = (
    Kind("truncate_stream", truncate_stream, frozenset({"nats"}), times=4),
    Kind("older_store", older_store, frozenset({"nats"}), times=4),
    Kind("delete_stream", delete_stream, frozenset({"nats"}), times=4),
    Kind("delete_consumer", delete_consumer, frozenset({"nats"}), together="courier", times=8),
)
