"""A first draft of a table of criteria for a cluster's year."""

from __future__ import annotations

from typing import Any

from chassis.work import Work
from contracts.case import case_id
from contracts.refusal import Refused
from standing import need

from scoring.adapters.queries.results import exists
from scoring.adapters.queries.rubrics import frozen_id
from scoring.adapters.yaml_form import read_form
from scoring.domain import rubrics
from scoring.domain.marked import Fault
from scoring.handlers.rights import DRAFTERS, cluster_today
from scoring.words import fault_text


async def draft_rubric(work: Work, rubric_id: str, cluster_id: str, year_id: str, unit_id: str, typed: str) -> None:
    """Raises ``rubric-invalid`` with every fault, ``id-taken``, and what drafting raises."""
    await need(work, DRAFTERS, unit_id)
    cluster = await cluster_today(work, cluster_id, year_id)
    await work.guard(f"rubric:{rubric_id}")
    if await exists(work.db, "rubric", rubric_id):
        raise Refused("id-taken", kind="bảng tiêu chí", id=rubric_id)
    already = await frozen_id(work.db, cluster_id, year_id)
    work.act_as(whose=f"unit:{unit_id}")
    fact = rubrics.draft(rubric_id, cluster, sound_form(typed), unit_id, already)
    work.record(fact, f"rubric:{rubric_id}", correlation=case_id(year_id, cluster_id))


def sound_form(typed: str) -> dict[str, Any]:
    """Canonical data of a typed form. Raises ``rubric-invalid`` with line and reason of every fault."""
    form, faults = read_form(typed)
    if form is None:
        told = told_faults(faults)
        first = f"dòng {told[0]['line']}: {told[0]['reason']}"
        raise Refused("rubric-invalid", count=len(told), first=first, faults=told)
    return form


def told_faults(faults: tuple[Fault, ...]) -> list[dict[str, Any]]:
    return [
        {"line": fault.line, "where": fault.where, "fault": fault.rule, "reason": fault_text(fault)} for fault in faults
    ]
