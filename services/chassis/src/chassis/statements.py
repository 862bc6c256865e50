"""Statements of the hot path, handed to the driver as they are: one round trip each, compiled once and for all.

Everything else goes through SQLAlchemy, which costs several times as much Python a statement. Parameters are named in
the same way (``:unit_id``); their types are those that PostgreSQL infers, so an ambiguous one needs a ``CAST``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

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


async def fetch_row(db: AsyncConnection, statement: str, **values: Any) -> dict[str, Any] | None:
    """The first row, or None. Raises the driver's own errors (``asyncpg.PostgresError``): see ``chassis.database``."""
    text, names = numbered(statement)
    # In a transaction this is only once SQLAlchemy has begun one, with a statement of its own.
    assert db.sync_connection is not None
    connection: Any = db.sync_connection.connection.driver_connection
    found = await connection.fetchrow(text, *[values[name] for name in names])
    return None if found is None else dict(found)
