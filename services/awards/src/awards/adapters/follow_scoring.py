"""What awards keeps of scoring's log: how each member left the year in its cluster or bloc."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.facts import Recorded
from chassis.projection import Projection
from contracts.events.scoring import RankingFinalized
from sqlalchemy.ext.asyncio import AsyncConnection

from_scoring = Projection("scoring", tables=["cluster_place"])


@from_scoring.on(RankingFinalized)
async def ranking_finalized(db: AsyncConnection, facts: list[Recorded[RankingFinalized]]) -> None:
    """A later ranking of the same year replaces the former."""
    for fact in facts:
        where = {"cluster_id": fact.data.cluster_id, "year_id": fact.data.year_id}
        await db.execute(
            sa.text("DELETE FROM cluster_place WHERE cluster_id = :cluster_id AND year_id = :year_id"), where
        )
        if fact.data.rows:
            await db.execute(
                sa.text(
                    "INSERT INTO cluster_place (cluster_id, year_id, unit_id, classification, event_id)"
                    " VALUES (:cluster_id, :year_id, :unit_id, :classification, :event_id)"
                ),
                [
                    {
                        **where,
                        "unit_id": row.unit_id,
                        "classification": row.classification,
                        "event_id": fact.header.id,
                    }
                    for row in fact.data.rows
                ],
            )
