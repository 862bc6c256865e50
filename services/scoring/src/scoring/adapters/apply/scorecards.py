"""Cards: entries of appraisal and council layer upon layer, review requests and answers, the final report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from chassis.facts import Recorded
from contracts.events.scoring import (
    AppraisedLine,
    CouncilScored,
    ReviewOutcome,
    ScoreAppraised,
    ScoreFinalized,
    ScoreLayer,
    ScoreReviewAnswered,
    ScoreReviewRequested,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from scoring.adapters import jsonb
from scoring.adapters.apply.own import own

OfCard = ScoreAppraised | CouncilScored | ScoreReviewRequested | ScoreReviewAnswered | ScoreFinalized

_CARD = sa.text(
    "INSERT INTO scorecard (scorecard_id, cluster_id, year_id, unit_id)"
    " VALUES (:scorecard_id, :cluster_id, :year_id, :unit_id) ON CONFLICT DO NOTHING"
)
_ENTRY = sa.text(
    "INSERT INTO line_entry (scorecard_id, layer, code, turn, data, by_unit, typed_by, at, review_id)"
    " SELECT :card, :layer, :code, 1 + count(*), CAST(:data AS jsonb), :by_unit, :typed_by, :at, :review"
    " FROM line_entry WHERE scorecard_id = :card AND layer = :layer AND code = :code"
)


async def _begin(db: AsyncConnection, fact: Recorded[OfCard]) -> None:
    await db.execute(_CARD, fact.data.model_dump(include={"scorecard_id", "cluster_id", "year_id", "unit_id"}))


async def _enter(
    db: AsyncConnection,
    fact: Recorded[OfCard],
    layer: ScoreLayer,
    lines: Sequence[AppraisedLine],
    by_unit: str,
    review_id: str | None = None,
) -> None:
    if not lines:
        return
    await db.execute(
        _ENTRY,
        [
            {
                "card": fact.data.scorecard_id,
                "layer": layer.value,
                "code": line.code,
                "data": jsonb.one(line),
                "by_unit": by_unit,
                "typed_by": fact.header.act.typed_by,
                "at": fact.header.act.recorded,
                "review": review_id,
            }
            for line in lines
        ],
    )


async def _stamp(db: AsyncConnection, column: str, scorecard_id: str, at: datetime) -> None:
    await db.execute(
        sa.text(f"UPDATE scorecard SET {column} = :at WHERE scorecard_id = :card"),
        {"card": scorecard_id, "at": at},
    )


@own.on(ScoreAppraised)
async def appraised(db: AsyncConnection, facts: list[Recorded[ScoreAppraised]]) -> None:
    for fact in facts:
        await _begin(db, fact)
        await _enter(db, fact, ScoreLayer.APPRAISED, fact.data.lines, fact.data.appraiser_unit_id)
        await _stamp(db, "appraised_at", fact.data.scorecard_id, fact.header.act.recorded)


@own.on(CouncilScored)
async def council_scored(db: AsyncConnection, facts: list[Recorded[CouncilScored]]) -> None:
    for fact in facts:
        await _begin(db, fact)
        await _enter(db, fact, ScoreLayer.COUNCIL, fact.data.lines, fact.data.council_unit_id)
        await _stamp(db, "council_at", fact.data.scorecard_id, fact.header.act.recorded)


@own.on(ScoreReviewRequested)
async def review_requested(db: AsyncConnection, facts: list[Recorded[ScoreReviewRequested]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO score_review (review_id, scorecard_id, data, typed_by, asked_at)"
            " VALUES (:review_id, :card, CAST(:data AS jsonb), :typed_by, :at)"
        ),
        [
            {
                "review_id": fact.data.review_id,
                "card": fact.data.scorecard_id,
                "data": jsonb.one(fact.data),
                "typed_by": fact.header.act.typed_by,
                "at": fact.header.act.recorded,
            }
            for fact in facts
        ],
    )


@own.on(ScoreReviewAnswered)
async def review_answered(db: AsyncConnection, facts: list[Recorded[ScoreReviewAnswered]]) -> None:
    for fact in facts:
        changed = [line for line in fact.data.lines if line.outcome is ReviewOutcome.CHANGED]
        await _enter(db, fact, ScoreLayer.APPRAISED, changed, fact.data.appraiser_unit_id, fact.data.review_id)
        await db.execute(
            sa.text(
                "UPDATE score_review SET answer = CAST(:data AS jsonb), answered_by = :typed_by, answered_at = :at"
                " WHERE review_id = :review_id"
            ),
            {
                "review_id": fact.data.review_id,
                "data": jsonb.one(fact.data),
                "typed_by": fact.header.act.typed_by,
                "at": fact.header.act.recorded,
            },
        )


@own.on(ScoreFinalized)
async def finalized(db: AsyncConnection, facts: list[Recorded[ScoreFinalized]]) -> None:
    for fact in facts:
        await _begin(db, fact)
        await db.execute(
            sa.text("UPDATE scorecard SET final = CAST(:data AS jsonb), finalized_at = :at WHERE scorecard_id = :card"),
            {
                "card": fact.data.scorecard_id,
                "data": jsonb.one(fact.data),
                "at": fact.header.act.recorded,
            },
        )
