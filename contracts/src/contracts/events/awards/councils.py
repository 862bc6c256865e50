"""Emulation councils: who sits, who is recused from which case, their ballots and conclusions."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.catalogue import Fact, event
from contracts.events.awards.assessments import TitleCode
from contracts.events.awards.rules import Track
from contracts.values import (
    BallotId,
    CouncilId,
    Paper,
    Period,
    PersonId,
    ProposalId,
    ShortText,
    Text,
    Threshold,
    UnitId,
    Value,
)

Count = Annotated[int, Field(ge=0)]


class CouncilBallotWay(StrEnum):
    """How a council votes; from paper, hands and letters the count with its minutes is the record."""

    ELECTRONIC_OPEN = "electronic-open"
    SHOW_OF_HANDS = "show-of-hands"
    PAPER = "paper"
    IN_WRITING = "in-writing"


class CouncilChoice(StrEnum):
    FOR = "for"
    AGAINST = "against"
    ABSTAIN = "abstain"


class Recommendation(StrEnum):
    """A council advises; it may recommend another form than proposed."""

    APPROVE = "approve"
    OTHER_FORM = "other-form"
    REFUSE = "refuse"


class CouncilMember(Value):
    """A seat, by person id."""

    person_id: PersonId
    office: ShortText
    """Chủ tịch, Phó Chủ tịch, Ủy viên, Thư ký …"""
    unit_id: UnitId | None = None


class VotePart(Value):
    """One part of a threshold with its figures: ``numerator`` of ``denominator``, and what is required."""

    numerator: Count
    denominator: Count
    figures: ShortText
    """As written on paper: ``8/9 = 88,9 %``."""
    required: ShortText
    """``từ 90 % trở lên`` or ``trên 50 %``."""
    met: bool


_NINE = [
    {"person_id": "uy-vien-1", "office": "Chủ tịch Hội đồng"},
    *({"person_id": f"uy-vien-{n}", "office": "Ủy viên"} for n in range(2, 10)),
]
_THRESHOLD = {"percentage": "90", "denominator": "all", "quorum": "66.67"}
_BALLOT = {
    "ballot_id": "bp-dao-cstd",
    "council_id": "hd-tdkt-co-quan-cao-bang",
    "proposal_id": "dn-2024-dao-cstd",
}


@event(
    "awards.council-formed.v1",
    aggregate="council",
    example={
        "council_id": "hd-tdkt-co-quan-cao-bang",
        "unit_id": "ldld-cao-bang",
        "name": "Hội đồng Thi đua - Khen thưởng cơ quan LĐLĐ tỉnh Cao Bằng",
        "track": "apparatus",
        "members": _NINE,
        "threshold": {"percentage": "70", "denominator": "present", "quorum": "66.67"},
        "thresholds": {"cstd-cap-tinh": _THRESHOLD},
        "in_office": {"starts": "2024-01-01"},
        "decision": {"number": "03-QĐ/LĐLĐ", "date": "2024-01-02"},
    },
)
class CouncilFormed(Fact):
    """A council of a body for one track, with its seats and thresholds. Formed again, it replaces itself."""

    council_id: CouncilId
    unit_id: UnitId
    name: ShortText
    track: Track
    members: Annotated[tuple[CouncilMember, ...], Field(min_length=1)]
    threshold: Threshold
    """For titles that have no threshold of their own."""
    thresholds: dict[TitleCode, Threshold] = Field(default_factory=dict)
    in_office: Period
    decision: Paper


@event(
    "awards.council-member-recused.v1",
    aggregate="recusal",
    example={
        "council_id": "hd-tdkt-co-quan-cao-bang",
        "proposal_id": "dn-2024-dao-cstd",
        "person_id": "uy-vien-9",
        "reason": "Là vợ của người được đề nghị.",
    },
)
class CouncilMemberRecused(Fact):
    """A member declared a personal interest: no vote on the case, no sight of it."""

    council_id: CouncilId
    proposal_id: ProposalId
    person_id: PersonId
    reason: Text


@event(
    "awards.council-ballot-opened.v1",
    aggregate="council-ballot",
    example={
        **_BALLOT,
        "title": "cstd-cap-tinh",
        "way": "electronic-open",
        "voters": ["uy-vien-1", "uy-vien-2", "uy-vien-3"],
        "recused": ["uy-vien-3"],
        "threshold": {"percentage": "60", "denominator": "all", "quorum": "66.6"},
        "reachable": True,
        "needed": 2,
        "best": {
            "numerator": 2,
            "denominator": 3,
            "figures": "2/3 = 66,7 %",
            "required": "từ 60 % trở lên",
            "met": True,
        },
    },
)
class CouncilBallotOpened(Fact):
    """A ballot on one proposal with all fixed, and whether its threshold can be reached."""

    ballot_id: BallotId
    council_id: CouncilId
    proposal_id: ProposalId
    title: TitleCode
    """The form voted on; another than proposed where the council considers one."""
    way: CouncilBallotWay
    voters: Annotated[tuple[PersonId, ...], Field(min_length=1)]
    recused: tuple[PersonId, ...] = ()
    threshold: Threshold
    reachable: bool
    needed: Count | None = None
    """The fewest votes in favour that suffice when all who may vote do so."""
    best: VotePart


@event(
    "awards.council-vote-cast.v1",
    aggregate="council-ballot",
    example={**_BALLOT, "voter": "uy-vien-1", "choice": "for"},
)
class CouncilVoteCast(Fact):
    """An open vote of one member; it stands."""

    ballot_id: BallotId
    council_id: CouncilId
    proposal_id: ProposalId
    voter: PersonId
    choice: CouncilChoice


@event(
    "awards.council-count-recorded.v1",
    aggregate="council-ballot",
    example={
        **_BALLOT,
        "present": 9,
        "issued": 9,
        "returned": 9,
        "valid": 9,
        "invalid": 0,
        "in_favour": 9,
        "against": 0,
        "abstained": 0,
        "tellers": ["uy-vien-7", "uy-vien-8"],
        "minutes": {"number": "02/BB-HĐ", "date": "2025-01-15", "scan": "bien-ban-kiem-phieu.pdf"},
    },
)
class CouncilCountRecorded(Fact):
    """What was counted on paper, by hands or in writing, with its minutes. A corrected count replaces it."""

    ballot_id: BallotId
    council_id: CouncilId
    proposal_id: ProposalId
    present: Count
    issued: Count | None = None
    """Ballot papers; None for a show of hands."""
    returned: Count | None = None
    valid: Count
    invalid: Count = 0
    in_favour: Count
    against: Count
    abstained: Count = 0
    tellers: tuple[PersonId, ...] = ()
    minutes: Paper


@event(
    "awards.council-ballot-closed.v1",
    aggregate="council-ballot",
    example={
        **_BALLOT,
        "title": "cstd-cap-tinh",
        "present": 9,
        "valid": 9,
        "in_favour": 9,
        "against": 0,
        "abstained": 0,
        "quorum": {
            "numerator": 9,
            "denominator": 9,
            "figures": "9/9 = 100,0 %",
            "required": "từ 66,67 % trở lên",
            "met": True,
        },
        "approval": {
            "numerator": 9,
            "denominator": 9,
            "figures": "9/9 = 100,0 %",
            "required": "từ 90 % trở lên",
            "met": True,
        },
        "passed": True,
        "closed_on": "2025-01-15",
    },
)
class CouncilBallotClosed(Fact):
    """The result with the figures of both parts of the threshold."""

    ballot_id: BallotId
    council_id: CouncilId
    proposal_id: ProposalId
    title: TitleCode
    present: Count
    valid: Count
    invalid: Count = 0
    in_favour: Count
    against: Count
    abstained: Count
    quorum: VotePart
    approval: VotePart
    passed: bool
    closed_on: date


class Conclusion(Value):
    """What the council recommends in one case."""

    proposal_id: ProposalId
    recommendation: Recommendation
    title: TitleCode
    """The form recommended, or the one refused."""
    ballot_id: BallotId | None = None
    reason: Text | None = None


@event(
    "awards.council-conclusion-recorded.v1",
    aggregate="council",
    example={
        "council_id": "hd-tdkt-co-quan-cao-bang",
        "unit_id": "ldld-cao-bang",
        "conclusions": [
            {
                "proposal_id": "dn-2024-dao-cstd",
                "recommendation": "approve",
                "title": "cstd-cap-tinh",
                "ballot_id": "bp-dao-cstd",
            }
        ],
        "minutes": {"number": "03/BB-HĐ", "date": "2025-01-15", "issuer": "Hội đồng TĐKT cơ quan"},
    },
)
class CouncilConclusionRecorded(Fact):
    """The council's minutes: for each case what it recommends; favourable only where its ballot passed."""

    council_id: CouncilId
    unit_id: UnitId
    conclusions: Annotated[tuple[Conclusion, ...], Field(min_length=1)]
    minutes: Paper
