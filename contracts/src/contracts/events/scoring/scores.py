"""The scorecard of one unit in one cluster and year: appraised, reviewed, scored by a council, finalised."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.catalogue import Fact, event
from contracts.events.scoring.rubrics import Sha256
from contracts.values import (
    Amount,
    ClusterId,
    CriterionCode,
    Evidence,
    Identifier,
    Instant,
    Points,
    RubricId,
    ScorecardId,
    ShortText,
    Text,
    UnitId,
    Value,
    YearId,
)


class EntryState(StrEnum):
    """Four different things; a given zero is a score, the other three are not."""

    GIVEN = "given"
    EMPTY = "empty"
    NOT_ASSIGNED = "not-assigned"
    ABSTAINED = "abstained"


class ScoreLayer(StrEnum):
    """Who spoke on a line; the later speaks over the earlier."""

    SELF = "self"
    APPRAISED = "appraised"
    COUNCIL = "council"


class LineEntry(Value):
    """What one layer says of one line: a figure, or points typed, or one of the three that are no score."""

    code: CriterionCode
    state: EntryState = EntryState.GIVEN
    actual: Amount | None = None
    """The figure reached, the count, the faults, or 1/0 for a qualitative line."""
    against: Amount | None = None
    """The second count, of a plus/minus line only: what is taken off."""
    target: Amount | None = None
    """The target that counts for this unit, where the form leaves it to the registration."""
    points: Points | None = None
    """Points typed; they stand over what the figure would give."""


class AppraisedLine(LineEntry):
    """A line that an appraiser or a council changed or looked at, with what it read before and why."""

    was: Points | None = None
    now: Points | None = None
    reason: Text
    evidence: tuple[Evidence, ...] = ()


_CARD = {
    "scorecard_id": "sc-nam-2024-ldld-lao-cai",
    "unit_id": "ldld-lao-cai",
    "cluster_id": "cum-bien-gioi-phia-bac",
    "year_id": "nam-2024",
}
_LINE = {
    "code": "2.1",
    "actual": "1850",
    "was": "10.00",
    "now": "9.25",
    "reason": "Danh sách kết nạp đoàn viên mới đối chiếu chỉ có 1.850 người.",
}


@event(
    "scoring.score-appraised.v1",
    aggregate="scorecard",
    example={**_CARD, "lines": [_LINE], "appraiser_unit_id": "ldld-cao-bang"},
)
class ScoreAppraised(Fact):
    """Lines of a unit changed by appraisal (thẩm định), never by that unit itself."""

    scorecard_id: ScorecardId
    unit_id: UnitId
    cluster_id: ClusterId
    year_id: YearId
    lines: tuple[AppraisedLine, ...]
    """Empty when the appraisal found everything as the unit says."""
    appraiser_unit_id: UnitId


@event(
    "scoring.council-scored.v1",
    aggregate="scorecard",
    example={**_CARD, "lines": [_LINE], "council_unit_id": "ldld-cao-bang"},
)
class CouncilScored(Fact):
    """Lines of a unit changed by the cluster's council or conference."""

    scorecard_id: ScorecardId
    unit_id: UnitId
    cluster_id: ClusterId
    year_id: YearId
    lines: tuple[AppraisedLine, ...]
    council_unit_id: UnitId


class ReviewedLine(Value):
    """One line that the unit asks to look at again, and why."""

    code: CriterionCode
    reason: Text
    asks: Points | None = None
    evidence: tuple[Evidence, ...] = ()


@event(
    "scoring.score-review-requested.v1",
    aggregate="scorecard",
    example={
        **_CARD,
        "review_id": "xem-xet-lai-lao-cai-1",
        "lines": [{"code": "2.1", "reason": "Còn 150 đoàn viên của ba công đoàn khu công nghiệp.", "asks": "10"}],
        "until": "2024-12-20T17:00:00Z",
    },
)
class ScoreReviewRequested(Fact):
    """The unit asks for a review (đề nghị xem xét lại điểm), line by line; it holds back only this card."""

    scorecard_id: ScorecardId
    unit_id: UnitId
    cluster_id: ClusterId
    year_id: YearId
    review_id: Identifier
    lines: Annotated[tuple[ReviewedLine, ...], Field(min_length=1)]
    until: Instant
    """When the window in which requests are taken closes."""


class ReviewOutcome(StrEnum):
    UPHELD = "upheld"
    CHANGED = "changed"


class ReviewAnswer(AppraisedLine):
    """The answer to one line: upheld, or changed to what the entry says."""

    outcome: ReviewOutcome


@event(
    "scoring.score-review-answered.v1",
    aggregate="scorecard",
    example={
        **_CARD,
        "review_id": "xem-xet-lai-lao-cai-1",
        "lines": [
            {
                "code": "2.1",
                "outcome": "changed",
                "actual": "2000",
                "was": "9.25",
                "now": "10.00",
                "reason": "Đã đối chiếu danh sách bổ sung.",
            }
        ],
        "appraiser_unit_id": "ldld-cao-bang",
    },
)
class ScoreReviewAnswered(Fact):
    """Every line of the request is answered; what changed goes into the appraised layer."""

    scorecard_id: ScorecardId
    unit_id: UnitId
    cluster_id: ClusterId
    year_id: YearId
    review_id: Identifier
    lines: Annotated[tuple[ReviewAnswer, ...], Field(min_length=1)]
    appraiser_unit_id: UnitId


class FinalLine(Value):
    """One line with its layers and how the final number arose."""

    code: CriterionCode
    title: ShortText
    kind: ShortText
    max_points: Points
    state: EntryState
    from_layer: ScoreLayer | None = None
    """Whose entry stands; none when nobody gave one."""
    claimed: Points | None = None
    """The self-score that the unit typed."""
    self_points: Points | None = None
    appraised_points: Points | None = None
    council_points: Points | None = None
    final_points: Points | None = None
    exact_points: ShortText | None = None
    """Numerator/denominator of the final points before the total is rounded."""
    bonus_points: Points | None = None
    """Beyond ``max_points``, where the line gives a bonus; it counts towards the bonus of the table."""
    workings: dict[str, str] = Field(default_factory=dict)
    """The terms of the computation, exact: ``{"M": "10", "A": "1850", "T": "2000", "ratio": "37/40"}``."""


class SectionScore(Value):
    """A section (or the bonus): what its lines sum to, what it may hold, what counts."""

    code: CriterionCode
    title: ShortText
    max_points: Points
    assigned: Points
    sum: Points
    earned: Points
    exact_earned: ShortText | None = None


@event(
    "scoring.score-finalized.v1",
    aggregate="scorecard",
    example={
        **_CARD,
        "rubric_id": "bang-tieu-chi-2024",
        "rubric_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "cause": "Kết luận thẩm định ngày 18/12/2024",
        "lines": [
            {
                "code": "2.1",
                "title": "Kết nạp đoàn viên mới",
                "kind": "proportional",
                "max_points": "10",
                "state": "given",
                "from_layer": "appraised",
                "claimed": "10",
                "self_points": "10.00",
                "appraised_points": "9.25",
                "final_points": "9.25",
                "workings": {"M": "10", "A": "1850", "T": "2000", "ratio": "37/40"},
            }
        ],
        "sections": [
            {
                "code": "2",
                "title": "Phát triển đoàn viên, xây dựng tổ chức",
                "max_points": "40",
                "assigned": "40",
                "sum": "38.25",
                "earned": "38.25",
            }
        ],
        "total": "93.25",
        "assigned": "95",
        "percentage": "98.16",
        "inputs_digest": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    },
)
class ScoreFinalized(Fact):
    """A card closed: the whole report, and a digest over the exact figures it came from."""

    scorecard_id: ScorecardId
    unit_id: UnitId
    cluster_id: ClusterId
    year_id: YearId
    rubric_id: RubricId
    rubric_hash: Sha256
    report_id: Identifier | None = None
    """The received year report that gave the self layer; none when there was none."""
    cause: ShortText
    lines: tuple[FinalLine, ...]
    sections: tuple[SectionScore, ...]
    penalties: dict[Annotated[str, StringConstraints(max_length=64)], Points] = Field(default_factory=dict)
    """Taken off for lateness, by reason."""
    total: Points
    assigned: Points
    percentage: Points
    exact_total: ShortText | None = None
    """Numerator/denominator of the total before rounding."""
    exact_percentage: ShortText | None = None
    empty_lines_reason: Text | None = None
    """Why lines that nobody filled count as nothing; required when there are any."""
    inputs_digest: Sha256
