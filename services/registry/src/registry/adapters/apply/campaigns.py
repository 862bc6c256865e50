"""Campaigns and their reviews."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.facts import Recorded
from contracts.events.registry import CampaignLaunched, CampaignReviewed
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.adapters import jsonb
from registry.adapters.apply.own import own
from registry.domain.campaigns import ends


@own.on(CampaignLaunched)
async def campaign_launched(db: AsyncConnection, facts: list[Recorded[CampaignLaunched]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO campaign (campaign_id, year_id, cluster_id, launched_by, starts, over, content) VALUES"
            " (:campaign_id, :year_id, :cluster_id, :launched_by, :starts, false, CAST(:content AS jsonb))"
        ),
        [
            {
                "campaign_id": fact.data.campaign_id,
                "year_id": fact.data.year_id,
                "cluster_id": fact.data.cluster_id,
                "launched_by": fact.data.launched_by,
                "starts": fact.data.period.starts,
                "content": jsonb.one(fact.data),
            }
            for fact in facts
        ],
    )


@own.on(CampaignReviewed)
async def campaign_reviewed(db: AsyncConnection, facts: list[Recorded[CampaignReviewed]]) -> None:
    await db.execute(
        sa.text(
            'INSERT INTO campaign_review (review_id, campaign_id, "on", result, finding, paper)'
            " VALUES (:id, :campaign_id, :on, :result, :finding, CAST(:paper AS jsonb))"
        ),
        [
            {
                "id": fact.header.id,
                "campaign_id": fact.data.campaign_id,
                "on": fact.data.on,
                "result": fact.data.result.value,
                "finding": fact.data.finding,
                "paper": jsonb.one(fact.data.paper),
            }
            for fact in facts
        ],
    )
    over = [{"campaign_id": fact.data.campaign_id} for fact in facts if ends(fact.data.result)]
    if over:
        await db.execute(sa.text("UPDATE campaign SET over = true WHERE campaign_id = :campaign_id"), over)
