"""When sites have healed under load: settled, as the product says it, in all that there was when the fault ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from thidua.settled import NotSettled, State, unsettled

from chaos.clock import now

LOOK_SECONDS = 0.5
"""Looking takes from what it looks at."""
ReadStates = Callable[[float], Awaitable[Mapping[str, State]]]
"""States whose reading began at that instant (s, monotonic) or later."""


async def healed(read: ReadStates, follows: Mapping[str, list[str]], within: float) -> float:
    """Wait until all that there is now has settled everywhere, load or not; when that was (s, Unix).

    What was read before now does not count: a fault may have come after it. Raises NotSettled.
    """
    began = time.monotonic()
    upto = heads(await read(began))
    while moving := still_moves(await read(began), follows, upto):
        if time.monotonic() > began + within:
            raise NotSettled("; ".join(moving))
        await asyncio.sleep(LOOK_SECONDS)
    return now()


def heads(states: Mapping[str, State]) -> dict[str, int]:
    """Where each log ends."""
    return {state["log"]: state["head"]["seq"] for state in states.values()}


def still_moves(states: Mapping[str, State], follows: Mapping[str, list[str]], upto: Mapping[str, int]) -> list[str]:
    """``settled.unsettled`` of the logs up to ``upto`` (the seq of each log's head then): what came later with the
    load is left out, as if the load had stopped at that instant."""
    return unsettled({name: _as_of(state, upto) for name, state in states.items()}, follows)


def _as_of(state: State, upto: Mapping[str, int]) -> State:
    own = upto[state["log"]]
    return {
        **state,
        "head": {**state["head"], "seq": min(state["head"]["seq"], own)},
        "relayed": {to: min(seq, own) for to, seq in state["relayed"].items()},
        "marks": {log: {**mark, "seq": min(mark["seq"], upto[log])} for log, mark in state["marks"].items()},
        "reacted": {name: min(seq, upto[name.rpartition("@")[2]]) for name, seq in state["reacted"].items()},
    }
