"""One service's database is brought back from a base backup: with the archived log, or without it and so into the past.

With the log nothing may be missing. Without it the gate stays shut until `thidua log restore` has taken the suffix
from stream and followers; what only this database held is reported by log, epoch and seq, and opens a new epoch.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from random import Random

from thidua.local.recovery import recover_service

from chaos.clock import now
from chaos.counting import LostRange, Place
from chaos.faults import ALL, Done, Kind, of_log
from chaos.operator import CommandFailed, restore_log
from chaos.routed import RoutedSite
from chaos.servants import Copy
from chaos.world import NotSeen, World

SERVICES = ("scoring", "awards", "registry")


async def restore_with_wal(service: str, world: World, chance: Random) -> Done:
    backup = await world.backup()
    async with away(world, service):
        recovered = await recover_service(world.site.postgres, service, backup, keep_replaced=False)
        ended = now()
    if recovered.was_seq is None or recovered.seq < recovered.was_seq:
        raise CommandFailed(f"{service}: the archive reaches {recovered.seq} of {recovered.was_seq}")
    return Done(f"{service} from base backup and archived log: {recovered.seq} of {recovered.was_seq}", ended)


async def restore_without_wal(service: str, world: World, chance: Random) -> Done:
    """Accepted while nothing leaves the house, and lost with the house: so that there is something to report."""
    site = world.site
    assert isinstance(site, RoutedSite)
    backup = await world.backup()
    await site.shut("nats")
    async with AsyncExitStack() as stopped:
        try:
            centre = await _centre(world, service)
            await world.load.more(20)
            await stopped.enter_async_context(away(world, service))
        finally:
            await site.open("nats")
        lost_at = now()
        machine_knew = json.loads(site.head_file(service).read_text(encoding="ascii"))["seq"]
        recovered = await recover_service(site.postgres, service, backup, with_wal=False, keep_replaced=False)
        ended = now()
    if recovered.was_seq is None or recovered.seq >= recovered.was_seq:
        raise NotSeen(f"{service}: the backup is not older than the database")
    await restore_log(world, service)
    lost = await _reported(world, service, lost_at, centre, machine_knew)
    return Done(
        f"{service} from base backup alone, {recovered.seq} of {recovered.was_seq}; not recovered: {lost}", ended
    )


@asynccontextmanager
async def away(world: World, service: str) -> AsyncIterator[None]:
    """Every copy is killed and held back while the block runs, and back after it, however it ends."""
    copies = await down(world, service)
    try:
        yield
    finally:
        await up(world, copies)


async def down(world: World, service: str) -> list[Copy]:
    """Every copy killed and held back."""
    copies = world.servants.of(service)
    for copy in copies:
        copy.held_back.clear()
    for copy in copies:
        await world.servants.kill(copy)
    return copies


async def up(world: World, copies: list[Copy]) -> None:
    before = {copy.name: copy.starts for copy in copies}
    for copy in copies:
        copy.held_back.set()
    for copy in copies:
        await world.servants.back(copy, starts=before[copy.name])


async def _centre(world: World, service: str) -> Place:
    """How far other databases are known to hold the log, while nothing can reach them any more."""
    async with world.database(service) as db:
        row = await db.fetchrow("SELECT epoch, seq FROM chassis.follower_mark ORDER BY epoch DESC, seq DESC LIMIT 1")
    return (row["epoch"], row["seq"]) if row is not None else (0, 0)


async def _reported(world: World, service: str, lost_at: float, centre: Place, machine_knew: int) -> str:
    """What the service says was not recovered, by log, epoch and seq. From ``from_seq`` on nothing of that epoch is
    left, whether it was proved to have existed or not; what the machine's head file had proved must be named.

    Raises CommandFailed when it is not.
    """
    async with world.database(service) as db:
        rows = await db.fetch("SELECT log, epoch, from_seq, to_seq FROM chassis.not_recovered ORDER BY epoch")
    known = {(one.log, one.epoch) for one in world.ranges}
    fresh = [row for row in rows if (row["log"], row["epoch"]) not in known]
    world.ranges += [LostRange(row["log"], row["epoch"], row["from_seq"], ENDLESS, lost_at, centre) for row in fresh]
    told = ", ".join(f"{row['log']}:{row['epoch']}:{row['from_seq']}–{row['to_seq']}…" for row in fresh)
    if machine_knew > max([row["to_seq"] for row in fresh], default=0):
        raise CommandFailed(f"the machine knew of {machine_knew}, not recovered is said to be {told or 'nothing'}")
    return told


ENDLESS = 1 << 62
"""The report names the last event that anybody proved; what only the lost disk held lies after it, too."""


def _kind(service: str, *, with_wal: bool) -> Kind:
    """Nothing can settle while a service is away for so long; several may be, unless the courier has to be away."""
    name, restore = ("restore_with_wal", restore_with_wal) if with_wal else ("restore_without_wal", restore_without_wal)
    together = "restoring" if with_wal else ""
    return Kind(name, partial(restore, service), ALL | {of_log(service)}, 1, together, seconds=180)


KINDS = tuple(_kind(service, with_wal=with_wal) for with_wal in (True, False) for service in SERVICES)
