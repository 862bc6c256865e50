"""The loops behind reactions and timers: when to look again, in the copy that holds the worker lease."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

from chassis import reacting
from chassis.clock import DemoClock
from chassis.patience import pause
from chassis.reactions import Reaction
from chassis.runtime import Runtime
from chassis.timers import Timer
from chassis.work import for_timer

SWEEP_SECONDS = 15.0
"""How often everything is looked at whether or not anything was heard."""
GATHER_SECONDS = 0.01
"""Changes come in bursts: one look serves them all."""
REST = 20
"""A look that finds nothing to do is followed by so many times its own length of rest: under load the looking itself,
which grows with the tables, would take what the commands need."""
LONGEST_REST = 2.0


async def react(runtime: Runtime, reaction: Reaction[Any]) -> None:
    """Run one reaction over all logs that it takes events from; and what waits, whenever anything new came."""
    changed = runtime.changes.listen()
    logs = reacting.logs_of(runtime, reaction)
    swept = time.monotonic()
    try:
        while True:
            changed.clear()
            sweep = time.monotonic() - swept >= SWEEP_SECONDS
            began = time.monotonic()
            swept = began if sweep else swept
            did = False
            try:
                for log in logs:
                    did |= await reacting.advance(runtime, reaction, log)
                did |= await reacting.retry_waits(runtime, reaction, refused_too=sweep)
            except reacting.Again:
                await asyncio.sleep(0.2)
                continue
            rested = _rested(began, did)
            await _changed(changed, SWEEP_SECONDS)
            await asyncio.sleep(max(GATHER_SECONDS, rested - time.monotonic()))
    finally:
        runtime.changes.forget(changed)


async def keep_time(runtime: Runtime, timer: Timer) -> None:
    """Run what is due, earliest first; then sleep until the next instant, or until anything changes."""
    changed = runtime.changes.listen()
    try:
        while True:
            changed.clear()
            began = time.monotonic()
            async with runtime.alone.connect() as db:
                job = await runtime.outlook.next(timer, db)
            now = runtime.clock.now()
            if job is not None and job.at <= now:
                asked = for_timer(runtime.service.name, now, timer.name, job.key)
                if await runtime.performer.perform(asked, timer.run, job.key, allow_nothing=True) is None:
                    # What was due settled itself between looking and doing.
                    await pause(1)
                continue
            # A demo's clock stands still until it is moved, and moving it is a change.
            ahead = SWEEP_SECONDS
            if job is not None and not isinstance(runtime.clock, DemoClock):
                ahead = min(ahead, (job.at - now).total_seconds())
            rested = _rested(began)
            await _changed(changed, max(0.0, ahead))
            await asyncio.sleep(max(GATHER_SECONDS, rested - time.monotonic()))
    finally:
        runtime.changes.forget(changed)


def _rested(began: float, did: bool = False) -> float:
    """When the next look may begin, after one that began then and has ended now."""
    now = time.monotonic()
    return now if did else now + min(LONGEST_REST, REST * (now - began))


async def _changed(changed: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await changed.wait()
