"""What the year-end conference concluded: leader, excellent units, next lead and deputy, next table of criteria."""

from __future__ import annotations

from datetime import date

from chassis.work import Work
from contracts.case import case_id
from contracts.refusal import Refused
from contracts.values import Paper

from scoring.adapters.queries.ballots import closed_ballots
from scoring.adapters.queries.results import conference_of, exists, final_ranking
from scoring.adapters.queries.rubrics import load_rubric
from scoring.domain.results import conclude
from scoring.handlers.rights import chairs, cluster_today
from scoring.handlers.subjects import cluster_year


async def conclude_conference(
    work: Work,
    conference_id: str,
    cluster_id: str,
    year_id: str,
    held_on: date,
    next_year_id: str,
    next_rubric_id: str | None,
    minutes: Paper,
) -> None:
    """Raises ``conference-already-concluded``, ``rubric-not-frozen``, and what concluding raises."""
    together = cluster_year(cluster_id, year_id)
    await work.guard(together)
    cluster = await cluster_today(work, cluster_id, year_id)
    await chairs(work, cluster)
    already = await conference_of(work.db, cluster_id, year_id)
    if already is not None:
        raise Refused("conference-already-concluded", conference=already.conference_id)
    if await exists(work.db, "conference", conference_id):
        raise Refused("id-taken", kind="hội nghị tổng kết", id=conference_id)
    if next_rubric_id is not None:
        rubric = await load_rubric(work.db, next_rubric_id)
        if (rubric.cluster_id, rubric.year_id) != (cluster_id, next_year_id) or not rubric.is_frozen:
            raise Refused("rubric-not-frozen", rubric=next_rubric_id, version=rubric.version)
    fact = conclude(
        conference_id,
        cluster,
        await final_ranking(work.db, cluster_id, year_id),
        await closed_ballots(work.db, cluster_id, year_id),
        held_on,
        next_year_id,
        next_rubric_id,
        minutes,
    )
    work.record(fact, f"conference:{conference_id}", together, correlation=case_id(year_id, cluster_id))
