"""HTTP: rankings before and after they are final, and year-end conferences."""

from __future__ import annotations

from datetime import date

from chassis.http import Accepted, Asked, Reading, Routes, Write
from chassis.ids import new_id
from contracts.events.scoring import RankingFinalized, YearEndConferenceConcluded
from contracts.values import ClusterId, Identifier, Paper, Points, RubricId, Text, UnitId, YearId
from pydantic import BaseModel, Field

from scoring.adapters.queries.ballots import closed_ballots
from scoring.adapters.queries.cards import load_cards
from scoring.adapters.queries.results import conference_by_id, conference_of, final_ranking, ranking_by_id
from scoring.adapters.queries.rubrics import load_frozen
from scoring.domain.finalizing import report
from scoring.domain.ranking import foresee, quota
from scoring.entrypoints.score_views import scores_of
from scoring.entrypoints.sight import must_see
from scoring.handlers.conclude_conference import conclude_conference
from scoring.handlers.finalize_ranking import finalize_ranking
from scoring.handlers.rights import cluster_today

routes = Routes(tags=["xếp hạng và hội nghị tổng kết"])


class ForeseenRow(BaseModel):
    """Where a unit would stand now; units that a vote still has to part share a rank."""

    unit_id: str
    rank: int
    tied: bool
    final: bool = Field(description="Whether the card is final.")
    total: Points
    assigned: Points
    percentage: Points


class RankingPreview(BaseModel):
    """The ranking as it would be now, and what is still missing before it can be final."""

    cluster_id: str
    year_id: str
    rows: list[ForeseenRow]
    excellent_quota: int
    not_final: list[str] = Field(description="Members whose card is not final.")
    ties: list[list[str]] = Field(description="Units that only a vote can part.")


@routes.get("/rankings/preview", summary="Xếp hạng tạm tính")
async def preview(cluster_id: ClusterId, year_id: YearId, reading: Reading) -> RankingPreview:
    cluster = await cluster_today(reading, cluster_id, year_id)
    await must_see(reading, cluster, "xếp hạng của cụm", cluster_id)
    frozen = await load_frozen(reading.db, cluster_id, year_id)
    loaded = await load_cards(reading.db, cluster, frozen)
    scores = await scores_of(frozen.form, {unit: each.card.entered for unit, each in loaded.items()})
    cards = {
        unit: each.final or report(frozen.form, each.card, scores[unit], frozen.rubric_id, frozen.hash, "…")
        for unit, each in loaded.items()
    }
    groups = foresee(frozen.form.ranking, cards, await closed_ballots(reading.db, cluster_id, year_id))
    rows: list[ForeseenRow] = []
    for units in groups:
        rank = len(rows) + 1
        rows += [
            ForeseenRow(
                unit_id=unit,
                rank=rank,
                tied=len(units) > 1,
                final=loaded[unit].final is not None,
                total=cards[unit].total,
                assigned=cards[unit].assigned,
                percentage=cards[unit].percentage,
            )
            for unit in units
        ]
    return RankingPreview(
        cluster_id=cluster_id,
        year_id=year_id,
        rows=rows,
        excellent_quota=quota(frozen.form.ranking, len(cluster.members)),
        not_final=[unit for unit, each in loaded.items() if each.final is None],
        ties=[list(units) for units in groups if len(units) > 1],
    )


class FinalizeRanking(Write):
    id: Identifier | None = None
    cluster_id: ClusterId
    year_id: YearId
    left_out: dict[UnitId, Text] = Field(
        default={}, description="Members without a final card, and why they are not ranked."
    )


@routes.post("/rankings", status_code=201, summary="Chốt xếp hạng; bảng điểm của cụm được công bố")
async def post_ranking(body: FinalizeRanking, asked: Asked) -> Accepted:
    return await asked.perform(finalize_ranking, body.id or new_id(), body.cluster_id, body.year_id, body.left_out)


@routes.get("/rankings", summary="Xếp hạng chính thức của một cụm trong một năm")
async def get_rankings(cluster_id: ClusterId, year_id: YearId, reading: Reading) -> list[RankingFinalized]:
    """One, or none while it is not final."""
    found = await final_ranking(reading.db, cluster_id, year_id)
    return [found] if found is not None else []


@routes.get("/rankings/{ranking_id}", summary="Một bảng xếp hạng chính thức")
async def get_ranking(ranking_id: Identifier, reading: Reading) -> RankingFinalized:
    found = await ranking_by_id(reading.db, ranking_id)
    reading.etag(await reading.version(f"ranking:{ranking_id}"))
    return found


class ConcludeConference(Write):
    """Leader and excellent units come from the final ranking, next lead and deputy from their ballots."""

    id: Identifier | None = None
    cluster_id: ClusterId
    year_id: YearId
    held_on: date
    next_year_id: YearId
    next_rubric_id: RubricId | None = Field(None, description="The frozen table of the next year, if signed there.")
    minutes: Paper


@routes.post("/conferences", status_code=201, summary="Ghi kết luận hội nghị tổng kết năm của cụm")
async def post_conference(body: ConcludeConference, asked: Asked) -> Accepted:
    return await asked.perform(
        conclude_conference,
        body.id or new_id(),
        body.cluster_id,
        body.year_id,
        body.held_on,
        body.next_year_id,
        body.next_rubric_id,
        body.minutes,
    )


@routes.get("/conferences", summary="Hội nghị tổng kết của một cụm trong một năm")
async def get_conferences(cluster_id: ClusterId, year_id: YearId, reading: Reading) -> list[YearEndConferenceConcluded]:
    found = await conference_of(reading.db, cluster_id, year_id)
    return [found] if found is not None else []


@routes.get("/conferences/{conference_id}", summary="Một hội nghị tổng kết")
async def get_conference(conference_id: Identifier, reading: Reading) -> YearEndConferenceConcluded:
    found = await conference_by_id(reading.db, conference_id)
    reading.etag(await reading.version(f"conference:{conference_id}"))
    return found
