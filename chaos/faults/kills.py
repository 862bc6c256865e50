"""kill -9: of each service, of NATS, of PostgreSQL with every backend, at random instants."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from random import Random

import psutil

from chaos.clock import now
from chaos.faults import ALL, Done, Kind
from chaos.servants import answers
from chaos.world import NotSeen, World

SERVICES = ("registry", "scoring", "awards", "notify")


async def kill_service(name: str, world: World, chance: Random) -> Done:
    copy = chance.choice(world.servants.of(name))
    # Not waiting for a fact: the very point is that any instant will do.
    await asyncio.sleep(chance.uniform(0, 0.5))
    starts = copy.starts
    pid = await world.servants.kill(copy)
    ended = now()
    if psutil.pid_exists(pid) or await answers(copy):
        raise NotSeen(f"{copy.name} is still there")
    await world.servants.back(copy, starts=starts)
    return Done(f"process {pid} of {copy.name} gone, another answers", ended)


async def kill_nats(world: World, chance: Random) -> Done:
    await asyncio.sleep(chance.uniform(0, 0.5))
    child = world.site.nats.child
    os.kill(child.pid, signal.SIGKILL)
    await child.process.wait()
    ended = now()
    await asyncio.sleep(chance.uniform(0, 0.5))
    await world.site.nats.start()
    return Done(f"process {child.pid} of NATS gone, another is healthy", ended)


async def kill_postgres(world: World, chance: Random) -> Done:
    """The server and every backend at once, as a machine that loses power would."""
    await asyncio.sleep(chance.uniform(0, 0.5))
    child = world.site.postgres.child
    server = psutil.Process(child.pid)
    doomed = [server, *server.children(recursive=True)]
    for process in doomed:
        process.kill()
    await asyncio.to_thread(psutil.wait_procs, doomed[1:], 10)
    await child.process.wait()
    ended = now()
    await world.site.postgres.start()
    return Done(f"{len(doomed)} processes of PostgreSQL gone, the server recovered", ended)


KINDS = (
    *(Kind(f"kill_{name}", partial(kill_service, name), frozenset({name})) for name in SERVICES),
    Kind("kill_nats", kill_nats, frozenset({"nats"})),
    Kind("kill_postgres", kill_postgres, ALL),
)
