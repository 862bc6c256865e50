"""The next version of a table of criteria, with the reasons for it."""

from __future__ import annotations

from chassis.work import Work
from contracts.case import case_id
from standing import need

from scoring.adapters.queries.rubrics import load_rubric, scores_final
from scoring.domain import rubrics
from scoring.handlers.draft_rubric import sound_form
from scoring.handlers.rights import DRAFTERS, cluster_today


async def revise_rubric(work: Work, rubric_id: str, unit_id: str, typed: str, reasons: str) -> None:
    await need(work, DRAFTERS, unit_id)
    rubric = await load_rubric(work.db, rubric_id)
    cluster = await cluster_today(work, rubric.cluster_id, rubric.year_id)
    await work.expect(f"rubric:{rubric_id}")
    final = await scores_final(work.db, rubric.cluster_id, rubric.year_id)
    work.act_as(whose=f"unit:{unit_id}")
    fact = rubrics.revise(rubric, cluster, sound_form(typed), unit_id, reasons, scores_final=final)
    work.record(fact, f"rubric:{rubric_id}", correlation=case_id(rubric.year_id, rubric.cluster_id))
