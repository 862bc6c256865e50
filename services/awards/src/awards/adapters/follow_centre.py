"""What a site below keeps of the national awards' log: decisions, and the awards that they confer."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.facts import Recorded
from chassis.projection import Projection
from contracts.events.awards.decisions import AwardConferred, AwardDecisionIssued
from sqlalchemy.ext.asyncio import AsyncConnection

from awards.adapters import jsonb

from_centre = Projection("awards", tables=["centre_decision", "centre_award"])


@from_centre.on(AwardDecisionIssued)
async def decided(db: AsyncConnection, facts: list[Recorded[AwardDecisionIssued]]) -> None:
    await db.execute(
        sa.text("INSERT INTO centre_decision (decision_id, data, at) VALUES (:decision_id, CAST(:data AS jsonb), :at)"),
        [
            {"decision_id": fact.data.decision_id, "data": jsonb.one(fact.data), "at": fact.header.act.recorded}
            for fact in facts
        ],
    )


@from_centre.on(AwardConferred)
async def conferred(db: AsyncConnection, facts: list[Recorded[AwardConferred]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO centre_award (award_id, decision_id, unit_id, data)"
            " VALUES (:award_id, :decision_id, :unit_id, CAST(:data AS jsonb))"
        ),
        [
            {**fact.data.model_dump(include={"award_id", "decision_id", "unit_id"}), "data": jsonb.one(fact.data)}
            for fact in facts
        ],
    )
