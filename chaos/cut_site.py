"""A province at a site of its own is cut off for a simulated week while both sides write; then the line is mended.

Two sites of the product, registry and scoring at each, with demo clocks that are moved by a day at a time; a client of
its own at each. Each counts its receipts in its own databases and in the one across the line that keeps its log whole.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import asyncpg
from chassis import subjects
from chassis.link import arrived
from chassis.site_tree import SiteTree
from chassis.topology import PLAYER, ServiceLinks, SiteLink, Topology
from thidua.demo.api import Api
from thidua.demo.clock import DemoTime
from thidua.demo.stage import ADMINISTRATOR
from thidua.local.site import Site
from thidua.local.sites import Sites
from thidua.settled import State

from chaos.clock import now
from chaos.healing import healed
from chaos.load import Load
from chaos.report import Result
from chaos.routed import SETTINGS
from chaos.world import Healed, NotSeen

HUB, BELOW, UNIT = "vn", "caobang", "ldld-cao-bang"
TREE = SiteTree(
    hub=HUB, below={BELOW: SiteLink(serves=(UNIT,), up=("registry", "scoring"), down=("registry", "scoring"))}
)
SERVICES = Topology(
    site=HUB,
    services={"registry": ServiceLinks(follows=("scoring",)), "scoring": ServiceLinks(follows=("registry",))},
)
WRITERS = {HUB: ("cdcs-0", "cdcs-1"), BELOW: ("xa-0", "xa-1")}
SITE_CUT = "site_cut"
DAYS = (7, 1, 1)
"""How long each cut lasts by the sites' clocks: a week, and two short ones."""
A_DAY = 6
"""Commands accepted at each side in a day of a cut."""
HEAL_SECONDS = 90.0


@dataclass
class Half:
    """One of the two sites with its load, and the log of the other that it keeps."""

    site: Site
    api: Api
    load: Load
    other: str

    async def ask(self, service: str, question: str, *values: object) -> Any:
        db = await asyncpg.connect(self.site.audit(service).dsn, timeout=10)
        try:
            return await db.fetchval(question, *values)
        finally:
            await db.close()

    async def head(self) -> int:
        return int(await self.ask("registry", "SELECT seq FROM chassis.log_head"))

    async def keeps(self) -> int:
        """How far the registry here has the log of the registry across the line."""
        mark = await self.ask("registry", "SELECT seq FROM chassis.mark WHERE log = $1", f"{self.other}.registry")
        return int(mark or 0)


async def site_cut(folder: Path, say: Callable[[str], None]) -> Result:
    """Three cuts. Raises NotSeen when the line was cut and something crossed it all the same."""
    starts = datetime.now(timezone.utc)
    async with AsyncExitStack() as running:
        both = Sites(folder, tree=TREE, topology=SERVICES, settings=SETTINGS, demo=True, starts=starts)
        sites = await running.enter_async_context(both)
        halves = {name: await _half(running, name, site) for name, site in sites.all.items()}
        seen, today = [], starts
        for days in DAYS:
            await sites.cut(BELOW)
            before = await _at_rest(halves)
            for _ in range(days):
                today += timedelta(days=1)
                for name, half in halves.items():
                    await _at(half.site, name, today)
                await asyncio.gather(*(half.load.more(A_DAY) for half in halves.values()))
            if before != (after := await _kept(halves)):
                raise NotSeen(f"something crossed the line while it was cut: {before} became {after}")
            heads = {name: await half.head() for name, half in halves.items()}
            await sites.heal(BELOW)
            ended = now()
            settled = await _healed(sites, halves)
            seen.append(Healed(SITE_CUT, f"cut for {days} days, both sides at {heads}", ended, settled))
            say(f"  a site cut for {days} days by its clock: settled {settled - ended:.1f} s after it was mended")
        counts: dict[str, Any] = {}
        for half in halves.values():
            await half.load.hold()
        await _healed(sites, halves)
        for name, half in halves.items():
            across = halves[half.other]
            told = await half.load.tell(_count(name, half, across))
            told["refused"] += told.pop("stopped")
            counts = {figure: counts[figure] + there for figure, there in told.items()} if counts else told
        return Result(counts, seen)


async def _half(running: AsyncExitStack, name: str, site: Site) -> Half:
    passwords = {ADMINISTRATOR: site.bootstrap_password}
    api = await running.enter_async_context(Api(site.addresses, dict(passwords)))
    if name == HUB:
        await _unit(api)
    load = Load(site.folder, site.addresses.services, passwords, WRITERS[name])
    await running.enter_async_context(load)
    await load.go()
    return Half(site, api, load, BELOW if name == HUB else HUB)


async def _unit(api: Api) -> None:
    """The unit that the site below serves."""
    body = {"id": UNIT, "code": "LDLD-CB", "name": "Liên đoàn Lao động tỉnh Cao Bằng", "level": "province"}
    body |= {"kind": "federation", "parent_id": "tld", "effective": "2015-01-01", "source": "Danh mục đơn vị"}
    await api.by(ADMINISTRATOR).post("registry", "/units", body)


async def _at(site: Site, name: str, instant: datetime) -> None:
    """Move one site's clock."""
    client = await DemoTime.connect(site.nats.url, site.nats_password(PLAYER))
    try:
        await client.publish(subjects.clock(name), json.dumps({"at": instant.isoformat()}).encode())
        await arrived(client)
    finally:
        await client.close()


async def _kept(halves: dict[str, Half]) -> dict[str, int]:
    return {name: await half.keeps() for name, half in halves.items()}


async def _at_rest(halves: dict[str, Half]) -> dict[str, int]:
    """How far each side keeps the other's log once what had crossed before the cut is taken in."""
    while (kept := await _kept(halves)) and not await _stays(halves, kept):
        continue
    return kept


async def _stays(halves: dict[str, Half], kept: dict[str, int]) -> bool:
    await asyncio.sleep(1.5)
    return await _kept(halves) == kept


async def _healed(sites: Sites, halves: dict[str, Half]) -> float:
    """Wait until all that there is now has settled at both sites and across the line; when that was (s, Unix)."""

    async def states(_since: float) -> dict[str, State]:
        read = await asyncio.gather(*(half.api.states(ADMINISTRATOR) for half in halves.values()))
        return {state["log"]: state for of in read for state in of.values()}

    return await healed(states, sites.follows(), HEAL_SECONDS)


def _count(name: str, half: Half, across: Half) -> dict[str, Any]:
    """The order to count: the own databases, and the registry across the line as one more follower of the own log."""
    databases = {service: half.site.audit(service).dsn for service in half.site.names}
    there = f"registry-of-{half.other}"
    follows = {service: list(links.follows) for service, links in SERVICES.services.items()}
    return {
        "do": "count",
        "databases": databases | {there: across.site.audit("registry").dsn},
        "follows": follows | {there: ["registry"]},
        "ranges": [],
        "branches": [],
    }
