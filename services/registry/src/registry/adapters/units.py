"""Reads units as they were on any day."""

from __future__ import annotations

from datetime import date
from typing import Any

from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.adapters.rows import row, rows
from registry.domain.units import Life


async def life(db: AsyncConnection, unit_id: str) -> Life | None:
    found = await row(
        db,
        "SELECT unit_id, lower(valid) AS starts, upper(valid) AS ends FROM unit_life WHERE unit_id = :unit_id",
        unit_id=unit_id,
    )
    return Life(**found) if found else None


async def code_holder(db: AsyncConnection, code: str, day: date) -> str | None:
    """The unit that bears a code on a day."""
    found = await row(
        db, "SELECT unit_id FROM unit_name WHERE code = :code AND valid @> CAST(:day AS date)", code=code, day=day
    )
    return found["unit_id"] if found else None


async def above(db: AsyncConnection, unit_id: str, day: date) -> set[str]:
    """Every unit that stands above one on some day from ``day`` on."""
    found = await rows(
        db,
        "WITH RECURSIVE up(unit_id) AS (SELECT CAST(:unit_id AS text) UNION SELECT p.parent_id FROM up"
        " JOIN unit_place p ON p.unit_id = up.unit_id WHERE p.parent_id IS NOT NULL"
        " AND p.valid && daterange(:day, NULL)) SELECT unit_id FROM up",
        unit_id=unit_id,
        day=day,
    )
    return {one["unit_id"] for one in found} - {unit_id}


async def below(db: AsyncConnection, root: str, unit_ids: set[str], day: date) -> set[str]:
    """Those of some units that are ``root`` or stand under it on a day."""
    found = await rows(
        db,
        "WITH RECURSIVE up(start, unit_id) AS (SELECT u, u FROM unnest(CAST(:ids AS text[])) AS u UNION"
        " SELECT up.start, p.parent_id FROM up JOIN unit_place p ON p.unit_id = up.unit_id"
        " WHERE p.parent_id IS NOT NULL AND p.valid @> CAST(:day AS date))"
        " SELECT DISTINCT up.start FROM up JOIN unit_life l ON l.unit_id = up.start AND l.valid @> CAST(:day AS date)"
        " WHERE up.unit_id = :root",
        ids=sorted(unit_ids),
        root=root,
        day=day,
    )
    return {one["start"] for one in found}


async def children(db: AsyncConnection, unit_id: str, day: date) -> set[str]:
    """Units that stand directly under one on some day from ``day`` on."""
    found = await rows(
        db,
        "SELECT DISTINCT unit_id FROM unit_place WHERE parent_id = :unit_id AND valid && daterange(:day, NULL)",
        unit_id=unit_id,
        day=day,
    )
    return {one["unit_id"] for one in found}


_ON = """
SELECT l.unit_id, n.code, n.name, l.level, l.kind, p.parent_id, p.province, c.contacts,
       lower(l.valid) AS starts, upper(l.valid) AS ends, l.successors
  FROM unit_life l
  JOIN unit_name n ON n.unit_id = l.unit_id AND n.valid @> CAST(:day AS date)
  JOIN unit_place p ON p.unit_id = l.unit_id AND p.valid @> CAST(:day AS date)
  LEFT JOIN unit_contact c ON c.unit_id = l.unit_id AND c.valid @> CAST(:day AS date)
 WHERE l.valid @> CAST(:day AS date)
"""


async def on(db: AsyncConnection, unit_id: str, day: date) -> dict[str, Any]:
    """A unit as it was on a day. Raises ``not-found``."""
    found = await row(db, _ON + " AND l.unit_id = :unit_id", unit_id=unit_id, day=day)
    if found is None:
        raise Refused("not-found", kind="đơn vị", id=unit_id)
    return found


async def listed(
    db: AsyncConnection,
    day: date,
    *,
    parent_id: str | None,
    level: str | None,
    province: str | None,
    after: str | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Units on a day in order of code."""
    chosen = {
        "p.parent_id = :parent_id": ("parent_id", parent_id),
        "l.level = :level": ("level", level),
        "p.province = :province": ("province", province),
    }
    kept = {condition: pair for condition, pair in chosen.items() if pair[1] is not None}
    return await rows(
        db,
        _ON + "".join(f" AND {condition}" for condition in kept) + " AND (n.code || '|' || l.unit_id) > :after"
        " ORDER BY n.code || '|' || l.unit_id LIMIT :limit",
        day=day,
        after=after or "",
        limit=limit,
        **dict(kept.values()),
    )


async def history(db: AsyncConnection, unit_id: str) -> list[dict[str, Any]]:
    """Every change of name, place and contacts of a unit, by the day on which it took effect."""
    return await rows(
        db,
        "SELECT 'name' AS what, lower(valid) AS starts, upper(valid) AS ends, name || ' (' || code || ')' AS told,"
        " decision FROM unit_name WHERE unit_id = :unit_id UNION ALL"
        " SELECT 'parent', lower(valid), upper(valid), parent_id, decision FROM unit_place WHERE unit_id = :unit_id"
        " UNION ALL SELECT 'contacts', lower(valid), upper(valid), contacts::text, NULL FROM unit_contact"
        "  WHERE unit_id = :unit_id AND contacts IS NOT NULL"
        " UNION ALL SELECT 'closed', upper(valid), NULL, successors::text, closing FROM unit_life"
        "  WHERE unit_id = :unit_id AND upper(valid) IS NOT NULL ORDER BY starts, what",
        unit_id=unit_id,
    )
