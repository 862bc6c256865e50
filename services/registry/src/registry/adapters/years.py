"""Reads emulation years and deadlines."""

from __future__ import annotations

from typing import Any

from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.adapters.rows import row, rows


async def found(db: AsyncConnection, year_id: str) -> dict[str, Any] | None:
    return await row(db, "SELECT * FROM emulation_year WHERE year_id = :year_id", year_id=year_id)


async def one(db: AsyncConnection, year_id: str) -> dict[str, Any]:
    """Raises ``not-found``."""
    year = await found(db, year_id)
    if year is None:
        raise Refused("not-found", kind="năm thi đua", id=year_id)
    return year


async def listed(db: AsyncConnection, after: str | None, limit: int) -> list[dict[str, Any]]:
    return await rows(
        db,
        "SELECT * FROM emulation_year WHERE year_id > :after ORDER BY year_id LIMIT :limit",
        after=after or "",
        limit=limit,
    )


async def deadline(db: AsyncConnection, deadline_id: str) -> dict[str, Any]:
    """Raises ``not-found``."""
    kept = await row(db, "SELECT * FROM deadline WHERE deadline_id = :id", id=deadline_id)
    if kept is None:
        raise Refused("not-found", kind="hạn nộp", id=deadline_id)
    return kept


async def deadline_for(db: AsyncConnection, year_id: str, cluster_id: str, filing: str) -> str | None:
    """The deadline that a cluster's year has already for a kind of filing."""
    kept = await row(
        db,
        "SELECT deadline_id FROM deadline WHERE year_id = :year_id AND cluster_id = :cluster_id AND filing = :filing",
        year_id=year_id,
        cluster_id=cluster_id,
        filing=filing,
    )
    return kept["deadline_id"] if kept else None


async def deadlines(
    db: AsyncConnection, year_id: str | None, cluster_id: str | None, after: str | None, limit: int
) -> list[dict[str, Any]]:
    return await rows(
        db,
        "SELECT * FROM deadline WHERE (CAST(:year_id AS text) IS NULL OR year_id = :year_id)"
        " AND (CAST(:cluster_id AS text) IS NULL OR cluster_id = :cluster_id)"
        " AND deadline_id > :after ORDER BY deadline_id LIMIT :limit",
        year_id=year_id,
        cluster_id=cluster_id,
        after=after or "",
        limit=limit,
    )


async def extensions(db: AsyncConnection, deadline_ids: list[str]) -> list[dict[str, Any]]:
    """Extensions of some deadlines, one row for each unit named; ``unit_id`` None: for all."""
    return await rows(
        db,
        "SELECT * FROM deadline_extension WHERE deadline_id = ANY(:ids) ORDER BY extension_id, nr",
        ids=deadline_ids,
    )
