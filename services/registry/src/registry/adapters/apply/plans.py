"""Plans, the numbers they bear, their tasks and amendments."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from chassis.facts import Recorded
from contracts.events.registry import PlanAmended, PlanIssued, PlanTask, PlanTaskClosed
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.adapters import jsonb
from registry.adapters.apply.own import own
from registry.domain.plans import register_body


@own.on(PlanIssued)
async def plan_issued(db: AsyncConnection, facts: list[Recorded[PlanIssued]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO plan (plan_id, number, date, kind, body, year_id, title, signatory, recipients, sides)"
            " VALUES (:plan_id, :number, :date, :kind, :body, :year_id, :title, :signatory,"
            " CAST(:recipients AS jsonb), CAST(:sides AS jsonb))"
        ),
        [
            {
                "plan_id": fact.data.plan_id,
                "number": fact.data.number,
                "date": fact.data.date,
                "kind": fact.data.kind,
                "body": fact.data.body,
                "year_id": fact.data.year_id,
                "title": fact.data.title,
                "signatory": fact.data.signatory,
                "recipients": jsonb.many(fact.data.recipients),
                "sides": jsonb.many(fact.data.sides),
            }
            for fact in facts
        ],
    )
    await db.execute(
        sa.text(
            "INSERT INTO plan_number (body, year, kind, number, plan_id)"
            " VALUES (:body, :year, :kind, :number, :plan_id)"
        ),
        [
            {
                "body": body,
                "year": fact.data.date.year,
                "kind": fact.data.kind,
                "number": number,
                "plan_id": fact.data.plan_id,
            }
            for fact in facts
            for body, number in (
                (fact.data.body, fact.data.number),
                *((register_body(side), side.number) for side in fact.data.sides),
            )
        ],
    )
    for fact in facts:
        await _add(db, fact.data.plan_id, fact.data.tasks)


@own.on(PlanAmended)
async def plan_amended(db: AsyncConnection, facts: list[Recorded[PlanAmended]]) -> None:
    for fact in facts:
        if fact.data.replaced:
            await db.execute(
                sa.text(
                    "UPDATE plan_task SET text = :text, bodies = CAST(:bodies AS jsonb),"
                    " unit_ids = CAST(:unit_ids AS jsonb), quarter = :quarter, starts = :starts, ends = :ends,"
                    " deadline = :deadline, if_any = :if_any WHERE plan_id = :plan_id AND no = :no"
                ),
                [_row(fact.data.plan_id, task) for task in fact.data.replaced],
            )
        if fact.data.added:
            await _add(db, fact.data.plan_id, fact.data.added)
    await db.execute(
        sa.text(
            "INSERT INTO plan_amendment (amendment_id, plan_id, recorded, replaced, added, paper, reason) VALUES"
            " (:id, :plan_id, :recorded, CAST(:replaced AS jsonb), CAST(:added AS jsonb), CAST(:paper AS jsonb),"
            " :reason)"
        ),
        [
            {
                "id": fact.header.id,
                "plan_id": fact.data.plan_id,
                "recorded": fact.header.act.recorded,
                "replaced": jsonb.many(fact.data.replaced),
                "added": jsonb.many(fact.data.added),
                "paper": jsonb.one(fact.data.paper),
                "reason": fact.data.reason,
            }
            for fact in facts
        ],
    )


@own.on(PlanTaskClosed)
async def plan_task_closed(db: AsyncConnection, facts: list[Recorded[PlanTaskClosed]]) -> None:
    await db.execute(
        sa.text("UPDATE plan_task SET outcome = :outcome, note = :note WHERE plan_id = :plan_id AND no = :no"),
        [
            {
                "plan_id": fact.data.plan_id,
                "no": fact.data.no,
                "outcome": fact.data.outcome.value,
                "note": fact.data.note,
            }
            for fact in facts
        ],
    )


async def _add(db: AsyncConnection, plan_id: str, tasks: Sequence[PlanTask]) -> None:
    """Tasks stand in the order of the paper; added ones follow."""
    await db.execute(
        sa.text(
            "INSERT INTO plan_task (plan_id, no, place, text, bodies, unit_ids, quarter, starts, ends, deadline,"
            " if_any) SELECT :plan_id, :no, 1 + (SELECT count(*) FROM plan_task WHERE plan_id = :plan_id), :text,"
            " CAST(:bodies AS jsonb), CAST(:unit_ids AS jsonb), CAST(:quarter AS text), CAST(:starts AS date),"
            " CAST(:ends AS date), CAST(:deadline AS date), CAST(:if_any AS boolean)"
        ),
        [_row(plan_id, task) for task in tasks],
    )


def _row(plan_id: str, task: PlanTask) -> dict[str, Any]:
    return {
        "plan_id": plan_id,
        "no": task.no,
        "text": task.text,
        "bodies": json.dumps(task.bodies, ensure_ascii=False),
        "unit_ids": json.dumps(task.unit_ids),
        "quarter": task.quarter.value if task.quarter else None,
        "starts": task.window.starts if task.window else None,
        "ends": task.window.ends if task.window else None,
        "deadline": task.deadline,
        "if_any": task.if_any,
    }
