"""Numbered plans with their table of tasks, amended during the year and closed task by task."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from contracts.catalogue import Fact, event
from contracts.values import Paper, Period, PlanId, Quarter, ShortText, Text, UnitId, Value, YearId

TaskNo = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=16)]
"""The number of a task as typed; numbers that jump are normal."""


class Purpose(StrEnum):
    """Why somebody gets a paper (Nơi nhận); only *to carry out* makes a duty."""

    REPORT = "report"
    """B/c"""
    COORDINATE = "coordinate"
    """P/h"""
    CARRY_OUT = "carry-out"
    """T/h"""
    FILE = "file"
    """Lưu"""


class Addressee(Value):
    """One line of *Nơi nhận*."""

    name: ShortText
    unit_id: UnitId | None = None
    purpose: Purpose


class PlanTask(Value):
    """One row of the table. Text repeated in two quarters, no owner, no date: all occur in real plans."""

    no: TaskNo
    text: Text
    bodies: tuple[ShortText, ...] = ()
    """Responsible bodies as written; may be empty."""
    unit_ids: tuple[UnitId, ...] = ()
    """Those of them that the system knows."""
    quarter: Quarter | None = None
    window: Period | None = None
    deadline: date | None = None
    if_any: bool = False
    """*(nếu có)*: may be closed as *no case arose*."""


class PlanSide(Value):
    """The other side of a joint plan: it numbers and signs the paper too."""

    body: ShortText
    unit_id: UnitId | None = None
    number: ShortText
    signatory: ShortText | None = None


class TaskOutcome(StrEnum):
    DONE = "done"
    NO_CASE_AROSE = "no-case-arose"
    NOT_DONE = "not-done"


_TASK: dict[str, Any] = {
    "no": "3",
    "text": "Đăng ký thi đua năm 2024 với Thường trực Cụm (Trưởng Cụm).",
    "bodies": ["Thành viên Cụm"],
    "quarter": "I",
    "window": {"starts": "2024-01-01", "ends": "2024-02-01"},
    "deadline": "2024-01-31",
}


@event(
    "registry.plan-issued.v1",
    aggregate="plan",
    public=True,
    example={
        "plan_id": "kh-cum-2024",
        "number": "01/KH-CTĐ",
        "date": "2024-01-05",
        "kind": "KH",
        "body": "ldld-cao-bang",
        "year_id": "nam-2024",
        "title": "Kế hoạch hoạt động Cụm thi đua năm 2024",
        "tasks": [_TASK],
        "recipients": [{"name": "Các thành viên trong Cụm", "purpose": "carry-out"}],
    },
)
class PlanIssued(Fact):
    """A plan is issued under a number from the body's register: unique per body, year and kind of paper."""

    plan_id: PlanId
    number: ShortText
    """As the clerk typed it, e.g. ``01/KH-LĐLĐ`` or ``12a/KH-LĐLĐ``."""
    date: date
    kind: ShortText
    """Kind of paper as in the register, e.g. KH (kế hoạch), CTPH (chương trình phối hợp)."""
    body: UnitId
    year_id: YearId
    title: ShortText
    signatory: ShortText | None = None
    tasks: Annotated[tuple[PlanTask, ...], Field(min_length=1)]
    recipients: tuple[Addressee, ...] = ()
    sides: tuple[PlanSide, ...] = ()
    """Further sides of a joint plan."""


@event(
    "registry.plan-amended.v1",
    aggregate="plan",
    public=True,
    example={
        "plan_id": "kh-cum-2024",
        "replaced": [_TASK],
        "added": [{"no": "12", "text": "Thăm hỏi đoàn viên vùng lũ", "bodies": ["Trưởng Cụm"], "if_any": True}],
        "paper": {"number": "09/KH-CTĐ", "date": "2024-05-02"},
        "reason": "Bổ sung nhiệm vụ phát sinh trong năm",
    },
)
class PlanAmended(Fact):
    """Tasks of a plan are replaced (by number) or added."""

    plan_id: PlanId
    replaced: tuple[PlanTask, ...] = ()
    added: tuple[PlanTask, ...] = ()
    paper: Paper | None = None
    reason: Text


@event(
    "registry.plan-task-closed.v1",
    aggregate="plan",
    public=True,
    example={
        "plan_id": "kh-cum-2024",
        "no": "12",
        "outcome": "no-case-arose",
        "note": "Không phát sinh trong năm",
    },
)
class PlanTaskClosed(Fact):
    """A task is over: done, not done, or no case arose."""

    plan_id: PlanId
    no: TaskNo
    outcome: TaskOutcome
    note: Text | None = None
