"""Plans: issued under the number that the clerk gave, amended, closed task by task."""

from __future__ import annotations

import datetime

from chassis.http import Write
from chassis.work import Work
from contracts.events.registry import (
    Addressee,
    PlanAmended,
    PlanIssued,
    PlanSide,
    PlanTask,
    PlanTaskClosed,
    TaskOutcome,
)
from contracts.refusal import Refused
from contracts.values import Paper, PlanId, ShortText, Text, UnitId, YearId
from pydantic import Field
from standing import Role, need

from registry.adapters import plans, years
from registry.adapters.rows import row
from registry.domain.plans import amendable, closable, number_free, register_body, tasks_once

_PLANNERS = {Role.OFFICER, Role.LEADER, Role.CLERK, Role.STANDING_OFFICE}


class IssuePlan(Write):
    id: PlanId | None = None
    number: ShortText = Field(description="As the clerk gives it.", examples=["01/KH-CTĐ"])
    date: datetime.date
    kind: ShortText = Field(description="Kind of paper as in the register.", examples=["KH"])
    body: UnitId
    year_id: YearId
    title: ShortText
    signatory: ShortText | None = None
    tasks: list[PlanTask] = Field(min_length=1, max_length=300)
    recipients: list[Addressee] = Field(default_factory=list)
    sides: list[PlanSide] = Field(default_factory=list, description="Further sides of a joint plan.")


class AmendPlan(Write):
    replaced: list[PlanTask] = Field(default_factory=list)
    added: list[PlanTask] = Field(default_factory=list)
    paper: Paper | None = None
    reason: Text


class CloseTask(Write):
    outcome: TaskOutcome
    note: Text | None = None


async def issue_plan(work: Work, body: IssuePlan) -> None:
    """Raises ``plan-number-taken`` and ``plan-task-number-twice``."""
    await need(work, _PLANNERS, body.body)
    await years.one(work.db, body.year_id)
    plan_id = body.id or work.new_id()
    if await row(work.db, "SELECT 1 AS yes FROM plan WHERE plan_id = :id", id=plan_id):
        raise Refused("already-recorded", what="kế hoạch", id=plan_id)
    tasks_once(body.tasks)
    year = body.date.year
    numbers = [(body.body, body.number), *((register_body(side), side.number) for side in body.sides)]
    for register, number in numbers:
        holder = await plans.number_holder(work.db, register, year, body.kind, number)
        number_free(holder, number, register, year)
    fact = PlanIssued(plan_id=plan_id, **body.model_dump(exclude={"id", "act"}))
    work.record(fact, f"plan:{plan_id}", correlation=plan_id)


async def amend_plan(work: Work, plan_id: str, body: AmendPlan) -> None:
    """Tasks are replaced by number, or added; a closed task stays as it was closed."""
    await _may_change(work, plan_id)
    amendable(await plans.task_states(work.db, plan_id), body.replaced, body.added)
    fact = PlanAmended(plan_id=plan_id, **body.model_dump(exclude={"act"}))
    work.record(fact, f"plan:{plan_id}", correlation=plan_id)


async def close_task(work: Work, plan_id: str, no: str, body: CloseTask) -> None:
    """Done, not done, or – where the plan says *(nếu có)* – no case arose."""
    await _may_change(work, plan_id)
    closable(await plans.task_states(work.db, plan_id), no, body.outcome)
    fact = PlanTaskClosed(plan_id=plan_id, no=no, **body.model_dump(exclude={"act"}))
    work.record(fact, f"plan:{plan_id}", correlation=plan_id)


async def _may_change(work: Work, plan_id: str) -> None:
    plan = await plans.one(work.db, plan_id)
    await need(work, _PLANNERS, plan["body"])
    await work.expect(f"plan:{plan_id}")
