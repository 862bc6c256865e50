"""HTTP: plans with their tasks, and campaigns."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from chassis.http import Accepted, Asked, Page, Paging, Reading, Routes
from contracts.events.registry import (
    Addressee,
    CampaignLaunched,
    CampaignReviewed,
    PlanAmended,
    PlanIssued,
    PlanSide,
    PlanTask,
    PlanTaskClosed,
    ReviewResult,
    TaskOutcome,
)
from contracts.values import CampaignId, Paper, PlanId
from pydantic import BaseModel

from registry.adapters import plans
from registry.entrypoints.shown import shown
from registry.handlers import issue_plan, launch_campaign

routes = Routes(tags=["kế hoạch và phong trào"])


class TaskView(PlanTask):
    outcome: TaskOutcome | None = None
    note: str | None = None


class PlanView(BaseModel):
    id: str
    number: str
    date: datetime.date
    kind: str
    body: str
    year_id: str
    title: str
    signatory: str | None
    recipients: list[Addressee]
    sides: list[PlanSide]
    tasks: list[TaskView]

    @classmethod
    def of(cls, row: dict[str, Any], tasks: list[dict[str, Any]]) -> PlanView:
        return cls(
            id=row["plan_id"],
            tasks=[_task(task) for task in tasks if task["plan_id"] == row["plan_id"]],
            **{name: value for name, value in row.items() if name != "plan_id"},
        )


def _task(row: dict[str, Any]) -> TaskView:
    window = {"starts": row["starts"], "ends": row["ends"]} if row["starts"] else None
    return TaskView(
        window=window,  # type: ignore[arg-type]
        **{name: row[name] for name in TaskView.model_fields if name != "window"},
    )


class AmendmentView(BaseModel):
    recorded: datetime.datetime
    replaced: list[PlanTask]
    added: list[PlanTask]
    paper: Paper | None
    reason: str


class PlanDetail(PlanView):
    amendments: list[AmendmentView]


class ReviewView(BaseModel):
    on: datetime.date
    result: ReviewResult
    finding: str
    paper: Paper | None


class CampaignView(BaseModel):
    id: str
    over: bool
    launched: CampaignLaunched
    reviews: list[ReviewView]


@routes.post("/plans", status_code=201, summary="Ban hành kế hoạch, số do văn thư cấp")
async def post_plan(
    body: Annotated[issue_plan.IssuePlan, shown(issue_plan.IssuePlan, PlanIssued, id="kh-cum-2024")],
    asked: Asked,
) -> Accepted:
    return await asked.perform(issue_plan.issue_plan, body)


@routes.get("/plans", summary="Các kế hoạch")
async def get_plans(
    reading: Reading, page: Paging, year_id: str | None = None, body: str | None = None
) -> Page[PlanView]:
    found = await plans.listed(reading.db, year_id, body, page.after, page.limit + 1)
    tasks = await plans.tasks(reading.db, [row["plan_id"] for row in found])
    return Page[PlanView].of([PlanView.of(row, tasks) for row in found], page, lambda one: one.id)


@routes.get("/plans/{plan_id}", summary="Một kế hoạch, các nhiệm vụ và các lần sửa đổi, bổ sung")
async def get_plan(plan_id: PlanId, reading: Reading) -> PlanDetail:
    row = await plans.one(reading.db, plan_id)
    reading.etag(await reading.version(f"plan:{plan_id}"))
    view = PlanView.of(row, await plans.tasks(reading.db, [plan_id]))
    amended = [AmendmentView(**one) for one in await plans.amendments(reading.db, plan_id)]
    return PlanDetail(**dict(view), amendments=amended)


@routes.post("/plans/{plan_id}/amendments", status_code=201, summary="Sửa đổi, bổ sung kế hoạch")
async def post_amendment(
    plan_id: PlanId,
    body: Annotated[issue_plan.AmendPlan, shown(issue_plan.AmendPlan, PlanAmended)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(issue_plan.amend_plan, plan_id, body)


@routes.post("/plans/{plan_id}/tasks/{no}/closure", summary="Kết thúc nhiệm vụ: đã làm, không làm, không phát sinh")
async def post_closure(
    plan_id: PlanId,
    no: str,
    body: Annotated[issue_plan.CloseTask, shown(issue_plan.CloseTask, PlanTaskClosed)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(issue_plan.close_task, plan_id, no, body)


@routes.post("/campaigns", status_code=201, summary="Phát động phong trào thi đua")
async def post_campaign(
    body: Annotated[
        launch_campaign.LaunchCampaign,
        shown(launch_campaign.LaunchCampaign, CampaignLaunched, id="lao-dong-gioi-2024"),
    ],
    asked: Asked,
) -> Accepted:
    """Chỉ phát động khi đã xác định mục tiêu, chỉ tiêu, nội dung, biện pháp, đối tượng."""
    return await asked.perform(launch_campaign.launch_campaign, body)


@routes.get("/campaigns", summary="Các phong trào thi đua")
async def get_campaigns(
    reading: Reading, page: Paging, year_id: str | None = None, launched_by: str | None = None
) -> Page[CampaignView]:
    found = await plans.campaigns(reading.db, year_id, launched_by, page.after, page.limit + 1)
    reviews = await plans.reviews(reading.db, [row["campaign_id"] for row in found])
    return Page[CampaignView].of([_campaign(row, reviews) for row in found], page, lambda one: one.id)


@routes.get("/campaigns/{campaign_id}", summary="Một phong trào và các lần sơ kết, tổng kết")
async def get_campaign(campaign_id: CampaignId, reading: Reading) -> CampaignView:
    row = await plans.campaign(reading.db, campaign_id)
    reading.etag(await reading.version(f"campaign:{campaign_id}"))
    return _campaign(row, await plans.reviews(reading.db, [campaign_id]))


def _campaign(row: dict[str, Any], reviews: list[dict[str, Any]]) -> CampaignView:
    return CampaignView(
        id=row["campaign_id"],
        over=row["over"],
        launched=row["content"],
        reviews=[ReviewView(**one) for one in reviews if one["campaign_id"] == row["campaign_id"]],
    )


@routes.post("/campaigns/{campaign_id}/reviews", status_code=201, summary="Sơ kết, tổng kết phong trào")
async def post_review(
    campaign_id: CampaignId,
    body: Annotated[launch_campaign.ReviewCampaign, shown(launch_campaign.ReviewCampaign, CampaignReviewed)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(launch_campaign.review_campaign, campaign_id, body)
