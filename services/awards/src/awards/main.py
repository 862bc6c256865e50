"""Awards as a table of contents: what it publishes, follows, reacts to and serves (``uvicorn awards.main:app``)."""

from __future__ import annotations

from pathlib import Path

from chassis.reactions import Reaction
from chassis.service import Service
from contracts.events.awards.councils import (
    CouncilBallotClosed,
    CouncilBallotOpened,
    CouncilConclusionRecorded,
    CouncilCountRecorded,
    CouncilFormed,
    CouncilMemberRecused,
    CouncilVoteCast,
)
from contracts.events.awards.decisions import AwardConferred, AwardDecisionIssued
from contracts.events.awards.history import AchievementRecorded, AwardHistoryRecorded, HistoryDeclaredComplete
from contracts.events.awards.proposals import (
    AwardProposed,
    ConditionSettled,
    DossierItemAdded,
    EligibilityAssessed,
    ProposalForwarded,
    ProposalReceived,
    ProposalRefused,
    ProposalResubmitted,
    ProposalReturned,
    ProposalSubmitted,
    ProposalWithdrawn,
)
from contracts.events.awards.rules import RegistrationTestSet, RuleSetEnacted
from contracts.events.scoring import RankingFinalized
from standing import may_operate

from awards.adapters.apply import own
from awards.adapters.follow_centre import from_centre
from awards.adapters.follow_registry import from_registry
from awards.adapters.follow_scoring import from_scoring
from awards.adapters.sight import sees
from awards.domain.crossing import shows
from awards.entrypoints.http import ROUTES
from awards.handlers.draft_from_ranking import draft_proposals

service = Service(
    name="awards",
    title="Khen thưởng",
    publishes=[
        RuleSetEnacted,
        RegistrationTestSet,
        AwardHistoryRecorded,
        AchievementRecorded,
        HistoryDeclaredComplete,
        AwardProposed,
        ProposalSubmitted,
        ProposalResubmitted,
        ProposalReceived,
        ProposalForwarded,
        ProposalReturned,
        ProposalRefused,
        ProposalWithdrawn,
        EligibilityAssessed,
        ConditionSettled,
        DossierItemAdded,
        CouncilFormed,
        CouncilMemberRecused,
        CouncilBallotOpened,
        CouncilVoteCast,
        CouncilCountRecorded,
        CouncilBallotClosed,
        CouncilConclusionRecorded,
        AwardDecisionIssued,
        AwardConferred,
    ],
    own=own,
    follows=[from_registry, from_scoring],
    above=from_centre,
    shows=shows,
    reactions=[Reaction("draft-from-ranking", RankingFinalized, draft_proposals)],
    routes=ROUTES,
    messages=Path(__file__).parent / "messages.yaml",
    examples=Path(__file__).parent / "examples.yaml",
    locate={
        "rule-set": "/rule-sets/{id}",
        "proposal": "/proposals/{id}",
        "council": "/councils/{id}",
        "council-ballot": "/ballots/{id}",
        "decision": "/decisions/{id}",
    },
    may_operate=may_operate,
    sees=sees,
)

app = service.app()
