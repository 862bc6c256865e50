"""A producer that has really gone back: its database and its head file were rolled back together while it was cut off.

No gate can see that before the line is mended. Then its followers do: it ends before what they hold, or, when it has
gone on writing, its events stand beside theirs. People choose a branch; what was accepted on the other is listed.
"""

from __future__ import annotations

import asyncio
import json
from functools import partial
from random import Random
from typing import Literal

from thidua.local.recovery import recover_service

from chaos.clock import now
from chaos.counting import Branch
from chaos.faults import ALL, Done, Kind
from chaos.faults.forks import Way, found_by, head
from chaos.faults.restores import away
from chaos.operator import keep_branch
from chaos.routed import RoutedSite
from chaos.world import World

Keep = Literal["followers", "producer"]
OPEN = (
    "SELECT opened_server = pg_postmaster_start_time() AND opened_file = pg_relation_filepath('chassis.log_head')"
    " FROM chassis.log_head"
)
WRITES = 10
"""How many events the producer records on its new branch."""


async def gone_back(service: str, way: Way, keep: Keep, world: World, chance: Random) -> Done:
    """``head-behind``: it writes nothing before it is found. ``another-hash``: it goes on, and so there are two."""
    site = world.site
    assert isinstance(site, RoutedSite)
    log = f"{site.topology.site}.{service}"
    backup = await world.backup()
    # Every follower holds the whole of the first branch: what is on it can be had again.
    await world.load.hold()
    await world.settled()
    old = await head(world, service)
    await site.shut("nats")
    try:
        async with away(world, service):
            left = now()
            recovered = await recover_service(site.postgres, service, backup, with_wal=False, keep_replaced=False)
            new = await head(world, service)
            site.head_file(service).write_text(json.dumps({"log": log, **new}) + "\n", encoding="ascii")
        await _opened_alone(world, service)
        began = now()
        if way == "another-hash":
            await world.load.go()
            while (new := await head(world, service))["seq"] < recovered.seq + WRITES:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            await world.load.hold()
    finally:
        await site.open("nats")
        ended = now()
    world.forks_injected[way] += 1
    found = await found_by(world, service, way)
    world.forks_found[way] += 1
    kept = old if keep == "followers" else new
    await keep_branch(world, service, str(kept["hash"]))
    decided = now()
    span = (began, decided) if keep == "followers" else (0.0, left)
    world.branches.append(Branch(log, recovered.seq, *span, listed=await _listed(world, service)))
    await world.load.go()
    what = f"{service} went back from {old['seq']} to {recovered.seq} and on to {new['seq']}"
    return Done(f"{what}, {way} found by {', '.join(found)}; kept what the {keep} had", ended)


async def _opened_alone(world: World, service: str) -> None:
    """Wait until its gate has found nothing against it: with the line mended before that, it would stay shut."""
    async with world.database(service) as db:
        while not await db.fetchval(OPEN):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


async def _listed(world: World, service: str) -> tuple[str, ...]:
    """Hashes of the events of branches not kept, as the producer and its followers list them."""
    hashes: set[str] = set()
    log = f"{world.site.topology.site}.{service}"
    for name in world.site.names:
        async with world.database(name) as db:
            rows = await db.fetch("SELECT encode(hash, 'hex') AS hash FROM chassis.voided WHERE log = $1", log)
        hashes |= {row["hash"] for row in rows}
    return tuple(sorted(hashes))


def _kind(service: str, way: Way, keep: Keep) -> Kind:
    name = f"fork_{way.replace('-', '_')}"
    return Kind(name, partial(gone_back, service, way, keep), ALL, times=1, seconds=180)


KINDS = (
    _kind("scoring", "head-behind", "followers"),
    _kind("awards", "head-behind", "followers"),
    _kind("registry", "head-behind", "followers"),
    _kind("scoring", "another-hash", "producer"),
)
