"""The final ranking of a cluster's year, from final cards and closed ballots."""

from __future__ import annotations

from chassis.work import Work
from contracts.case import case_id
from contracts.refusal import Refused

from scoring.adapters.queries.ballots import closed_ballots
from scoring.adapters.queries.cards import load_cards
from scoring.adapters.queries.results import exists, final_ranking
from scoring.adapters.queries.rubrics import load_frozen
from scoring.domain.results import RankingInput, rank
from scoring.handlers.rights import chairs, cluster_today
from scoring.handlers.subjects import cluster_year
from scoring.words import tell


async def finalize_ranking(
    work: Work, ranking_id: str, cluster_id: str, year_id: str, left_out: dict[str, str]
) -> None:
    """Raises ``ranking-already-final`` and what ranking raises; it publishes the table of the cluster."""
    together = cluster_year(cluster_id, year_id)
    await work.guard(together)
    cluster = await cluster_today(work, cluster_id, year_id)
    await chairs(work, cluster)
    final = await final_ranking(work.db, cluster_id, year_id)
    if final is not None:
        raise Refused("ranking-already-final", ranking=final.ranking_id)
    if await exists(work.db, "ranking", ranking_id):
        raise Refused("id-taken", kind="bảng xếp hạng", id=ranking_id)
    for unit_id in left_out:
        cluster.must_be_member(unit_id)
    frozen = await load_frozen(work.db, cluster_id, year_id)
    cards = await load_cards(work.db, cluster, frozen)
    for loaded in cards.values():
        await work.guard(f"scorecard:{loaded.card.scorecard_id}")
    given = RankingInput(
        cluster=cluster,
        rubric_id=frozen.rubric_id,
        rubric_hash=frozen.hash,
        rule=frozen.form.ranking,
        cards={unit: loaded.final for unit, loaded in cards.items() if loaded.final is not None},
        left_out=left_out,
        ballots=await closed_ballots(work.db, cluster_id, year_id),
    )
    fact = rank(ranking_id, given, tell)
    work.record(fact, f"ranking:{ranking_id}", together, correlation=case_id(year_id, cluster_id))
