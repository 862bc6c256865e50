"""The worker lease: of all copies of a service, one at a time relays, follows, reacts and keeps time.

A session advisory lock on a connection of its own. The lock is for speed; compare-and-set is for safety, because a
holder that was stopped and goes on again may do a little more before it learns that it lost the lease.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg

from chassis.logs import get_logger

_log = get_logger(__name__)
HEARTBEAT_SECONDS = 1.0
ANSWER_SECONDS = 2.0
"""How long the database may take to answer a heartbeat; less than the idle limit, so the holder knows first."""
TRY_SECONDS = 0.25
_TRY = "SELECT pg_try_advisory_lock($1)"
_SESSION = {
    # A holder that is stopped stops its heartbeat, too: the server ends its session and frees the lock.
    "idle_session_timeout": "3s",
    # One that was killed is noticed by its closed socket, even while a statement runs.
    "client_connection_check_interval": "500ms",
    "application_name": "thidua-lease",
}


async def run_under_lease(dsn: str, key: int, work: Callable[[], Awaitable[None]]) -> None:
    """Run ``work`` whenever this process holds lock ``key`` of the database at ``dsn`` (``postgresql://…``), for ever.

    When the lease is lost, ``work`` is cancelled at once; when ``work`` ends by itself or fails, the lease is given
    up. In both cases this copy stands in line again. Cancel the caller to end it.
    """
    while True:
        try:
            await _hold_once(dsn, key, work)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            _log.warning("lease_unavailable", error=str(error))
        except Exception as error:
            _log.error("worker_failed", exc_info=error)
        await asyncio.sleep(TRY_SECONDS)


async def _hold_once(dsn: str, key: int, work: Callable[[], Awaitable[None]]) -> None:
    connection = await asyncpg.connect(dsn, timeout=5, server_settings=_SESSION)
    try:
        while not await connection.fetchval(_TRY, key, timeout=ANSWER_SECONDS):  # noqa: ASYNC110 - not ours to signal
            await asyncio.sleep(TRY_SECONDS)
        _log.info("lease_taken", key=key)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        await _while_held(connection, lost, work)
    finally:
        # Not close(): a server that does not answer must not keep the next holder waiting for our goodbye.
        connection.terminate()


async def _while_held(connection: asyncpg.Connection, lost: asyncio.Event, work: Callable[[], Awaitable[None]]) -> None:
    working = asyncio.ensure_future(work())
    beating = asyncio.ensure_future(_beat(connection, lost))
    try:
        await asyncio.wait({working, beating}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (working, beating):
            task.cancel()
        await asyncio.wait({working, beating})
    if beating.done() and not beating.cancelled():
        _log.warning("lease_lost")
    if not working.cancelled() and (error := working.exception()) is not None:
        raise error


async def _beat(connection: asyncpg.Connection, lost: asyncio.Event) -> None:
    """Returns when the lease can no longer be taken for granted."""
    last = time.monotonic()
    while not lost.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                await lost.wait()
        if time.monotonic() - last > HEARTBEAT_SECONDS + ANSWER_SECONDS:
            return  # this process stood still: the server has ended the session, or is about to
        try:
            await connection.fetchval("SELECT 1", timeout=ANSWER_SECONDS)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return
        last = time.monotonic()
