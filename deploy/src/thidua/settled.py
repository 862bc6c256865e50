"""Waits until a site has settled: every head equals every mark, nothing is due, nothing is unsent.

The facts come from each service's ``/ops/state``; what is held in quarantine or waits is returned, not waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

State = dict[str, Any]
ReadStates = Callable[[], Awaitable[dict[str, State]]]


class NotSettled(Exception):
    """The site did not settle in time; the text names what still moves."""


@dataclass(frozen=True)
class Settled:
    """A site at rest: its states, what is held and what waits, and the next instant at which a timer has work."""

    states: dict[str, State]

    @property
    def held(self) -> int:
        return sum(state["held"] for state in self.states.values())

    @property
    def waits(self) -> int:
        return sum(state["waits"] for state in self.states.values())

    @property
    def next_due(self) -> datetime | None:
        due = [datetime.fromisoformat(state["due"]) for state in self.states.values() if state.get("due")]
        return min(due, default=None)


def unsettled(states: Mapping[str, State], follows: Mapping[str, list[str]], at: datetime | None = None) -> list[str]:
    """What still moves, in words; empty when the snapshot is settled. ``at``: the instant that clocks should show."""
    moving = []
    for name, state in states.items():
        now = datetime.fromisoformat(state["clock"])
        if at is not None and now != at:
            moving.append(f"{name}: clock at {state['clock']}")
        head = state["head"]["seq"]
        moving += [f"{name}: relayed {seq} of {head} to {to}" for to, seq in state["relayed"].items() if seq != head]
        if not state["relayed"]:
            moving.append(f"{name}: nothing relayed yet")
        for producer in follows.get(name, []):
            log, produced = states[producer]["log"], states[producer]["head"]["seq"]
            mark = state["marks"].get(log, {}).get("seq", 0)
            if mark != produced:
                moving.append(f"{name}: follows {log} to {mark} of {produced}")
            moving += [
                f"{name}: {reaction} looked to {seq} of {mark}"
                for reaction, seq in state["reacted"].items()
                if reaction.endswith(f"@{log}") and seq < mark
            ]
        if state["due"] is not None and datetime.fromisoformat(state["due"]) <= now:
            moving.append(f"{name}: work due since {state['due']}")
        if state["unsent"]:
            moving.append(f"{name}: {state['unsent']} unsent")
    return moving


async def settled(
    read_states: ReadStates,
    follows: Mapping[str, list[str]],
    *,
    at: datetime | None = None,
    within: float = 60.0,
) -> Settled:
    """Wait for rest. Two equal snapshots in a row are asked for, since services are read one after the other."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + within
    before: dict[str, Any] | None = None
    while True:
        began = loop.time()
        states = await read_states()
        moving = unsettled(states, follows, at)
        heads = {name: state["head"] for name, state in states.items()}
        if not moving and heads == before:
            return Settled(states)
        if loop.time() > ends:
            raise NotSettled("; ".join(moving) or "heads keep moving")
        before = heads if not moving else None
        if moving:
            # Looking takes from what it waits for: on a busy machine it rests as long as it looked.
            await asyncio.sleep(max(0.02, loop.time() - began))
