"""One run: a site under steady load, wave after wave of faults, each healed before the next, then the count."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from chaos.faults import Done, Kind
from chaos.report import LEAST_ACCEPTED, Result, repeats
from chaos.schedule import waves
from chaos.world import Healed, NotSeen, World, now, world

Say = Callable[[str], None]
FAULT_SECONDS = 60.0
HEAL_SECONDS = 90.0


async def run(folder: Path, kinds: Sequence[Kind], seed: int, minutes: float, say: Say, *, whole: bool) -> Result:
    """Everything, from an empty folder to the count. Raises what breaks the run itself."""
    began, chance = now(), Random(seed)
    healed: list[Healed] = []
    unseen: list[str] = []
    async with world(folder) as running:
        say(f"{now() - began:5.0f} s  the site stands, the load begins")
        drawn = waves(kinds, chance)
        while drawn:
            if now() - began > minutes * 60:
                unseen += [f"{kind.name}: no time was left" for wave in drawn for kind in wave]
                break
            again = await _wave(running, drawn.pop(0), chance, healed, unseen)
            if again:
                drawn.append(again)
            last = healed[-1].seconds if healed else 0
            say(
                f"{now() - began:5.0f} s  {len(healed):3} faults, {running.accepted:6} accepted, healed in {last:.1f} s"
            )
        if whole:
            await _enough(running)
        counts = await _settle_and_count(running)
        say(f"{now() - began:5.0f} s  counted")
        return Result(counts, healed, unseen, outward_repeats=repeats(running.site.folder / "mail.jsonl"))


async def _wave(world: World, wave: list[Kind], chance: Random, healed: list[Healed], unseen: list[str]) -> list[Kind]:
    """Faults at once, then rest; returns the kinds whose effect did not show, to be tried again."""
    seeds = [Random(chance.random()) for _ in wave]
    results = await asyncio.gather(
        *(_one(world, kind, seed) for kind, seed in zip(wave, seeds, strict=True)), return_exceptions=True
    )
    await _rest(world)
    at = now()
    again: list[Kind] = []
    for kind, result in zip(wave, results, strict=True):
        match result:
            case Done(what, ended):
                healed.append(Healed(kind.name, what, ended, at))
            case NotSeen() | TimeoutError():
                unseen.append(f"{kind.name}: {result}")
                if sum(one.startswith(f"{kind.name}:") for one in unseen) < 3:
                    again.append(kind)
            case BaseException():
                raise result
    return again


async def _one(world: World, kind: Kind, chance: Random) -> Done:
    async with asyncio.timeout(FAULT_SECONDS):
        return await kind.inflict(world, chance)


async def _rest(world: World) -> None:
    """The load pauses until the site has settled, and goes on."""
    held = await world.tell_client({"do": "hold", "within": HEAL_SECONDS})
    if not held["still"]:
        raise RuntimeError("commands stay unanswered although every fault is over")
    await world.settled(HEAL_SECONDS)
    await world.tell_client({"do": "go"})


async def _enough(world: World) -> None:
    """Load goes on until there is enough to count."""
    while world.accepted < LEAST_ACCEPTED:
        await asyncio.sleep(1)
        await world.tell_client({"do": "go"})


async def _settle_and_count(world: World) -> dict[str, object]:
    await _rest(world)
    await world.tell_client({"do": "hold", "within": HEAL_SECONDS})
    await world.settled(HEAL_SECONDS)
    return await world.count()
