"""Death at a labelled point: around commit, publish, PubAck, apply, mark and ack, in the copy that gets there."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from functools import partial
from random import Random

from chassis.crash_points import Label
from thidua.local.folders import write_private

from chaos.clock import now
from chaos.faults import Done, Kind
from chaos.servants import Copy
from chaos.world import NotSeen, World

WHERE: dict[str, tuple[tuple[Label, str], ...]] = {
    "crash_commit": (
        ("command.applied", "registry"),
        ("command.appended", "awards"),
        ("command.committed", "notify"),
    ),
    "crash_publish": tuple(("relay.published", service) for service in ("registry", "scoring", "notify")),
    "crash_puback": (
        ("relay.acknowledged", "registry"),
        ("relay.acknowledged", "notify"),
        ("relay.cursor-moved", "scoring"),
    ),
    "crash_apply": (
        ("follower.applied", "scoring"),
        ("follower.applied", "notify"),
        ("follower.committed", "awards"),
    ),
    "crash_mark": tuple(("follower.marked", service) for service in ("scoring", "awards", "notify")),
    "crash_ack": tuple(("follower.acknowledged", service) for service in ("scoring", "awards", "notify")),
}
"""The six points, each three times, in services that pass them often."""
WITHIN = 12.0
NOWHERE = "nowhere"
"""Names no point: arming it disarms what was armed before."""


async def crash(label: Label, service: str, world: World, chance: Random) -> Done:
    file = world.site.crash_file(service)
    copies = world.servants.of(service)
    before = {copy.name: copy.starts for copy in copies}
    arm(world, copies, f"{label} {chance.randint(1, 5)}")
    try:
        died = await _first_death(copies, WITHIN)
        ended = now()
    finally:
        told = file.read_text().split("\n")
        arm(world, copies, NOWHERE)
    if died is None or f"died at {label}" not in told:
        raise NotSeen(f"{service} did not pass {label}")
    await world.servants.back(died, starts=before[died.name])
    return Done(f"{died.name} died at {label}", ended)


def arm(world: World, copies: list[Copy], line: str) -> None:
    """Write the order, and have every copy read it."""
    file = world.site.crash_file(copies[0].service)
    write_private(file, line + "\n")  # at once: another copy may be reading it
    for copy in copies:
        with suppress(ProcessLookupError):
            os.kill(copy.child.pid, signal.SIGUSR1)


async def _first_death(copies: list[Copy], within: float) -> Copy | None:
    waits = {asyncio.ensure_future(copy.child.process.wait()): copy for copy in copies}
    done, waiting = await asyncio.wait(waits, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    for wait in waiting:
        wait.cancel()
    return waits[done.pop()] if done else None


KINDS = tuple(
    Kind(name, partial(crash, label, service), frozenset({service}), times=1)
    for name, points in WHERE.items()
    for label, service in points
)
