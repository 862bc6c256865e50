"""Votes at a cluster's conference: opened with all fixed, cast or counted on paper, closed with a result."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.catalogue import Fact, event
from contracts.values import (
    BallotId,
    ClusterId,
    Identifier,
    Paper,
    PersonId,
    Points,
    ShortText,
    Text,
    Threshold,
    UnitId,
    Value,
    YearId,
)


class BallotPurpose(StrEnum):
    """What a cluster votes on (the cluster plan of 2015, row 9)."""

    LEADING_UNIT = "leading-unit"
    EXCELLENT_UNITS = "excellent-units"
    NEXT_LEAD = "next-lead"
    NEXT_DEPUTY = "next-deputy"
    TIE = "tie"


class BallotWay(StrEnum):
    """How votes are given; from paper, hands and letters the count with its minutes is the record."""

    SHOW_OF_HANDS = "show-of-hands"
    PAPER = "paper"
    IN_WRITING = "in-writing"
    ELECTRONIC_OPEN = "electronic-open"


_WHERE = {
    "ballot_id": "bau-don-vi-dan-dau-2024",
    "cluster_id": "cum-bien-gioi-phia-bac",
    "year_id": "nam-2024",
}


@event(
    "scoring.ballot-opened.v1",
    aggregate="ballot",
    example={
        **_WHERE,
        "purpose": "leading-unit",
        "title": "Suy tôn đơn vị dẫn đầu Cụm năm 2024",
        "electorate": ["ldld-cao-bang", "ldld-lao-cai", "ldld-son-la"],
        "options": ["ldld-cao-bang", "ldld-lao-cai", "ldld-son-la"],
        "threshold": {"percentage": "50", "denominator": "all", "quorum": "66.67", "strictly_more": True},
        "self_vote": False,
        "way": "electronic-open",
        "choose": 1,
    },
)
class BallotOpened(Fact):
    """A ballot with its voters, recused, quorum and threshold fixed; nothing of it changes afterwards."""

    ballot_id: BallotId
    cluster_id: ClusterId
    year_id: YearId
    purpose: BallotPurpose
    title: ShortText
    electorate: Annotated[tuple[UnitId, ...], Field(min_length=1)]
    recused: tuple[UnitId, ...] = ()
    options: Annotated[tuple[UnitId, ...], Field(min_length=1)]
    threshold: Threshold
    self_vote: bool
    """Whether a unit may vote for itself; each cluster sets it."""
    way: BallotWay
    choose: Annotated[int, Field(ge=1)]
    """Up to how many options one voter may choose, which is also how many can be elected."""
    settles: tuple[UnitId, ...] = ()
    """The tied units that a ballot of purpose ``tie`` puts in order."""


@event(
    "scoring.vote-cast.v1",
    aggregate="ballot",
    example={**_WHERE, "voter_unit_id": "ldld-son-la", "choices": ["ldld-lao-cai"], "abstains": False},
)
class VoteCast(Fact):
    """An open vote of one member; casting again before the close replaces it."""

    ballot_id: BallotId
    cluster_id: ClusterId
    year_id: YearId
    voter_unit_id: UnitId
    choices: tuple[UnitId, ...] = ()
    abstains: bool = False


class OptionTally(Value):
    """Votes for one option."""

    option: Identifier
    votes: Annotated[int, Field(ge=0)]
    against: Annotated[int, Field(ge=0)] | None = None
    percentage: Points | None = None
    """Of the threshold's denominator, rounded to two places; the comparison itself is exact."""
    reached: bool | None = None


@event(
    "scoring.ballot-count-recorded.v1",
    aggregate="ballot",
    example={
        **_WHERE,
        "present": 7,
        "issued": 7,
        "returned": 7,
        "valid": 6,
        "invalid": 1,
        "counts": [
            {"option": "ldld-lao-cai", "votes": 5, "against": 1},
            {"option": "ldld-son-la", "votes": 1, "against": 5},
        ],
        "abstentions": 0,
        "tellers": ["person-ban-kiem-phieu-1"],
        "minutes": {"number": "02/BB-CTĐ", "date": "2024-12-20", "scan": "bien-ban-kiem-phieu.pdf"},
    },
)
class BallotCountRecorded(Fact):
    """What the tellers counted, with their minutes: the record of every ballot that is not electronic."""

    ballot_id: BallotId
    cluster_id: ClusterId
    year_id: YearId
    present: Annotated[int, Field(ge=0)]
    issued: Annotated[int, Field(ge=0)]
    returned: Annotated[int, Field(ge=0)]
    valid: Annotated[int, Field(ge=0)]
    invalid: Annotated[int, Field(ge=0)]
    counts: tuple[OptionTally, ...]
    abstentions: Annotated[int, Field(ge=0)] = 0
    tellers: tuple[PersonId, ...] = ()
    minutes: Paper


@event(
    "scoring.ballot-closed.v1",
    aggregate="ballot",
    example={
        **_WHERE,
        "purpose": "leading-unit",
        "tally": [{"option": "ldld-lao-cai", "votes": 5, "percentage": "71.43", "reached": True}],
        "members": 7,
        "present": 7,
        "valid": 6,
        "abstentions": 0,
        "quorum_met": True,
        "elected": ["ldld-lao-cai"],
        "order": ["ldld-lao-cai"],
        "why": "LĐLĐ tỉnh Lào Cai đạt 5/7 phiếu (71,43 %), quá nửa tổng số thành viên.",
        "closed_on": "2024-12-20",
    },
)
class BallotClosed(Fact):
    """The result: the tally, whether there was a quorum, who is elected, and why."""

    ballot_id: BallotId
    cluster_id: ClusterId
    year_id: YearId
    purpose: BallotPurpose
    tally: tuple[OptionTally, ...]
    members: Annotated[int, Field(ge=0)]
    present: Annotated[int, Field(ge=0)]
    valid: Annotated[int, Field(ge=0)]
    abstentions: Annotated[int, Field(ge=0)]
    quorum_met: bool
    elected: tuple[UnitId, ...] = ()
    """Who reached the threshold, most votes first, up to the places; a tie leaves the last place open."""
    order: tuple[UnitId, ...] = ()
    """The options by votes as far as votes alone put them in order; equal ones are left out."""
    why: Text
    closed_on: date
