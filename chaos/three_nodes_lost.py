"""Faults that need a world of their own: a NATS cluster that loses one node of three, then two."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chaos.clock import now
from chaos.report import Result
from chaos.routed import SiteOnThreeNodes
from chaos.run import rest, settle_and_count
from chaos.world import Healed, NotSeen, world

ONE, TWO = "nats_one_node_of_three", "nats_two_nodes_of_three"


async def nodes_lost(folder: Path, say: Callable[[str], None]) -> Result:
    """Streams in three replicas: without one node everything goes on; without two nothing is relayed, all is accepted.

    Raises NotSeen when either did not show.
    """
    site = SiteOnThreeNodes(folder)
    async with world(site) as running:
        healed = []
        await running.load.more(60)
        first, second = site.three.nodes[2], site.three.nodes[1]
        await first.kill()
        lost = now()
        if await first.healthy():
            raise NotSeen(f"{first.name} is still there")
        await running.load.more(60)
        # Not the dead node's return heals: the site settles on two.
        await rest(running)
        healed.append(Healed(ONE, f"{first.name} gone, the other two carry everything", lost, now()))
        say("  one node of three gone: settled on two")
        await second.kill()
        await running.load.more(60)
        behind = {
            name: state["head"]["seq"] - min(state["relayed"].values())
            for name, state in (await running.states()).items()
        }
        if not all(behind.values()):
            raise NotSeen(f"one node of three still acknowledges: {behind}")
        for node in (first, second):
            await site.three.start_node(node)
        await site.three.all_healthy()
        back = now()
        await rest(running)
        healed.append(Healed(TWO, f"no quorum, {behind} accepted and not relayed", back, now()))
        say("  two nodes of three gone and back: settled")
        counts, wrong = await settle_and_count(running)
        return Result(counts, healed, trouble=wrong)
