"""Half-year and year reports with self-scored lines, and what happens to filings of every kind."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from contracts.catalogue import Fact, event
from contracts.envelope import Subject
from contracts.events.registry.registrations import Punctuality, Revision
from contracts.events.registry.years import Filing
from contracts.values import (
    Amount,
    ClusterId,
    CriterionCode,
    DeadlineId,
    Evidence,
    Paper,
    PersonId,
    Points,
    ReportId,
    Text,
    UnitId,
    Value,
    YearId,
)


class ReportKind(StrEnum):
    HALF_YEAR = "half-year"
    YEAR = "year"


class ReportLine(Value):
    """One line of a report. Zero, empty, not assigned and not achieved are four different things."""

    code: CriterionCode
    actual: Amount | None = None
    """What was reached, in the line's unit of measure. None: left empty."""
    achieved: bool | None = None
    """For lines that are met or not."""
    faults: Annotated[int, Field(ge=0)] | None = None
    """Counted faults or shortfalls, for lines that deduct."""
    self_score: Points | None = None
    """Points the unit gives itself."""
    not_assigned: bool = False
    """The unit was not given this criterion this year: it leaves the denominator."""
    explanation: Text | None = None
    evidence: tuple[Evidence, ...] = ()


_WHERE: dict[str, Any] = {
    "year_id": "nam-2024",
    "cluster_id": "cum-bien-gioi-phia-bac",
    "unit_id": "ldld-cao-bang",
}
_REPORT = {"report_id": "bc-nam-2024-ldld-cao-bang", "kind": "year", **_WHERE, "revision": 1}
_FILING = {"filing": "report:bc-nam-2024-ldld-cao-bang", "kind": "year-report", **_WHERE}


class _OfReport(Fact):
    report_id: ReportId
    kind: ReportKind
    year_id: YearId
    cluster_id: ClusterId
    unit_id: UnitId
    revision: Revision


class _OfFiling(Fact):
    filing: Subject
    """``registration:<id>`` or ``report:<id>``."""
    kind: Filing
    year_id: YearId
    cluster_id: ClusterId
    unit_id: UnitId


@event(
    "registry.report-submitted.v1",
    aggregate="report",
    example={
        **_REPORT,
        "lines": [
            {
                "code": "1.1",
                "actual": "2640",
                "self_score": "10",
                "explanation": "Kết nạp 2.640 đoàn viên, vượt chỉ tiêu.",
                "evidence": [{"kind": "seen-on-site", "reference": "Sổ đoàn viên 2024"}],
            },
            {"code": "1.2", "achieved": True, "self_score": "5"},
            {"code": "2.4", "faults": 1, "self_score": "4.5", "explanation": "Một lần gửi báo cáo chậm."},
            {"code": "3.2", "not_assigned": True},
        ],
        "narrative": "Tổng kết phong trào thi đua năm 2024 của LĐLĐ tỉnh Cao Bằng.",
        "punctuality": "on-time",
        "deadline_id": "han-bc-nam-2024",
        "awaits_confirmation": False,
    },
)
class ReportSubmitted(_OfReport):
    """A unit hands in its report. Handing it in again after a return raises the revision."""

    lines: Annotated[tuple[ReportLine, ...], Field(min_length=1)]
    narrative: Annotated[str, Field(max_length=40_000)] | None = None
    punctuality: Punctuality | None = None
    """None where no deadline was set."""
    deadline_id: DeadlineId | None = None
    awaits_confirmation: bool
    """Typed by somebody else for the unit: it waits until the unit confirms or contests it."""


@event(
    "registry.report-received.v1",
    aggregate="report",
    example={**_REPORT, "received_by": "ldld-lao-cai", "note": "Tiếp nhận đủ"},
)
class ReportReceived(_OfReport):
    """The standing office took the report in; ``received_by`` is the unit it acts for."""

    received_by: UnitId | None = None
    note: Text | None = None


@event(
    "registry.report-returned.v1",
    aggregate="report",
    example={**_REPORT, "returned_by": "ldld-lao-cai", "reason": "Mục 2.3 chưa có minh chứng."},
)
class ReportReturned(_OfReport):
    """The report goes back to be completed, with the reason."""

    returned_by: UnitId | None = None
    reason: Text


@event(
    "registry.filing-accepted-late.v1",
    aggregate="filing",
    example={
        **_FILING,
        "accepted_by": "nguyen-thi-dao",
        "reason": "Mưa lũ, đường bị chia cắt; hồ sơ giấy gửi bằng bưu điện.",
        "paper": {"number": "16/CV-CTĐ", "date": "2024-12-14", "issuer": "Cụm thi đua"},
        "penalty_kept": True,
    },
)
class FilingAcceptedLate(_OfFiling):
    """An officer accepted a filing after hard close, by name: it counts and stays marked late."""

    accepted_by: PersonId
    reason: Text
    paper: Paper
    penalty_kept: bool
    """Whether the deduction for lateness still applies."""


@event("registry.filing-confirmed.v1", aggregate="filing", example={**_FILING, "revision": 1})
class FilingConfirmed(_OfFiling):
    """The unit confirms what others typed for it."""

    revision: Revision
    note: Text | None = None


@event(
    "registry.filing-contested.v1",
    aggregate="filing",
    example={**_FILING, "revision": 1, "reason": "Số đoàn viên kết nạp bị nhập nhầm: 264 thay vì 2.640."},
)
class FilingContested(_OfFiling):
    """The unit says that what others typed for it is wrong; it may be handed in again."""

    revision: Revision
    reason: Text


@event(
    "registry.filing-missed.v1",
    aggregate="deadline",
    example={"deadline_id": "han-dk-2024", "kind": "registration", **_WHERE},
)
class FilingMissed(Fact):
    """Hard close passed and this member had filed nothing."""

    deadline_id: DeadlineId
    kind: Filing
    year_id: YearId
    cluster_id: ClusterId
    unit_id: UnitId


@event(
    "registry.filing-rejudged.v1",
    aggregate="filing",
    example={
        **_FILING,
        "deadline_id": "han-bc-nam-2024",
        "was": "late",
        "punctuality": "on-time-by-extension",
        "reason": "Gia hạn theo công văn 14/CV-CTĐ",
    },
)
class FilingRejudged(_OfFiling):
    """An extension that arrived later changes how a filing stands; never against the unit."""

    deadline_id: DeadlineId
    was: Punctuality
    punctuality: Punctuality
    reason: Text
