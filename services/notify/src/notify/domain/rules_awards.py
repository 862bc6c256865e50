"""What concerns whom of what awards says."""

from __future__ import annotations

from contracts.events.awards.councils import CouncilBallotClosed, CouncilBallotOpened, CouncilConclusionRecorded
from contracts.events.awards.decisions import AwardConferred
from contracts.events.awards.proposals import (
    AwardProposed,
    ConditionSettled,
    ProposalForwarded,
    ProposalReceived,
    ProposalRefused,
    ProposalResubmitted,
    ProposalReturned,
    ProposalSubmitted,
    ProposalWithdrawn,
)

from notify.domain.audience import council_voters, proposer, recipient, unit, where_it_stands
from notify.domain.rules import Rule

_PROPOSAL = "proposal:{proposal_id}"
_WHICH = {"who": "who:recipient", "award": "word:title", "proposer": "unit:proposed_by"}
_CASE = {"award": "word:title"}

RULES = (
    Rule(AwardProposed, "proposal-drafted", (proposer,), _PROPOSAL, _WHICH, when=lambda fact: fact.drafted),
    Rule(ProposalSubmitted, "proposal-arrived", (unit("receiving_unit"),), _PROPOSAL, _WHICH, email=False),
    Rule(ProposalResubmitted, "proposal-arrived", (unit("receiving_unit"),), _PROPOSAL, _WHICH, email=False),
    Rule(ProposalReceived, "proposal-received", (proposer,), _PROPOSAL, {**_WHICH, "body": "unit:body"}),
    Rule(
        ProposalForwarded, "proposal-forwarded", (proposer, recipient), _PROPOSAL,
        {**_WHICH, "body": "unit:to_body"}, when=lambda fact: fact.to_body != fact.from_body,
    ),
    Rule(
        ProposalForwarded, "proposal-arrived", (unit("to_body"),), _PROPOSAL, _WHICH, email=False,
        when=lambda fact: fact.to_body != fact.from_body,
    ),
    Rule(
        ProposalForwarded, "proposal-moved", (proposer,), _PROPOSAL,
        {**_WHICH, "body": "unit:to_body", "stage": "word:to_stage"}, email=False,
        when=lambda fact: fact.to_body == fact.from_body,
    ),
    Rule(
        ProposalReturned, "proposal-returned", (proposer, recipient), _PROPOSAL,
        {**_WHICH, "body": "unit:body", "reason": "text:reason"},
    ),
    Rule(
        ProposalRefused, "proposal-refused", (proposer, recipient), _PROPOSAL,
        {**_WHICH, "body": "unit:body", "reason": "text:reason"},
    ),
    Rule(
        ProposalWithdrawn, "proposal-withdrawn", (where_it_stands, recipient), _PROPOSAL,
        {**_WHICH, "reason": "text:reason"},
    ),
    Rule(
        ConditionSettled, "condition-settled", (proposer,), _PROPOSAL, {**_WHICH, "reason": "text:reason"}, email=False,
    ),
    Rule(CouncilBallotOpened, "council-ballot-opened", (council_voters,), _PROPOSAL, _CASE),
    Rule(CouncilBallotClosed, "council-ballot-closed", (council_voters,), _PROPOSAL, _CASE, email=False),
    Rule(
        CouncilConclusionRecorded, "council-concluded", (proposer,), _PROPOSAL,
        {**_CASE, "recommendation": "word:recommendation"}, each="conclusions",
    ),
    Rule(
        AwardConferred, "award-conferred", (recipient, unit("unit_id"), proposer), "award:{award_id}",
        {"who": "who:recipient", "award": "word:title", "body": "unit:issuing_body"},
    ),
)  # fmt: skip
