"""Reads rows as plain mappings, JSONB columns decoded."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

_JSONB = (
    "decision paper contacts successors closing recipients sides bodies unit_ids replaced added content accepted_late"
)


async def rows(db: AsyncConnection, sql: str, **values: Any) -> list[dict[str, Any]]:
    """Every row of a query; columns that registry keeps as JSONB come back as JSON values."""
    found = (await db.execute(sa.text(sql), values)).mappings().all()
    return [
        {
            name: json.loads(value) if name in _DECODED and isinstance(value, str) else value
            for name, value in row.items()
        }
        for row in found
    ]


async def row(db: AsyncConnection, sql: str, **values: Any) -> dict[str, Any] | None:
    """The first row of a query, or None."""
    found = await rows(db, sql, **values)
    return found[0] if found else None


_DECODED = frozenset(_JSONB.split())
