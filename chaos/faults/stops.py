"""SIGSTOP: a process stands still long enough to lose its lease, and goes on later as if nothing had happened."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from random import Random

import asyncpg
from chassis.worker import WORKER_LOCK

from chaos.clock import now
from chaos.faults import Done, Kind
from chaos.servants import Copy
from chaos.world import NotSeen, World

WITHIN = 15.0


async def lease(db: asyncpg.Connection) -> int | None:
    """The backend that holds a database's worker lease."""
    found: int | None = await db.fetchval(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        WORKER_LOCK,
    )
    return found


def holder(copies: list[Copy]) -> Copy:
    """The copy that said last that it took the lease."""

    def taken(copy: Copy) -> str:
        lines = copy.child.log.read_bytes().splitlines()
        return max(
            (line.decode().partition('"timestamp": "')[2] for line in lines if b"lease_taken" in line), default=""
        )

    return max(copies, key=taken)


async def stop_service(service: str, world: World, chance: Random) -> Done:
    """The copy at work is stopped; another takes the lease, or, where there is none, the server takes it away."""
    copies = world.servants.of(service)
    stopped = holder(copies)
    async with world.database(service) as db:
        before = await lease(db)
        os.kill(stopped.child.pid, signal.SIGSTOP)
        try:
            async with asyncio.timeout(WITHIN):
                while (after := await lease(db)) == before or (len(copies) > 1 and after is None):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            await asyncio.sleep(chance.uniform(0, 1))
        except TimeoutError:
            raise NotSeen(f"{stopped.name} was stopped and kept the lease") from None
        finally:
            os.kill(stopped.child.pid, signal.SIGCONT)
            ended = now()
    took = "another copy took the lease" if after is not None else "the server took its lease away"
    return Done(f"{stopped.name} stopped, {took}, and let go on", ended)


KINDS = tuple(
    Kind("stop_service", partial(stop_service, name), frozenset({name}), times=times)
    for name, times in (("registry", 2), ("scoring", 1), ("awards", 1))
)
