"""Emulation years and the deadlines for filings in them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.catalogue import Fact, event
from contracts.events.registry.people import Year
from contracts.values import ClusterId, DeadlineId, Instant, Paper, ShortText, Text, UnitId, YearId

Weekday = Annotated[int, Field(ge=1, le=7)]
"""1 Monday … 7 Sunday, in Asia/Ho_Chi_Minh."""


class YearKind(StrEnum):
    CALENDAR = "calendar"
    SCHOOL = "school"


class Filing(StrEnum):
    """What a member hands in."""

    REGISTRATION = "registration"
    HALF_YEAR_REPORT = "half-year-report"
    YEAR_REPORT = "year-report"


class RestDayRule(StrEnum):
    """What happens to a due date that falls on a Saturday or Sunday; each body sets it."""

    STANDS = "stands"
    MOVES = "moves"


@event(
    "registry.emulation-year-opened.v1",
    aggregate="year",
    public=True,
    example={
        "year_id": "nam-2024",
        "label": "Năm thi đua 2024",
        "kind": "calendar",
        "calendar_year": 2024,
        "starts": "2023-12-06",
        "ends": "2025-03-31",
        "tested_registration": True,
        "begun_on_paper": False,
    },
)
class EmulationYearOpened(Fact):
    """An emulation year with its own dates: two are open at once around the turn of the calendar year."""

    year_id: YearId
    label: ShortText
    kind: YearKind
    calendar_year: Year
    """The year its results are named after; a school year is named after the year in which it ends."""
    starts: date
    ends: date
    """First day after it."""
    tested_registration: bool
    """Whether registrations of this year are looked at when awards are considered."""
    begun_on_paper: bool = False
    """Begun before this system was in use: a missing registration proves nothing."""


@event(
    "registry.deadline-set.v1",
    aggregate="deadline",
    public=True,
    example={
        "deadline_id": "han-bc-nam-2024",
        "year_id": "nam-2024",
        "cluster_id": "cum-bien-gioi-phia-bac",
        "filing": "year-report",
        "due": "2024-12-02T16:59:59Z",
        "grace_until": "2024-12-06T16:59:59Z",
        "hard_close": "2024-12-10T16:59:59Z",
        "rest_day_rule": "moves",
        "weekday": 1,
        "moved_from": "2024-11-30",
        "paper": {"number": "01/KH-CTĐ", "date": "2024-01-15", "issuer": "Cụm thi đua"},
    },
)
class DeadlineSet(Fact):
    """When a kind of filing is due in a cluster's year. Changed later only by extensions."""

    deadline_id: DeadlineId
    year_id: YearId
    cluster_id: ClusterId
    filing: Filing
    due: Instant
    grace_until: Instant
    """Received after ``due`` and until here: in grace."""
    hard_close: Instant
    """Received after this: refused, unless an officer accepts it late by name, with reason and paper."""
    rest_day_rule: RestDayRule
    weekday: Weekday
    """Weekday of ``due``, told so that nobody has to reckon."""
    moved_from: date | None = None
    """The rest day from which ``due`` was moved."""
    paper: Paper | None = None


@event(
    "registry.deadline-extended.v1",
    aggregate="deadline",
    public=True,
    example={
        "deadline_id": "han-bc-nam-2024",
        "year_id": "nam-2024",
        "cluster_id": "cum-bien-gioi-phia-bac",
        "filing": "year-report",
        "unit_ids": ["ldld-lai-chau"],
        "due": "2024-12-09T16:59:59Z",
        "grace_until": "2024-12-10T16:59:59Z",
        "hard_close": "2024-12-12T16:59:59Z",
        "reason": "Sạt lở đường, mất liên lạc nhiều ngày",
        "paper": {"number": "14/CV-CTĐ", "date": "2024-12-01", "issuer": "Cụm thi đua"},
    },
)
class DeadlineExtended(Fact):
    """Later dates, for all members or for some. Arriving after a filing, it never tells against it."""

    deadline_id: DeadlineId
    year_id: YearId
    cluster_id: ClusterId
    filing: Filing
    unit_ids: tuple[UnitId, ...] | None = None
    """None: all members."""
    due: Instant
    grace_until: Instant
    hard_close: Instant
    reason: Text
    paper: Paper | None = None
