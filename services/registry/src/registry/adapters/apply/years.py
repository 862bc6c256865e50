"""Emulation years, deadlines and their extensions."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.facts import Recorded
from contracts.events.registry import DeadlineExtended, DeadlineSet, EmulationYearOpened
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.adapters import jsonb
from registry.adapters.apply.own import own
from registry.domain.deadlines import day_of


@own.on(EmulationYearOpened)
async def year_opened(db: AsyncConnection, facts: list[Recorded[EmulationYearOpened]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO emulation_year (year_id, label, kind, calendar_year, starts, ends, tested_registration,"
            " begun_on_paper) VALUES (:year_id, :label, :kind, :calendar_year, :starts, :ends,"
            " :tested_registration, :begun_on_paper)"
        ),
        [{**fact.data.model_dump(), "kind": fact.data.kind.value} for fact in facts],
    )


@own.on(DeadlineSet)
async def deadline_set(db: AsyncConnection, facts: list[Recorded[DeadlineSet]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO deadline (deadline_id, year_id, cluster_id, filing, due, due_day, grace_until, hard_close,"
            " rest_day_rule, weekday, moved_from, paper) VALUES (:deadline_id, :year_id, :cluster_id, :filing, :due,"
            " :due_day, :grace_until, :hard_close, :rule, :weekday, :moved_from, CAST(:paper AS jsonb))"
        ),
        [
            {
                "deadline_id": fact.data.deadline_id,
                "year_id": fact.data.year_id,
                "cluster_id": fact.data.cluster_id,
                "filing": fact.data.filing.value,
                "due": fact.data.due,
                "due_day": day_of(fact.data.due),
                "grace_until": fact.data.grace_until,
                "hard_close": fact.data.hard_close,
                "rule": fact.data.rest_day_rule.value,
                "weekday": fact.data.weekday,
                "moved_from": fact.data.moved_from,
                "paper": jsonb.one(fact.data.paper),
            }
            for fact in facts
        ],
    )


@own.on(DeadlineExtended)
async def deadline_extended(db: AsyncConnection, facts: list[Recorded[DeadlineExtended]]) -> None:
    rows = [
        {
            "extension_id": fact.header.id,
            "deadline_id": fact.data.deadline_id,
            "nr": nr,
            "unit_id": unit_id,
            "due": fact.data.due,
            "grace_until": fact.data.grace_until,
            "hard_close": fact.data.hard_close,
            "reason": fact.data.reason,
            "paper": jsonb.one(fact.data.paper),
        }
        for fact in facts
        for nr, unit_id in enumerate(fact.data.unit_ids or (None,))
    ]
    await db.execute(
        sa.text(
            "INSERT INTO deadline_extension (extension_id, deadline_id, nr, unit_id, due, grace_until, hard_close,"
            " reason, paper) VALUES (:extension_id, :deadline_id, :nr, :unit_id, :due, :grace_until, :hard_close,"
            " :reason, CAST(:paper AS jsonb))"
        ),
        rows,
    )
    # Whoever gets more time is not missing any more, until the new hard close says so again.
    await db.execute(
        sa.text(
            "DELETE FROM filing_missed WHERE deadline_id = :deadline_id AND recorded <= :hard_close"
            " AND (CAST(:unit_id AS text) IS NULL OR unit_id = :unit_id)"
        ),
        [{name: row[name] for name in ("deadline_id", "hard_close", "unit_id")} for row in rows],
    )
