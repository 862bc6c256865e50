"""Reads plans with their tasks, and campaigns with their reviews."""

from __future__ import annotations

from typing import Any

from contracts.events.registry import TaskOutcome
from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.adapters.rows import row, rows
from registry.domain.campaigns import Course
from registry.domain.plans import TaskState


async def one(db: AsyncConnection, plan_id: str) -> dict[str, Any]:
    """Raises ``not-found``."""
    found = await row(db, "SELECT * FROM plan WHERE plan_id = :plan_id", plan_id=plan_id)
    if found is None:
        raise Refused("not-found", kind="kế hoạch", id=plan_id)
    return found


async def listed(
    db: AsyncConnection, year_id: str | None, body: str | None, after: str | None, limit: int
) -> list[dict[str, Any]]:
    return await rows(
        db,
        "SELECT * FROM plan WHERE (CAST(:year_id AS text) IS NULL OR year_id = :year_id)"
        " AND (CAST(:body AS text) IS NULL OR body = :body) AND plan_id > :after ORDER BY plan_id LIMIT :limit",
        year_id=year_id,
        body=body,
        after=after or "",
        limit=limit,
    )


async def number_holder(db: AsyncConnection, body: str, year: int, kind: str, number: str) -> str | None:
    found = await row(
        db,
        "SELECT plan_id FROM plan_number WHERE body = :body AND year = :year AND kind = :kind AND number = :number",
        body=body,
        year=year,
        kind=kind,
        number=number,
    )
    return found["plan_id"] if found else None


async def tasks(db: AsyncConnection, plan_ids: list[str]) -> list[dict[str, Any]]:
    return await rows(db, "SELECT * FROM plan_task WHERE plan_id = ANY(:ids) ORDER BY plan_id, place", ids=plan_ids)


async def task_states(db: AsyncConnection, plan_id: str) -> dict[str, TaskState]:
    return {
        task["no"]: TaskState(task["if_any"], TaskOutcome(task["outcome"]) if task["outcome"] else None)
        for task in await tasks(db, [plan_id])
    }


async def amendments(db: AsyncConnection, plan_id: str) -> list[dict[str, Any]]:
    return await rows(
        db,
        "SELECT * FROM plan_amendment WHERE plan_id = :plan_id ORDER BY recorded, amendment_id",
        plan_id=plan_id,
    )


async def campaign(db: AsyncConnection, campaign_id: str) -> dict[str, Any]:
    """Raises ``not-found``."""
    found = await row(db, "SELECT * FROM campaign WHERE campaign_id = :campaign_id", campaign_id=campaign_id)
    if found is None:
        raise Refused("not-found", kind="phong trào thi đua", id=campaign_id)
    return found


async def course(db: AsyncConnection, campaign_id: str) -> Course:
    return Course(campaign_id, (await campaign(db, campaign_id))["over"])


async def campaigns(
    db: AsyncConnection, year_id: str | None, launched_by: str | None, after: str | None, limit: int
) -> list[dict[str, Any]]:
    return await rows(
        db,
        "SELECT * FROM campaign WHERE (CAST(:year_id AS text) IS NULL OR year_id = :year_id)"
        " AND (CAST(:launched_by AS text) IS NULL OR launched_by = :launched_by)"
        " AND campaign_id > :after ORDER BY campaign_id LIMIT :limit",
        year_id=year_id,
        launched_by=launched_by,
        after=after or "",
        limit=limit,
    )


async def reviews(db: AsyncConnection, campaign_ids: list[str]) -> list[dict[str, Any]]:
    return await rows(
        db,
        'SELECT * FROM campaign_review WHERE campaign_id = ANY(:ids) ORDER BY "on", review_id',
        ids=campaign_ids,
    )
