"""What concerns whom of what scoring says."""

from __future__ import annotations

from contracts.events.scoring import (
    BallotClosed,
    BallotOpened,
    CouncilScored,
    EmulationAgreementSigned,
    RankingFinalized,
    RubricDrafted,
    RubricFrozen,
    RubricRevised,
    ScoreAppraised,
    ScoreFinalized,
    ScoreReviewAnswered,
    ScoreReviewRequested,
    YearEndConferenceConcluded,
)

from notify.domain.audience import desk, members, members_except, unit, voters
from notify.domain.rules import Rule

_RUBRIC = "rubric:{rubric_id}"
_CARD = "scorecard:{scorecard_id}"
_BALLOT = "ballot:{ballot_id}"
_THE_UNIT = unit("unit_id")
_CLUSTER = {"cluster": "cluster:cluster_id"}
_WHERE = {"unit": "unit:unit_id", **_CLUSTER}

RULES = (
    Rule(
        RubricDrafted, "rubric-drafted", (members_except("drafted_by_unit"),), _RUBRIC,
        {**_CLUSTER, "title": "text:title", "by": "unit:drafted_by_unit"},
    ),
    Rule(
        RubricRevised, "rubric-revised", (members_except("revised_by_unit"),), _RUBRIC,
        {"title": "text:title", "by": "unit:revised_by_unit", "reason": "text:reasons"},
    ),
    Rule(RubricFrozen, "rubric-frozen", (members,), _RUBRIC, _CLUSTER),
    Rule(
        EmulationAgreementSigned, "agreement-signed", (members,), "agreement:{agreement_id}",
        {**_CLUSTER, "date": "date:signed_on"},
    ),
    Rule(ScoreAppraised, "score-appraised", (_THE_UNIT,), _CARD, {**_WHERE, "by": "unit:appraiser_unit_id"}),
    Rule(CouncilScored, "council-scored", (_THE_UNIT,), _CARD, _WHERE),
    Rule(
        ScoreReviewRequested, "score-review-requested", (desk,), _CARD, {**_WHERE, "until": "instant:until"},
    ),
    Rule(ScoreReviewAnswered, "score-review-answered", (_THE_UNIT,), _CARD, _WHERE),
    Rule(ScoreFinalized, "score-finalized", (_THE_UNIT,), _CARD, {**_WHERE, "total": "text:total"}),
    Rule(BallotOpened, "ballot-opened", (voters,), _BALLOT, {**_CLUSTER, "title": "text:title"}),
    Rule(BallotClosed, "ballot-closed", (voters,), _BALLOT, {**_CLUSTER, "why": "text:why"}, email=False),
    Rule(RankingFinalized, "ranking-finalized", (members,), "ranking:{ranking_id}", _CLUSTER),
    Rule(
        YearEndConferenceConcluded, "conference-concluded", (members,), "conference:{conference_id}",
        {**_CLUSTER, "lead": "unit:next_lead_unit_id", "deputy": "unit:next_deputy_unit_id"},
    ),
)  # fmt: skip
