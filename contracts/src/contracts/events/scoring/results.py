"""What a cluster's year ends with: the final ranking and the conclusions of the year-end conference."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from contracts.catalogue import Fact, event
from contracts.events.scoring.ballots import BallotPurpose
from contracts.events.scoring.rubrics import Sha256
from contracts.values import (
    BallotId,
    ClusterId,
    Identifier,
    Paper,
    Points,
    RubricId,
    ScorecardId,
    ShortText,
    Text,
    UnitId,
    Value,
    YearId,
)


class Classification(StrEnum):
    """What a member leaves the year as."""

    LEADING = "leading"
    EXCELLENT = "excellent"
    NONE = "none"


class RankingRow(Value):
    """One member's place; without a final score it has no rank, and the reasons say why."""

    unit_id: UnitId
    scorecard_id: ScorecardId | None = None
    rank: Annotated[int, Field(ge=1)] | None = None
    total: Points | None = None
    assigned: Points | None = None
    percentage: Points | None = None
    tie_broken_by: ShortText | None = None
    """The tie rule that put this row before or after its equals."""
    reasons: tuple[Text, ...] = ()
    classification: Classification = Classification.NONE


class BallotRelied(Value):
    """A closed ballot that the ranking stands on."""

    ballot_id: BallotId
    purpose: BallotPurpose
    elected: tuple[UnitId, ...] = ()


@event(
    "scoring.ranking-finalized.v1",
    aggregate="ranking",
    public=True,
    example={
        "ranking_id": "xep-hang-2024",
        "cluster_id": "cum-bien-gioi-phia-bac",
        "year_id": "nam-2024",
        "rubric_id": "bang-tieu-chi-2024",
        "rubric_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "rows": [
            {
                "unit_id": "ldld-lao-cai",
                "scorecard_id": "sc-nam-2024-ldld-lao-cai",
                "rank": 1,
                "total": "96.40",
                "assigned": "95",
                "percentage": "101.47",
                "reasons": ["Tỷ lệ điểm cao nhất Cụm."],
                "classification": "leading",
            }
        ],
        "rule": {"compares": "rounded", "ties": ["section:2", "vote"]},
        "ballots": [{"ballot_id": "bau-don-vi-dan-dau-2024", "purpose": "leading-unit", "elected": ["ldld-lao-cai"]}],
        "digest": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    },
)
class RankingFinalized(Fact):
    """The final ranking of a cluster's year, its rule and its ballots; it publishes the table."""

    ranking_id: Identifier
    cluster_id: ClusterId
    year_id: YearId
    rubric_id: RubricId
    rubric_hash: Sha256
    rows: tuple[RankingRow, ...]
    rule: dict[str, Any]
    """The ranking rule of the frozen table, as data."""
    ballots: tuple[BallotRelied, ...] = ()
    digest: Sha256
    """SHA-256 over the digests of the finalised cards, the rule and the ballots."""


@event(
    "scoring.year-end-conference-concluded.v1",
    aggregate="conference",
    public=True,
    example={
        "conference_id": "hoi-nghi-tong-ket-2024",
        "cluster_id": "cum-bien-gioi-phia-bac",
        "year_id": "nam-2024",
        "held_on": "2024-12-20",
        "ranking_id": "xep-hang-2024",
        "leading_unit_id": "ldld-lao-cai",
        "excellent_unit_ids": ["ldld-cao-bang", "ldld-son-la"],
        "next_year_id": "nam-2025",
        "next_lead_unit_id": "ldld-lao-cai",
        "next_deputy_unit_id": "ldld-lai-chau",
        "next_rubric_id": "bang-tieu-chi-2025",
        "minutes": {"number": "03/BB-CTĐ", "date": "2024-12-20"},
    },
)
class YearEndConferenceConcluded(Fact):
    """What the conference decided: leader, excellent units, next year's lead, deputy and criteria."""

    conference_id: Identifier
    cluster_id: ClusterId
    year_id: YearId
    held_on: date
    ranking_id: Identifier | None = None
    leading_unit_id: UnitId | None = None
    excellent_unit_ids: tuple[UnitId, ...] = ()
    next_year_id: YearId
    next_lead_unit_id: UnitId
    next_deputy_unit_id: UnitId
    next_rubric_id: RubricId | None = None
    """The table of criteria signed for the next year, where it was signed there."""
    ballots: tuple[BallotRelied, ...] = ()
    minutes: Paper
