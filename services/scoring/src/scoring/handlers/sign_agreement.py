"""The members sign the year's agreement (giao ước thi đua) on a frozen table."""

from __future__ import annotations

from datetime import date

from chassis.work import Work
from contracts.case import case_id
from contracts.events.scoring import Signatory
from contracts.refusal import Refused
from contracts.values import Paper
from standing import need

from scoring.adapters.queries.results import exists
from scoring.adapters.queries.rubrics import load_rubric
from scoring.domain import rubrics
from scoring.handlers.rights import OFFICE, cluster_today


async def sign_agreement(
    work: Work,
    agreement_id: str,
    rubric_id: str,
    signatories: tuple[Signatory, ...],
    signed_on: date,
    place: str,
    paper: Paper | None,
) -> None:
    """Recorded by the unit that drafted the table, from the signed paper or the conference."""
    await work.guard(f"agreement:{agreement_id}")
    await work.guard(f"rubric:{rubric_id}")
    if await exists(work.db, "agreement", agreement_id):
        raise Refused("id-taken", kind="giao ước thi đua", id=agreement_id)
    rubric = await load_rubric(work.db, rubric_id)
    await need(work, OFFICE, rubric.drafted_by_unit)
    cluster = await cluster_today(work, rubric.cluster_id, rubric.year_id)
    work.act_as(whose=f"unit:{rubric.drafted_by_unit}")
    fact = rubrics.sign(agreement_id, rubric, cluster, signatories, signed_on, place, paper)
    work.record(fact, f"agreement:{agreement_id}", correlation=case_id(rubric.year_id, rubric.cluster_id))
