"""What awards shows: the shapes of its answers, read from rows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from contracts.events.awards.assessments import Assessment, CaseOutcome, Double
from contracts.events.awards.councils import (
    CouncilBallotClosed,
    CouncilBallotOpened,
    CouncilBallotWay,
    CouncilCountRecorded,
    CouncilMember,
    Recommendation,
    VotePart,
)
from contracts.events.awards.proposals import Basis, Share
from contracts.events.awards.rules import AwardType, Channel, Track
from contracts.values import Means, Paper, Recipient, Threshold
from pydantic import BaseModel, Field

from awards.domain.proposal import Status


class RuleSetView(BaseModel):
    rule_set_id: str
    name: str
    issuer: str
    issuing_unit: str | None
    legal_basis: str
    starts: date
    ends: date | None = Field(description="First day on which it no longer holds.")
    hash: str
    forms: dict[str, str] = Field(description="Names of its titles and forms by code.")


class RuleSetWhole(RuleSetView):
    rules: dict[str, Any] = Field(description="The whole rule set as data.")


class HeldView(BaseModel):
    title: str
    year: int
    decision: Paper
    source: str
    event_id: str


class AchievementView(BaseModel):
    achievement_id: str
    kind: str
    scope: str
    year: int
    applied: bool
    name: str
    paper: Paper
    source: str


class LookedView(BaseModel):
    since: int | None = Field(description="None: from the beginning.")
    until: int
    paper: Paper


class HistoryView(BaseModel):
    recipient: Recipient
    awards: list[HeldView]
    achievements: list[AchievementView]
    looked_through: list[LookedView] = Field(description="Years for which nothing is missing.")


class PaperView(BaseModel):
    item: str
    name: str
    paper: Paper
    note: str | None


class NeededPaper(BaseModel):
    item: str
    name: str
    before: str = Field(description="Stage before which it must be there.")
    there: bool


class StepView(BaseModel):
    type: str
    at: datetime
    received: datetime
    typed_by: str
    means: Means
    body: str | None
    stage: str | None
    told: str | None
    paper: Paper | None


class ConclusionView(BaseModel):
    council_id: str
    recommendation: Recommendation
    title: str
    ballot_id: str | None
    reason: str | None
    minutes: Paper


class ProposalView(BaseModel):
    proposal_id: str
    recipient: Recipient
    unit_id: str
    title: str
    proposed_by: str
    year_id: str | None
    year: int
    award_type: AwardType
    track: Track
    channel: Channel
    basis: Basis
    drafted: bool = Field(description="Drafted by the system from a final ranking.")
    status: Status
    body: str = Field(description="The body where it is, or will be once it is handed in.")
    stage: str | None
    revision: int
    received: date | None = Field(description="Day of receipt, which chose the rule set.")
    rule_set_id: str
    outcome: CaseOutcome
    recommendation: Recommendation | None
    recommended_title: str | None
    why: str | None = Field(description="Reason of the last return, refusal or withdrawal.")
    rule: str | None
    decision_id: str | None
    case: str = Field(description="Correlation id of its journey.")


class ProposalWhole(ProposalView):
    route: str | None
    shares: list[Share]
    assessment: Assessment
    doubles: list[Double]
    dossier: list[PaperView]
    needed: list[NeededPaper]
    way: list[StepView]
    conclusions: list[ConclusionView]


def proposal(found: dict[str, Any]) -> dict[str, Any]:
    """The fields of a proposal's view from its row."""
    return {
        **found,
        "recipient": {"kind": found["recipient_kind"], "id": found["recipient_id"]},
        "case": found["correlation"],
    }


class CouncilView(BaseModel):
    council_id: str
    unit_id: str
    name: str
    track: Track
    threshold: Threshold
    threshold_words: str
    thresholds: dict[str, Threshold]
    starts: date
    ends: date | None
    decision: Paper
    members: list[CouncilMember]


class ReachabilityView(BaseModel):
    """Said before a ballot opens."""

    reachable: bool
    needed: int | None = Field(description="Fewest votes in favour that suffice when all who may vote do so.")
    quorum: VotePart
    approval: VotePart
    threshold: Threshold
    threshold_words: str
    recused: int


class BallotView(BaseModel):
    ballot_id: str
    council_id: str
    proposal_id: str
    title: str
    way: CouncilBallotWay
    opened: CouncilBallotOpened
    threshold_words: str
    votes: dict[str, str] = Field(description="Open votes by person.")
    counted: CouncilCountRecorded | None
    result: CouncilBallotClosed | None


class DecisionLine(BaseModel):
    award_id: str
    proposal_id: str
    recipient: Recipient
    title: str
    year: int


class DecisionView(BaseModel):
    decision_id: str
    issuing_body: str
    number: str
    kind: str
    date: date
    signatory: str
    scan: str | None
    awards: list[DecisionLine]
