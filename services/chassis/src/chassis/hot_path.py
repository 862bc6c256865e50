"""Connections of the hot path: the driver's own, without the layer that costs as much as the statement itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from chassis.migrate import LIVE

HotPool = asyncpg.Pool
STATEMENTS = 500
"""How many statements a connection keeps prepared: more than a service has."""
POOL_SECONDS = 15.0
"""How long a request waits for a connection that others use: a burst on a busy machine is not an absent database."""
CONNECT_SECONDS = 3.0
"""How long a server may take to let a new connection in."""


def session(schema: str) -> dict[str, str]:
    """Settings of every connection of a service."""
    return {
        "search_path": f"{schema},chassis,public",
        "synchronous_commit": "on",
        "idle_in_transaction_session_timeout": "3s",
        "lock_timeout": "5s",
        "timezone": "UTC",
        "jit": "off",
    }


@asynccontextmanager
async def hot_pool(url: str, *, pool_size: int = 10) -> AsyncIterator[HotPool]:
    """Connections of the hot path, the driver's own, made when they are needed.

    Each statement commits by itself and is planned once, whatever its parameters: all of them go by keys, and
    planning one takes as long as doing it.
    """
    pool = asyncpg.create_pool(
        url.replace("+asyncpg", "", 1),
        min_size=0,
        max_size=pool_size,
        timeout=CONNECT_SECONDS,
        statement_cache_size=STATEMENTS,
        reset=_left_as_it_was,
        server_settings=session(LIVE) | {"plan_cache_mode": "force_generic_plan"},
    )
    await pool
    try:
        yield pool
    finally:
        pool.terminate()


async def _left_as_it_was(connection: Any) -> None:
    """One statement leaves nothing behind on its connection: no round trip to clean it."""
