"""A member says what it thinks of a draft."""

from __future__ import annotations

from chassis.work import Work
from contracts.case import case_id

from scoring.adapters.queries.rubrics import load_rubric
from scoring.domain import rubrics
from scoring.handlers.rights import DRAFTERS, cluster_today, speaks_for


async def comment_rubric(work: Work, rubric_id: str, unit_id: str, code: str | None, comment: str) -> None:
    await work.guard(f"rubric:{rubric_id}")
    rubric = await load_rubric(work.db, rubric_id)
    cluster = await cluster_today(work, rubric.cluster_id, rubric.year_id)
    await speaks_for(work, cluster, unit_id, DRAFTERS)
    fact = rubrics.comment(rubric, cluster, unit_id, code, comment)
    work.record(fact, f"rubric:{rubric_id}", correlation=case_id(rubric.year_id, rubric.cluster_id))
