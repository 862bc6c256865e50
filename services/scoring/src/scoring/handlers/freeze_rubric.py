"""All members agreed: the version is frozen with its hash."""

from __future__ import annotations

from chassis.work import Work
from contracts.case import case_id
from contracts.refusal import Refused
from standing import need

from scoring.adapters.queries.rubrics import frozen_id, load_rubric
from scoring.domain import rubrics
from scoring.handlers.rights import OFFICE, cluster_today
from scoring.handlers.subjects import cluster_year


async def freeze_rubric(work: Work, rubric_id: str) -> None:
    """By the unit that drafted it. One table of a cluster's year is frozen (``rubric-exists``)."""
    await work.expect(f"rubric:{rubric_id}")
    rubric = await load_rubric(work.db, rubric_id)
    await need(work, OFFICE, rubric.drafted_by_unit)
    together = cluster_year(rubric.cluster_id, rubric.year_id)
    await work.guard(together)
    other = await frozen_id(work.db, rubric.cluster_id, rubric.year_id)
    if other not in (None, rubric_id):
        raise Refused("rubric-exists", rubric=other, cluster=rubric.cluster_id, year=rubric.year_id)
    cluster = await cluster_today(work, rubric.cluster_id, rubric.year_id)
    work.act_as(whose=f"unit:{rubric.drafted_by_unit}")
    fact = rubrics.freeze(rubric, cluster)
    work.record(fact, f"rubric:{rubric_id}", together, correlation=case_id(rubric.year_id, rubric.cluster_id))
