"""What scoring's log says of those to be told: who agreed to which criteria, who may vote, what waits for an answer."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.facts import Recorded
from chassis.projection import Projection
from contracts.events.scoring import (
    BallotOpened,
    RubricAgreed,
    RubricDrafted,
    RubricFrozen,
    RubricRevised,
    ScoreReviewAnswered,
    ScoreReviewRequested,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from_scoring = Projection("scoring", tables=["rubric", "rubric_agreement", "ballot", "score_review"])


@from_scoring.on(RubricDrafted)
async def rubric_drafted(db: AsyncConnection, facts: list[Recorded[RubricDrafted]]) -> None:
    await db.execute(
        sa.text("INSERT INTO rubric VALUES (:rubric_id, :cluster_id, :year_id, :version, :title, :since, false)"),
        [
            {
                "rubric_id": fact.data.rubric_id,
                "cluster_id": fact.data.cluster_id,
                "year_id": fact.data.year_id,
                "version": fact.data.version,
                "title": fact.data.title,
                "since": fact.header.act.recorded,
            }
            for fact in facts
        ],
    )


@from_scoring.on(RubricRevised)
async def rubric_revised(db: AsyncConnection, facts: list[Recorded[RubricRevised]]) -> None:
    await db.execute(
        sa.text("UPDATE rubric SET version = :version, title = :title, since = :since WHERE rubric_id = :rubric_id"),
        [
            {
                "rubric_id": fact.data.rubric_id,
                "version": fact.data.version,
                "title": fact.data.title,
                "since": fact.header.act.recorded,
            }
            for fact in facts
        ],
    )


@from_scoring.on(RubricAgreed)
async def rubric_agreed(db: AsyncConnection, facts: list[Recorded[RubricAgreed]]) -> None:
    await db.execute(
        sa.text("INSERT INTO rubric_agreement VALUES (:rubric_id, :version, :unit_id) ON CONFLICT DO NOTHING"),
        [
            {"rubric_id": fact.data.rubric_id, "version": fact.data.version, "unit_id": fact.data.unit_id}
            for fact in facts
        ],
    )


@from_scoring.on(RubricFrozen)
async def rubric_frozen(db: AsyncConnection, facts: list[Recorded[RubricFrozen]]) -> None:
    await db.execute(
        sa.text("UPDATE rubric SET frozen = true WHERE rubric_id = :rubric_id"),
        [{"rubric_id": fact.data.rubric_id} for fact in facts],
    )


@from_scoring.on(BallotOpened)
async def ballot_opened(db: AsyncConnection, facts: list[Recorded[BallotOpened]]) -> None:
    await db.execute(
        sa.text("INSERT INTO ballot VALUES (:ballot_id, CAST(:voters AS text[]))"),
        [
            {
                "ballot_id": fact.data.ballot_id,
                "voters": [one for one in fact.data.electorate if one not in fact.data.recused],
            }
            for fact in facts
        ],
    )


@from_scoring.on(ScoreReviewRequested)
async def review_requested(db: AsyncConnection, facts: list[Recorded[ScoreReviewRequested]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO score_review VALUES"
            " (:review_id, :scorecard_id, :unit_id, :cluster_id, :year_id, :since, false)"
        ),
        [
            {
                "review_id": fact.data.review_id,
                "scorecard_id": fact.data.scorecard_id,
                "unit_id": fact.data.unit_id,
                "cluster_id": fact.data.cluster_id,
                "year_id": fact.data.year_id,
                "since": fact.header.act.recorded,
            }
            for fact in facts
        ],
    )


@from_scoring.on(ScoreReviewAnswered)
async def review_answered(db: AsyncConnection, facts: list[Recorded[ScoreReviewAnswered]]) -> None:
    await db.execute(
        sa.text("UPDATE score_review SET answered = true WHERE review_id = :review_id"),
        [{"review_id": fact.data.review_id} for fact in facts],
    )
