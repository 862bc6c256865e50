"""Decisions on awards: the paper with its number and list, and one award for each recipient on it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from contracts.catalogue import Fact, event
from contracts.events.awards.assessments import AwardYear, TitleCode
from contracts.events.awards.rules import AwardType
from contracts.values import (
    DecisionId,
    Identifier,
    Paper,
    ProposalId,
    Recipient,
    RuleSetId,
    ShortText,
    UnitId,
    Value,
    YearId,
)


class DecidedAward(Value):
    """One line of the list of a decision."""

    proposal_id: ProposalId
    recipient: Recipient
    title: TitleCode


_LINE: dict[str, Any] = {
    "proposal_id": "dn-2024-lao-cai-co-tld",
    "recipient": {"kind": "unit", "id": "ldld-lao-cai"},
    "title": "co-tld",
}


@event(
    "awards.award-decision-issued.v1",
    aggregate="decision",
    public=True,
    example={
        "decision_id": "qd-tld-2025-212",
        "number": "212",
        "kind": "QĐ-TLĐ",
        "date": "2025-03-20",
        "signatory": "Chủ tịch Tổng Liên đoàn",
        "issuing_body": "tld",
        "list": [_LINE],
    },
)
class AwardDecisionIssued(Fact):
    """A decision with the number that the clerk gives: unique per body, year and kind; gaps are normal."""

    decision_id: DecisionId
    number: ShortText
    kind: ShortText
    """Kind of paper as in the register, e.g. ``QĐ-LĐLĐ``."""
    date: date
    signatory: ShortText
    issuing_body: UnitId
    """May be an outside body: then it is recorded from its paper."""
    list: Annotated[tuple[DecidedAward, ...], Field(min_length=1)]
    scan: ShortText | None = None


@event(
    "awards.award-conferred.v1",
    aggregate="award",
    public=True,
    example={
        "award_id": "kt-dn-2024-lao-cai-co-tld",
        "decision_id": "qd-tld-2025-212",
        **_LINE,
        "unit_id": "ldld-lao-cai",
        "award_type": "comprehensive",
        "year_id": "nam-2024",
        "year": 2024,
        "decision": {
            "number": "212/QĐ-TLĐ",
            "date": "2025-03-20",
            "issuer": "Tổng Liên đoàn Lao động Việt Nam",
            "signatory": "Chủ tịch Tổng Liên đoàn",
        },
        "issuing_body": "tld",
        "rule_set_id": "quy-che-khen-thuong-tld",
    },
)
class AwardConferred(Fact):
    """One award to one recipient, in the case of its proposal. From here on it is part of the history."""

    award_id: Identifier
    decision_id: DecisionId
    proposal_id: ProposalId
    recipient: Recipient
    unit_id: UnitId
    """The rewarded unit, or the unit of the rewarded person."""
    title: TitleCode
    award_type: AwardType
    year_id: YearId | None = None
    year: AwardYear
    decision: Paper
    issuing_body: UnitId
    rule_set_id: RuleSetId
