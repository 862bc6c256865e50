"""Scoring: tables of criteria, scorecards in layers, cluster ballots, rankings and year-end conferences."""

from __future__ import annotations

from pathlib import Path

from chassis.service import Service
from contracts.events.scoring import (
    BallotClosed,
    BallotCountRecorded,
    BallotOpened,
    CouncilScored,
    EmulationAgreementSigned,
    RankingFinalized,
    RubricAgreed,
    RubricCommented,
    RubricDrafted,
    RubricFrozen,
    RubricRevised,
    ScoreAppraised,
    ScoreFinalized,
    ScoreReviewAnswered,
    ScoreReviewRequested,
    VoteCast,
    YearEndConferenceConcluded,
)
from standing import may_operate

from scoring.adapters.apply import centre, own, registry
from scoring.domain.crossing import shows
from scoring.entrypoints import agreements, ballots, results, rubric_views, rubrics, scorecards
from scoring.entrypoints import centre as centre_views
from scoring.entrypoints.sight import sees_event

service = Service(
    name="scoring",
    title="Chấm điểm",
    publishes=[
        RubricDrafted,
        RubricCommented,
        RubricRevised,
        RubricAgreed,
        RubricFrozen,
        EmulationAgreementSigned,
        ScoreAppraised,
        CouncilScored,
        ScoreReviewRequested,
        ScoreReviewAnswered,
        ScoreFinalized,
        BallotOpened,
        VoteCast,
        BallotCountRecorded,
        BallotClosed,
        RankingFinalized,
        YearEndConferenceConcluded,
    ],
    own=own,
    follows=[registry],
    above=centre,
    shows=shows,
    routes=[
        rubrics.routes,
        rubric_views.routes,
        agreements.routes,
        scorecards.routes,
        ballots.routes,
        results.routes,
        centre_views.routes,
    ],
    messages=Path(__file__).with_name("messages.yaml"),
    examples=Path(__file__).with_name("examples.yaml"),
    locate={
        "rubric": "/rubrics/{id}",
        "agreement": "/agreements/{id}",
        "scorecard": "/scorecards/{id}",
        "ballot": "/ballots/{id}",
        "ranking": "/rankings/{id}",
        "conference": "/conferences/{id}",
    },
    may_operate=may_operate,
    sees=sees_event,
)
app = service.app()
