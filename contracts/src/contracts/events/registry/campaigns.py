"""Emulation campaigns (phong trào): launched only when all five things that a launch needs are set."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.catalogue import Fact, event
from contracts.values import CampaignId, ClusterId, Paper, Period, ShortText, Text, UnitId, YearId


class CampaignSpan(StrEnum):
    YEARLY = "yearly"
    SEVERAL_YEAR = "several-year"
    DRIVE = "drive"
    """Theo đợt."""


class CampaignScope(StrEnum):
    THEMATIC = "thematic"
    GENERAL = "general"


class ReviewResult(StrEnum):
    CONTINUE = "continue"
    ADJUST = "adjust"
    STOP = "stop"
    CLOSED = "closed"
    """The closing review."""


_Texts = Annotated[tuple[Text, ...], Field(min_length=1)]


@event(
    "registry.campaign-launched.v1",
    aggregate="campaign",
    public=True,
    example={
        "campaign_id": "lao-dong-gioi-2024",
        "title": "Lao động giỏi, Lao động sáng tạo",
        "span": "yearly",
        "scope": "general",
        "joined": True,
        "launched_by": "ldld-cao-bang",
        "launched_above": "Tổng Liên đoàn Lao động Việt Nam",
        "year_id": "nam-2024",
        "cluster_id": "cum-bien-gioi-phia-bac",
        "period": {"starts": "2024-01-01", "ends": "2025-01-01"},
        "goals": ["Thúc đẩy năng suất, chất lượng, hiệu quả công việc"],
        "targets": ["100% công đoàn cơ sở đăng ký tham gia"],
        "content": ["Phát huy sáng kiến, cải tiến kỹ thuật"],
        "measures": ["Kiểm tra, sơ kết 6 tháng, tổng kết năm"],
        "participants": ["Đoàn viên, công nhân, viên chức, lao động trong tỉnh"],
        "paper": {"number": "05/KH-LĐLĐ", "date": "2024-01-20"},
    },
)
class CampaignLaunched(Fact):
    """A campaign starts; none without these five (LĐLĐ Cao Bằng, plan 01/KH-LĐLĐ of 30/01/2015, II.2.1)."""

    campaign_id: CampaignId
    title: ShortText
    span: CampaignSpan
    scope: CampaignScope
    joined: bool
    """Launched above or outside; this unit joins in (hưởng ứng) with a plan of its own."""
    launched_by: UnitId
    launched_above: ShortText | None = None
    """Who launched it first, where it is joined."""
    year_id: YearId | None = None
    cluster_id: ClusterId | None = None
    period: Period
    goals: _Texts
    targets: _Texts
    content: _Texts
    measures: _Texts
    participants: _Texts
    paper: Paper | None = None


@event(
    "registry.campaign-reviewed.v1",
    aggregate="campaign",
    public=True,
    example={
        "campaign_id": "lao-dong-gioi-2024",
        "on": "2024-06-20",
        "result": "adjust",
        "finding": "Một số chỉ tiêu chưa sát thực tế, điều chỉnh số sáng kiến xuống 120.",
    },
)
class CampaignReviewed(Fact):
    """A review mid-way or at the end: continue, adjust, stop, or closed."""

    campaign_id: CampaignId
    on: date
    result: ReviewResult
    finding: Text
    paper: Paper | None = None
