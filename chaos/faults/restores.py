"""One service's database is brought back from a base backup: with the archived log, or without it and so into the past.

With the log nothing may be missing. Without it the gate stays shut until `thidua log restore` has taken the suffix
from stream and followers; what only this database held is reported by log, epoch and seq, and opens a new epoch.
"""

from __future__ import annotations

from functools import partial
from random import Random

from thidua.local.recovery import Recovered, recover_service

from chaos.counting import LostRange
from chaos.faults import ALL, Done, Kind, of_log
from chaos.operator import restore_log
from chaos.routed import RoutedSite
from chaos.servants import Copy
from chaos.world import NotSeen, World, now

SERVICES = ("scoring", "awards", "registry")


async def restore_with_wal(service: str, world: World, chance: Random) -> Done:
    backup = await world.backup()
    copies = await down(world, service)
    recovered = await recover_service(world.site.postgres, service, backup, keep_replaced=False)
    ended = now()
    if recovered.was_seq is None or recovered.seq < recovered.was_seq:
        raise NotSeen(f"{service}: the archive reaches {recovered.seq} of {recovered.was_seq}")
    await up(world, copies)
    return Done(f"{service} from base backup and archived log: {recovered.seq} of {recovered.was_seq}", ended)


async def restore_without_wal(service: str, world: World, chance: Random) -> Done:
    """Accepted while nothing leaves the house, and lost with the house: so that there is something to report."""
    site = world.site
    assert isinstance(site, RoutedSite)
    backup = await world.backup()
    await site.shut("nats")
    try:
        await _remember_centre(world, service)
        await world.load.more(20)
        copies = await down(world, service)
    finally:
        await site.open("nats")
    lost_at = now()
    recovered = await recover_service(site.postgres, service, backup, with_wal=False, keep_replaced=False)
    ended = now()
    if recovered.was_seq is None or recovered.seq >= recovered.was_seq:
        raise NotSeen(f"{service}: the backup is not older than the database")
    await up(world, copies)
    await restore_log(world, service)
    lost = await _reported(world, service, recovered, lost_at)
    return Done(
        f"{service} from base backup alone, {recovered.seq} of {recovered.was_seq}; not recovered: {lost}", ended
    )


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


async def _remember_centre(world: World, service: str) -> None:
    """How far other databases are known to hold the log, while nothing can reach them any more."""
    async with world.database(service) as db:
        row = await db.fetchrow("SELECT epoch, seq FROM chassis.follower_mark ORDER BY epoch DESC, seq DESC LIMIT 1")
    if row is not None:
        world.centre.append((f"{world.site.topology.site}.{service}", row["epoch"], row["seq"]))


async def _reported(world: World, service: str, recovered: Recovered, lost_at: float) -> str:
    """What the service says was not recovered, by log, epoch and seq. From ``from_seq`` on nothing of that epoch is
    left, whether it was proved to have existed or not."""
    async with world.database(service) as db:
        rows = await db.fetch("SELECT log, epoch, from_seq FROM chassis.not_recovered")
    known = {(one.log, one.epoch) for one in world.ranges}
    fresh = [
        LostRange(row["log"], row["epoch"], row["from_seq"], ENDLESS, lost_at)
        for row in rows
        if (row["log"], row["epoch"]) not in known
    ]
    world.ranges += fresh
    return ", ".join(f"{one.log}:{one.epoch}:{one.first_seq}…" for one in fresh) or "nothing"


ENDLESS = 1 << 62


def _kind(service: str, *, with_wal: bool) -> Kind:
    """Nothing can settle while a service is away for so long; several may be, unless the courier has to be away."""
    name, restore = ("restore_with_wal", restore_with_wal) if with_wal else ("restore_without_wal", restore_without_wal)
    together = "restoring" if with_wal else ""
    return Kind(name, partial(restore, service), ALL | {of_log(service)}, 1, together, seconds=180)


KINDS = tuple(_kind(service, with_wal=with_wal) for with_wal in (True, False) for service in SERVICES)
