"""Campaigns: launched once everything that a launch needs is set, reviewed mid-way and at the end."""

from __future__ import annotations

import datetime

from chassis.http import Write
from chassis.work import Work
from contracts.events.registry import (
    CampaignLaunched,
    CampaignReviewed,
    CampaignScope,
    CampaignSpan,
    ReviewResult,
)
from contracts.refusal import Refused
from contracts.values import CampaignId, ClusterId, Paper, Period, ShortText, Text, UnitId, YearId
from pydantic import Field
from standing import Role, need

from registry.adapters import plans
from registry.adapters.rows import row
from registry.domain.campaigns import launchable, reviewable

_LAUNCHERS = {Role.LEADER, Role.STANDING_OFFICE, Role.OFFICER}


class LaunchCampaign(Write):
    id: CampaignId | None = None
    title: ShortText = Field(examples=["Lao động giỏi, Lao động sáng tạo"])
    span: CampaignSpan
    scope: CampaignScope
    joined: bool = Field(False, description="Hưởng ứng phong trào do cấp trên hoặc bên ngoài phát động.")
    launched_by: UnitId
    launched_above: ShortText | None = None
    year_id: YearId | None = None
    cluster_id: ClusterId | None = None
    period: Period
    goals: list[str] = Field(default_factory=list, description="Mục tiêu.")
    targets: list[str] = Field(default_factory=list, description="Chỉ tiêu.")
    content: list[str] = Field(default_factory=list, description="Nội dung.")
    measures: list[str] = Field(default_factory=list, description="Biện pháp.")
    participants: list[str] = Field(default_factory=list, description="Đối tượng tham gia.")
    paper: Paper | None = None


class ReviewCampaign(Write):
    on: datetime.date
    result: ReviewResult
    finding: Text
    paper: Paper | None = None


async def launch_campaign(work: Work, body: LaunchCampaign) -> None:
    """Raises ``campaign-not-set`` naming what is missing."""
    await need(work, _LAUNCHERS, body.launched_by)
    launchable(body.model_dump(), body.joined, body.launched_above)
    campaign_id = body.id or work.new_id()
    if await row(work.db, "SELECT 1 AS yes FROM campaign WHERE campaign_id = :id", id=campaign_id):
        raise Refused("already-recorded", what="phong trào thi đua", id=campaign_id)
    fact = CampaignLaunched(campaign_id=campaign_id, **body.model_dump(exclude={"id", "act"}))
    work.record(fact, f"campaign:{campaign_id}", correlation=campaign_id)


async def review_campaign(work: Work, campaign_id: str, body: ReviewCampaign) -> None:
    campaign = await plans.campaign(work.db, campaign_id)
    await need(work, _LAUNCHERS, campaign["launched_by"])
    await work.expect(f"campaign:{campaign_id}")
    reviewable(await plans.course(work.db, campaign_id), body.result)
    fact = CampaignReviewed(campaign_id=campaign_id, **body.model_dump(exclude={"act"}))
    work.record(fact, f"campaign:{campaign_id}", correlation=campaign_id)
