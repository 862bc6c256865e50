"""Final rankings and what year-end conferences concluded."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.facts import Recorded
from contracts.events.scoring import RankingFinalized, YearEndConferenceConcluded
from sqlalchemy.ext.asyncio import AsyncConnection

from scoring.adapters import jsonb
from scoring.adapters.apply.own import own


@own.on(RankingFinalized)
async def ranked(db: AsyncConnection, facts: list[Recorded[RankingFinalized]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO ranking (ranking_id, cluster_id, year_id, data, at)"
            " VALUES (:ranking_id, :cluster_id, :year_id, CAST(:data AS jsonb), :at)"
        ),
        [
            {
                "ranking_id": fact.data.ranking_id,
                "cluster_id": fact.data.cluster_id,
                "year_id": fact.data.year_id,
                "data": jsonb.one(fact.data),
                "at": fact.header.act.recorded,
            }
            for fact in facts
        ],
    )


@own.on(YearEndConferenceConcluded)
async def concluded(db: AsyncConnection, facts: list[Recorded[YearEndConferenceConcluded]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO conference (conference_id, cluster_id, year_id, data)"
            " VALUES (:conference_id, :cluster_id, :year_id, CAST(:data AS jsonb))"
        ),
        [
            {
                "conference_id": fact.data.conference_id,
                "cluster_id": fact.data.cluster_id,
                "year_id": fact.data.year_id,
                "data": jsonb.one(fact.data),
            }
            for fact in facts
        ],
    )
