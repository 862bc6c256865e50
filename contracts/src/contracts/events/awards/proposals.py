"""An award proposal (đề nghị khen thưởng) on its way: level by level, and stage by stage inside each body."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from contracts.catalogue import Fact, event
from contracts.events.awards.assessments import (
    COUNTED_EXAMPLE,
    Assessment,
    AwardYear,
    Code,
    ConditionCode,
    ConditionOutcome,
    Double,
    TitleCode,
)
from contracts.events.awards.rules import AwardType, Channel, Track
from contracts.values import (
    CampaignId,
    ClusterId,
    Identifier,
    Paper,
    PersonId,
    ProposalId,
    Recipient,
    RuleSetId,
    ShortText,
    Text,
    UnitId,
    Value,
    YearId,
)

Revision = Annotated[int, Field(ge=1)]
"""1 for the first submission; one more each time it is sent again after a return."""


class BasisKind(StrEnum):
    """What a proposal rests on."""

    RANKING = "ranking"
    CAMPAIGN = "campaign"
    DEED = "deed"
    CONTRIBUTION = "contribution"
    YEAR = "year"
    """The year's work as rated."""


class Basis(Value):
    """What a proposal rests on, in words and by id where the system knows it."""

    kind: BasisKind
    text: Text
    ranking_id: Identifier | None = None
    cluster_id: ClusterId | None = None
    campaign_id: CampaignId | None = None


class Share(Value):
    """A share that a condition asks for and only the unit knows, e.g. members who are Lao động tiên tiến."""

    code: Code
    part: Annotated[int, Field(ge=0)]
    whole: Annotated[int, Field(ge=1)]
    paper: Paper

    @model_validator(mode="after")
    def _part_of_whole(self) -> Self:
        if self.part > self.whole:
            raise ValueError("a part is not more than its whole")
        return self


class _Proposal(Fact):
    proposal_id: ProposalId
    recipient: Recipient
    unit_id: UnitId
    """The unit that is proposed, or the unit of the person who is."""
    title: TitleCode
    proposed_by: UnitId


_WHICH: dict[str, Any] = {
    "proposal_id": "dn-2024-dao-cstd",
    "recipient": {"kind": "person", "id": "nguyen-thi-dao"},
    "unit_id": "ldld-cao-bang",
    "title": "cstd-cap-tinh",
    "proposed_by": "ldld-cao-bang",
}
_LETTER = {"number": "05/TTr-LĐLĐ", "date": "2025-01-10", "issuer": "LĐLĐ tỉnh Cao Bằng"}


@event(
    "awards.award-proposed.v1",
    aggregate="proposal",
    example={
        **_WHICH,
        "year_id": "nam-2024",
        "year": 2024,
        "award_type": "comprehensive",
        "track": "apparatus",
        "channel": "authority",
        "receiving_unit": "ubnd-cao-bang",
        "basis": {"kind": "year", "text": "Thành tích năm 2024"},
        "drafted": False,
        "day": "2025-01-08",
        "rule_set_id": "luat-06-2022",
        "assessment": COUNTED_EXAMPLE,
    },
)
class AwardProposed(_Proposal):
    """A proposal is drawn up; it counts as received only once it is submitted."""

    year_id: YearId | None = None
    year: AwardYear
    award_type: AwardType
    track: Track
    channel: Channel
    receiving_unit: UnitId
    route: Code | None = None
    """The route on which it is proposed, where the proposer named one."""
    basis: Basis
    shares: tuple[Share, ...] = ()
    drafted: bool
    """Drafted by the system from a final ranking; it waits for the unit to submit it."""
    day: date
    """The day whose rule set the provisional assessment applies."""
    rule_set_id: RuleSetId
    assessment: Assessment
    doubles: tuple[Double, ...] = ()


@event(
    "awards.proposal-submitted.v1",
    aggregate="proposal",
    example={
        **_WHICH,
        "receiving_unit": "ldld-cao-bang",
        "revision": 1,
        "received": "2025-01-10",
        "rule_set_id": "luat-06-2022",
        "assessment": COUNTED_EXAMPLE,
        "letter": _LETTER,
    },
)
class ProposalSubmitted(_Proposal):
    """The proposal is handed in; the day of receipt decides which rule set applies."""

    receiving_unit: UnitId
    revision: Revision
    received: date
    """The day in Asia/Ho_Chi_Minh."""
    rule_set_id: RuleSetId
    assessment: Assessment
    doubles: tuple[Double, ...] = ()
    letter: Paper | None = None
    """The submission letter (tờ trình) of the proposing unit."""


@event(
    "awards.proposal-resubmitted.v1",
    aggregate="proposal",
    example={
        **_WHICH,
        "receiving_unit": "ldld-cao-bang",
        "revision": 2,
        "received": "2025-01-20",
        "rule_set_id": "luat-06-2022",
        "assessment": COUNTED_EXAMPLE,
        "changes": "Bổ sung giấy chứng nhận sáng kiến cấp tỉnh.",
    },
)
class ProposalResubmitted(_Proposal):
    """A returned proposal is sent again: the same proposal, a new revision, what was changed."""

    receiving_unit: UnitId
    revision: Revision
    received: date
    rule_set_id: RuleSetId
    assessment: Assessment
    doubles: tuple[Double, ...] = ()
    shares: tuple[Share, ...] = ()
    changes: Text
    letter: Paper | None = None


@event(
    "awards.proposal-received.v1",
    aggregate="proposal",
    example={**_WHICH, "body": "ldld-cao-bang", "stage": "chuyen-vien", "register_number": "17"},
)
class ProposalReceived(_Proposal):
    """The standing office of a body takes it in: it stands at the first stage there."""

    body: UnitId
    stage: Code
    register_number: ShortText | None = None


@event(
    "awards.proposal-forwarded.v1",
    aggregate="proposal",
    example={
        **_WHICH,
        "from_body": "ldld-cao-bang",
        "from_stage": "chuyen-vien",
        "to_body": "ldld-cao-bang",
        "to_stage": "truong-ban",
    },
)
class ProposalForwarded(_Proposal):
    """One step on: to the next stage of the same body, or with a submission letter to another body."""

    from_body: UnitId
    from_stage: Code
    to_body: UnitId
    to_stage: Code | None = None
    """None in another body until its standing office receives it."""
    letter: Paper | None = None
    note: Text | None = None


@event(
    "awards.proposal-returned.v1",
    aggregate="proposal",
    example={
        **_WHICH,
        "body": "ldld-cao-bang",
        "stage": "chuyen-vien",
        "reason": "Thiếu giấy chứng nhận sáng kiến.",
        "asked_for": ["giay-chung-nhan-sang-kien"],
    },
)
class ProposalReturned(_Proposal):
    """The proposal goes back to the proposing unit to be completed."""

    body: UnitId
    stage: Code | None = None
    reason: Text
    asked_for: tuple[Code, ...] = ()
    """Papers of the dossier that are asked for."""


@event(
    "awards.proposal-refused.v1",
    aggregate="proposal",
    example={
        **_WHICH,
        "body": "ldld-cao-bang",
        "rule": "not-registered",
        "reason": "Đơn vị không đăng ký thi đua năm 2024 nên không xét khen thưởng hằng năm.",
    },
)
class ProposalRefused(_Proposal):
    """The proposal ends here: which rule says so, and why."""

    body: UnitId
    rule: Code
    reason: Text


@event(
    "awards.proposal-withdrawn.v1",
    aggregate="proposal",
    example={**_WHICH, "reason": "Cá nhân xin rút để nhường người lao động trực tiếp."},
)
class ProposalWithdrawn(_Proposal):
    """The proposing unit takes it back."""

    reason: Text


@event(
    "awards.eligibility-assessed.v1",
    aggregate="proposal",
    example={**_WHICH, "cause": "Bổ sung lịch sử khen thưởng", "assessment": COUNTED_EXAMPLE},
)
class EligibilityAssessed(_Proposal):
    """The proposal is assessed again because something it counts has changed."""

    cause: ShortText
    assessment: Assessment
    doubles: tuple[Double, ...] = ()


@event(
    "awards.condition-settled.v1",
    aggregate="proposal",
    example={
        **_WHICH,
        "condition": "chuoi-danh-hieu.1",
        "computed": "unknown",
        "outcome": "met",
        "by": "nguyen-thi-dao",
        "paper": {"number": "38-QĐ/LĐLĐ", "date": "2022-12-28", "issuer": "LĐLĐ tỉnh Cao Bằng"},
        "reason": "Bản chính quyết định khen thưởng năm 2022 còn lưu tại đơn vị.",
        "assessment": COUNTED_EXAMPLE,
    },
)
class ConditionSettled(_Proposal):
    """A person settles with a paper what the history leaves unknown; the answer goes on naming both."""

    condition: ConditionCode
    computed: ConditionOutcome
    outcome: ConditionOutcome
    by: PersonId
    paper: Paper
    reason: Text
    assessment: Assessment


@event(
    "awards.dossier-item-added.v1",
    aggregate="proposal",
    example={
        **_WHICH,
        "item": "bao-cao-thanh-tich",
        "name": "Báo cáo thành tích",
        "paper": {"number": "12/BC-LĐLĐ", "date": "2025-01-05"},
    },
)
class DossierItemAdded(_Proposal):
    """A paper is put into the dossier (hồ sơ). A later one under the same item replaces it."""

    item: Code
    name: ShortText
    paper: Paper
    note: Text | None = None
