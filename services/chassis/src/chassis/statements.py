"""Statements of the hot path, handed to the driver as they are: one round trip each, compiled once and for all.

Everything else goes through SQLAlchemy, which costs several times as much Python a statement. Parameters are named in
the same way (``:unit_id``); their types are those that PostgreSQL infers, so an ambiguous one needs a ``CAST``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from asyncpg.pool import PoolConnectionProxy
from sqlalchemy.ext.asyncio import AsyncConnection

Connected = AsyncConnection | PoolConnectionProxy
"""A connection of SQLAlchemy's, or the driver's own from the hot pool (``chassis.runtime.HotPool``)."""

_NAMED = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")
CACHED = 500
"""More statements than a service has."""


@lru_cache(CACHED)
def numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """A statement with ``$1`` for its first name and so on, and the names in that order."""
    places: dict[str, int] = {}

    def place(found: re.Match[str]) -> str:
        return f"${places.setdefault(found[1], len(places) + 1)}"

    return _NAMED.sub(place, statement), tuple(places)


async def fetch_row(db: Connected, statement: str, **values: Any) -> dict[str, Any] | None:
    """The first row, or None. Raises the driver's own errors (``asyncpg.PostgresError``): see ``chassis.database``.

    On a connection on which SQLAlchemy has begun no transaction, with a statement of its own, it commits by itself.
    """
    text, names = numbered(statement)
    found = await _driver(db).fetchrow(text, *[values[name] for name in names])
    return None if found is None else dict(found)


async def fetch_rows(db: Connected, statement: str, **values: Any) -> list[Sequence[Any]]:
    """All rows, each with its columns in order. Raises and commits as ``fetch_row``."""
    text, names = numbered(statement)
    found: list[Sequence[Any]] = await _driver(db).fetch(text, *[values[name] for name in names])
    return found


def _driver(db: Connected) -> Any:
    if isinstance(db, PoolConnectionProxy):
        return db
    assert db.sync_connection is not None
    return db.sync_connection.connection.driver_connection


@lru_cache(CACHED)
def beside(statements: tuple[str, ...]) -> str:
    """``WITH r0 AS (…), r1 AS (…) ``: statements that write rows, to stand before another that all of them are one
    with. Their parameters are called ``r<nr>_<name>``."""
    named = [re.sub(r"(?<!:):([a-z])", rf":r{nr}_\1", statement) for nr, statement in enumerate(statements)]
    parts = [f"r{nr} AS ({statement} RETURNING 1)" for nr, statement in enumerate(named)]
    return f"WITH {', '.join(parts)} " if parts else ""
