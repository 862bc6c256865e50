"""One run: a site under steady load, fault after fault, each healed before its parts are touched again, the count."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from thidua.local.backups import BackupFailed
from thidua.settled import NotSettled

from chaos.clock import now
from chaos.faults import Kind
from chaos.inspection import inspect
from chaos.operator import CommandFailed
from chaos.report import LEAST_ACCEPTED, Result, repeats
from chaos.routed import RoutedSite
from chaos.schedule import drawn, next_one
from chaos.world import Healed, NotSeen, World, world

Say = Callable[[str], None]
HEAL_SECONDS = 90.0
AGAIN_AT_MOST = 4
"""A fault that did not show is tried again so often."""


async def run(folder: Path, kinds: Sequence[Kind], seed: int, minutes: float, say: Say, *, whole: bool) -> Result:
    """Everything, from an empty folder to the count. Raises what breaks the run itself."""
    began = now()

    def tell(line: str) -> None:
        say(f"{now() - began:5.0f} s  {line}")

    async with world(RoutedSite(folder / "up")) as running:
        tell("the site stands, the load begins")
        faults = Faults(running, Random(seed), tell)
        await faults.all(kinds, until=began + minutes * 60)
        if whole:
            await running.load.more(LEAST_ACCEPTED - running.load.accepted)
        counts, wrong = await settle_and_count(running)
        result = Result(
            counts,
            faults.healed,
            faults.unseen,
            faults.trouble + wrong,
            outward_repeats=repeats(running.site.folder / "mail.jsonl"),
            forks_injected=running.forks_injected,
            forks_found=running.forks_found,
        )
        tell("counted")
        return result


class Faults:
    """Faults one after the other and several at once, each healed before its parts are touched again."""

    def __init__(self, world: World, chance: Random, tell: Say) -> None:
        self.healed: list[Healed] = []
        self.unseen: list[str] = []
        self.trouble: list[str] = []
        self._world = world
        self._chance = chance
        self._tell = tell

    async def all(self, kinds: Sequence[Kind], until: float) -> None:
        """Every fault drawn, none begun after ``until`` (s, Unix). Raises what a fault could not undo."""
        waiting = drawn(kinds, self._chance)
        under_way: dict[asyncio.Task[None], Kind] = {}
        try:
            while waiting or under_way:
                if now() > until:
                    self.unseen += [f"{kind.name}: no time was left" for kind in waiting]
                    waiting.clear()
                while kind := next_one(waiting, under_way.values()):
                    task = asyncio.create_task(self._one(kind, Random(self._chance.random()), waiting))
                    under_way[task] = kind
                if not under_way:
                    return
                done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    del under_way[task]
                    task.result()
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    def _fail(self, trouble: str) -> None:
        """The run has failed, and goes on to the count all the same."""
        self.trouble.append(trouble)
        self._tell(f"FAILED  {trouble}")

    async def _one(self, kind: Kind, chance: Random, waiting: list[Kind]) -> None:
        try:
            async with asyncio.timeout(kind.seconds):
                done = await kind.inflict(self._world, chance)
        except (NotSeen, TimeoutError) as unseen:
            self.unseen.append(f"{kind.name}: {unseen or 'took too long'}")
            self._tell(f"NOT SEEN  {self.unseen[-1]}")
            if sum(one.startswith(f"{kind.name}:") for one in self.unseen) < AGAIN_AT_MOST:
                waiting.append(kind)
            return
        except (CommandFailed, BackupFailed, NotSettled) as failed:
            self._fail(f"{kind.name}: {failed}")
            return
        try:
            at = await self._world.healed(HEAL_SECONDS)
        except NotSettled as moving:
            self._fail(f"{kind.name} had not healed after {HEAL_SECONDS:g} s: {moving}")
            return
        self.healed.append(Healed(kind.name, done.what, done.ended, at))
        await self._world.load.go()
        healed = f"{len(self.healed):3}  {kind.name:<26} healed in {at - done.ended:4.1f} s"
        self._tell(f"{healed}  ({self._world.load.accepted} accepted)  {done.what}")


async def rest(world: World) -> None:
    """The load pauses until the site has settled, and goes on."""
    await world.load.hold()
    await world.settled(HEAL_SECONDS)
    await world.load.go()


async def settle_and_count(world: World) -> tuple[dict[str, Any], list[str]]:
    """The load ends, the site settles, the client compares; and what the product's own invariants find wrong."""
    await world.load.hold()
    settled = await world.settled(HEAL_SECONDS)
    return await world.count(), await inspect(world.site, settled)
