"""A member agrees to a version, by its leader or by a signed paper that the cluster's office enters."""

from __future__ import annotations

from chassis.work import Work
from contracts.case import case_id
from standing import Role

from scoring.adapters.queries.rubrics import load_rubric
from scoring.domain import rubrics
from scoring.handlers.rights import cluster_today, speaks_for


async def agree_rubric(work: Work, rubric_id: str, unit_id: str, version: int) -> None:
    await work.guard(f"rubric:{rubric_id}")
    rubric = await load_rubric(work.db, rubric_id)
    cluster = await cluster_today(work, rubric.cluster_id, rubric.year_id)
    await speaks_for(work, cluster, unit_id, {Role.LEADER})
    fact = rubrics.agree(rubric, cluster, unit_id, version)
    work.record(fact, f"rubric:{rubric_id}", correlation=case_id(rubric.year_id, rubric.cluster_id))
