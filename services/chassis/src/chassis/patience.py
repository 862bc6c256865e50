"""Trying again: how long to wait after failures in a row, and doing a thing until the database answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, TimeoutError

from chassis.logs import get_logger

T = TypeVar("T")
FIRST_SECONDS = 0.05
LONGEST_SECONDS = 5.0
RECOVERED_SECONDS = 10.0
_log = get_logger(__name__)


def pause_seconds(failures: int) -> float:
    """0.05 s after the first failure, doubling, 5 s at most."""
    return min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(failures - 1, 16))


async def pause(failures: int) -> None:
    await asyncio.sleep(pause_seconds(failures))


async def patiently(attempt: Callable[[], Awaitable[T]], trouble: Callable[[str | None], None]) -> T:
    """Do what is safe to repeat until the database lets it. ``trouble`` hears the reason meanwhile, None at the end."""
    failures = 0
    while True:
        try:
            result = await attempt()
        except (DBAPIError, TimeoutError, OSError) as error:
            failures += 1
            _log.warning("database_away", error=str(error))
            trouble(f"database: {error}")
            await pause(failures)
            continue
        if failures:
            trouble(None)
        return result


async def endlessly(
    part: str,
    step: Callable[[], Awaitable[None]],
    report: Callable[[str, str | None], None],
    *,
    once: bool = False,
) -> None:
    """Keep an endless step going: what breaks it is reported under ``part``, and it begins again after a pause.

    ``once``: it is enough that the step ends well. A report is taken back when the step has held for a while.
    """
    failures = 0
    while True:
        began = time.monotonic()
        recovery = asyncio.get_running_loop().call_later(RECOVERED_SECONDS, report, part, None) if failures else None
        try:
            await step()
            if once:
                if failures:
                    report(part, None)
                return
            error: Exception = RuntimeError("ended, though it is endless")
        except Exception as broken:
            error = broken
        finally:
            if recovery is not None:
                recovery.cancel()
        failures = failures + 1 if time.monotonic() - began < RECOVERED_SECONDS else 1
        _log.error("part_failed", part=part, exc_info=error)
        report(part, f"{type(error).__name__}: {error}")
        await pause(failures)
