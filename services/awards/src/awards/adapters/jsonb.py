"""Values of the contracts as text for JSONB columns, and rows with such columns read back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from contracts.values import Value
from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

_NAMES = (
    "rules decision paper minutes basis shares assessment doubles by threshold thresholds opened counted result titles"
    " form data awards"
)
_COLUMNS = frozenset(_NAMES.split())


def one(value: Value | None) -> str | None:
    """A value as JSON text; None stays NULL."""
    return None if value is None else value.model_dump_json(exclude_none=True)


def many(values: Sequence[Value]) -> str:
    """Values as a JSON array."""
    return to_json(values, exclude_none=True).decode()


async def rows(db: AsyncConnection, sql: str, **values: Any) -> list[dict[str, Any]]:
    """Every row of a query as a mapping, its JSONB columns decoded."""
    found = (await db.execute(sa.text(sql), values)).mappings().all()
    return [
        {
            name: json.loads(value) if name in _COLUMNS and isinstance(value, str) else value
            for name, value in row.items()
        }
        for row in found
    ]


async def row(db: AsyncConnection, sql: str, **values: Any) -> dict[str, Any] | None:
    """The first row of a query, or None."""
    found = await rows(db, sql, **values)
    return found[0] if found else None
