"""Reads clusters, members on a day, leadership by year."""

from __future__ import annotations

from datetime import date
from typing import Any

from contracts.refusal import Refused
from contracts.values import Period
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.adapters.rows import row, rows


async def one(db: AsyncConnection, cluster_id: str) -> dict[str, Any]:
    """Raises ``not-found``."""
    found = await row(db, "SELECT * FROM cluster WHERE cluster_id = :cluster_id", cluster_id=cluster_id)
    if found is None:
        raise Refused("not-found", kind="cụm, khối thi đua", id=cluster_id)
    return found


async def exists(db: AsyncConnection, cluster_id: str) -> bool:
    found = await row(db, "SELECT 1 AS yes FROM cluster WHERE cluster_id = :cluster_id", cluster_id=cluster_id)
    return found is not None


async def listed(db: AsyncConnection, unit_id: str | None, after: str | None, limit: int) -> list[dict[str, Any]]:
    """Clusters in order of id; those of which a unit is or was a member, where one is named."""
    return await rows(
        db,
        "SELECT * FROM cluster c WHERE c.cluster_id > :after AND (CAST(:unit_id AS text) IS NULL OR EXISTS"
        " (SELECT 1 FROM cluster_member m WHERE m.cluster_id = c.cluster_id AND m.unit_id = :unit_id))"
        " ORDER BY c.cluster_id LIMIT :limit",
        unit_id=unit_id,
        after=after or "",
        limit=limit,
    )


async def members_on(db: AsyncConnection, cluster_id: str, day: date) -> list[dict[str, Any]]:
    """Members on a day with the name each bore then."""
    return await rows(
        db,
        "SELECT m.unit_id, n.name, lower(m.valid) AS starts, upper(m.valid) AS ends FROM cluster_member m"
        " LEFT JOIN unit_name n ON n.unit_id = m.unit_id AND n.valid @> CAST(:day AS date)"
        " WHERE m.cluster_id = :cluster_id AND m.valid @> CAST(:day AS date) ORDER BY m.unit_id",
        cluster_id=cluster_id,
        day=day,
    )


async def members_during(db: AsyncConnection, cluster_id: str, starts: date, ends: date) -> set[str]:
    """Units that are members on some day of a stretch."""
    found = await rows(
        db,
        "SELECT unit_id FROM cluster_member WHERE cluster_id = :cluster_id AND valid && daterange(:starts, :ends)",
        cluster_id=cluster_id,
        starts=starts,
        ends=ends,
    )
    return {one["unit_id"] for one in found}


async def memberships(db: AsyncConnection, cluster_id: str, unit_id: str) -> list[Period]:
    found = await rows(
        db,
        "SELECT lower(valid) AS starts, upper(valid) AS ends FROM cluster_member"
        " WHERE cluster_id = :cluster_id AND unit_id = :unit_id ORDER BY valid",
        cluster_id=cluster_id,
        unit_id=unit_id,
    )
    return [Period(**one) for one in found]


async def leaderships(db: AsyncConnection, cluster_id: str) -> list[dict[str, Any]]:
    return await rows(
        db,
        "SELECT year_id, lead_unit_id, deputy_unit_id, basis, paper FROM cluster_leadership"
        " WHERE cluster_id = :cluster_id ORDER BY year_id",
        cluster_id=cluster_id,
    )


async def leadership(db: AsyncConnection, cluster_id: str, year_id: str) -> dict[str, Any] | None:
    return await row(
        db,
        "SELECT * FROM cluster_leadership WHERE cluster_id = :cluster_id AND year_id = :year_id",
        cluster_id=cluster_id,
        year_id=year_id,
    )
