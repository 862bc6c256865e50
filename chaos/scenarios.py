"""Faults that need a world of their own: a NATS cluster that loses one node of three, then two."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import nats.errors
from nats.js.errors import APIError

from chaos.report import Result
from chaos.routed import SiteOnThreeNodes
from chaos.run import more_accepted, rest, settle_and_count
from chaos.world import Healed, NotSeen, World, now, world

ONE, TWO = "nats_one_node_of_three", "nats_two_nodes_of_three"
ONCE = frozenset({ONE, TWO})
"""Kinds that are one scenario: no three of each are asked for."""
STREAM = "loc-registry"


async def nodes_lost(folder: Path, say: Callable[[str], None]) -> Result:
    """Streams in three replicas: without one node everything goes on; without two nothing is relayed, all is accepted.

    Raises NotSeen when either did not show.
    """
    site = SiteOnThreeNodes(folder)
    async with world(site) as running:
        healed = []
        await more_accepted(running, 60)
        first, second = site.three.nodes[2], site.three.nodes[1]
        await first.kill()
        if await first.healthy():
            raise NotSeen(f"{first.name} is still there")
        lost = now()
        before = await _last_seq(running)
        await more_accepted(running, 60)
        # Not the dead node's return heals: the site settles on two.
        await rest(running)
        if before is None or (await _last_seq(running) or 0) <= before:
            raise NotSeen("the stream stands still without one node")
        healed.append(Healed(ONE, f"{first.name} gone, {STREAM} goes on", lost, now()))
        say("  one node of three gone: settled on two")
        await second.kill()
        if await _last_seq(running) is not None:
            raise NotSeen("one node of three still answers for the stream")
        await more_accepted(running, 60)
        for node in (first, second):
            await site.three.start_node(node)
        await site.three.all_healthy()
        back = now()
        await rest(running)
        healed.append(Healed(TWO, f"no quorum for {STREAM}, commands accepted meanwhile", back, now()))
        say("  two nodes of three gone and back: settled")
        return Result(await settle_and_count(running), healed)


async def _last_seq(running: World) -> int | None:
    """None when nobody answers for the stream."""
    connection = await running.connect()
    try:
        # A dead leader's followers take some seconds to choose another.
        for _ in range(8):
            try:
                return (await connection.jetstream(timeout=1).stream_info(STREAM)).state.last_seq
            except (nats.errors.Error, APIError, TimeoutError):
                await asyncio.sleep(0.5)
    finally:
        await connection.close()
    return None
