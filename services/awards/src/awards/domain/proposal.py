"""An award proposal and what may happen to it: drawn up, handed in, taken in, returned, refused, withdrawn, settled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from contracts.events.awards.assessments import Assessment, CaseOutcome, ConditionOutcome, Double, SettledBy
from contracts.events.awards.councils import Recommendation
from contracts.events.awards.proposals import (
    AwardProposed,
    Basis,
    ConditionSettled,
    DossierItemAdded,
    EligibilityAssessed,
    ProposalReceived,
    ProposalRefused,
    ProposalResubmitted,
    ProposalReturned,
    ProposalSubmitted,
    ProposalWithdrawn,
    Share,
)
from contracts.events.awards.rules import AwardType, Channel, Track
from contracts.refusal import Refused
from contracts.values import Paper, Recipient

from awards.domain.eligibility import REGISTRATION, condition
from awards.domain.rules import RequiredPaper, Stage


class Status(StrEnum):
    DRAFTED = "drafted"
    SUBMITTED = "submitted"
    """Handed in to a body that has not taken it in yet."""
    RECEIVED = "received"
    RETURNED = "returned"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    DECIDED = "decided"


ENDED = (Status.REFUSED, Status.WITHDRAWN, Status.DECIDED)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal as it stands."""

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
    route: str | None
    basis: Basis
    shares: tuple[Share, ...]
    status: Status
    body: str
    """The body where it is, or will be once it is handed in."""
    stage: str | None
    sent_from: str
    """Who sent it to that body; speaks for a body without a login."""
    revision: int
    rule_set_id: str
    assessment: Assessment
    correlation: str
    dossier: frozenset[str] = frozenset()
    recommendation: Recommendation | None = None
    """Of the council of the body where it is."""
    recommended_title: str | None = None

    @property
    def which(self) -> dict[str, Any]:
        """The fields that every fact about it carries."""
        return {
            "proposal_id": self.proposal_id,
            "recipient": self.recipient,
            "unit_id": self.unit_id,
            "title": self.title,
            "proposed_by": self.proposed_by,
        }

    def must_be(self, *allowed: Status) -> None:
        """Refused ``proposal-not-in-that-state``."""
        if self.status not in allowed:
            raise Refused("proposal-not-in-that-state", proposal=self.proposal_id, status=self.status.value)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What somebody wants to propose."""

    proposal_id: str
    recipient: Recipient
    unit_id: str
    title: str
    year_id: str | None
    year: int
    award_type: AwardType
    track: Track
    channel: Channel
    proposed_by: str
    receiving_unit: str
    route: str | None
    basis: Basis
    shares: tuple[Share, ...] = ()


def propose(
    drawn: Drawn, day: date, assessment: Assessment, doubles: tuple[Double, ...], drafted: bool
) -> AwardProposed:
    """Draw up a proposal with a provisional assessment under the rules of that day."""
    return AwardProposed(
        proposal_id=drawn.proposal_id,
        recipient=drawn.recipient,
        unit_id=drawn.unit_id,
        title=drawn.title,
        proposed_by=drawn.proposed_by,
        year_id=drawn.year_id,
        year=drawn.year,
        award_type=drawn.award_type,
        track=drawn.track,
        channel=drawn.channel,
        receiving_unit=drawn.receiving_unit,
        route=drawn.route,
        basis=drawn.basis,
        shares=drawn.shares,
        drafted=drafted,
        day=day,
        rule_set_id=assessment.rule_set_id,
        assessment=assessment,
        doubles=doubles,
    )


def submit(
    proposal: Proposal, day: date, assessment: Assessment, doubles: tuple[Double, ...], letter: Paper | None
) -> ProposalSubmitted:
    """Hand it in for the first time; the day of receipt has chosen the rules of the assessment."""
    proposal.must_be(Status.DRAFTED)
    return ProposalSubmitted(
        **proposal.which,
        receiving_unit=proposal.body,
        revision=1,
        received=day,
        rule_set_id=assessment.rule_set_id,
        assessment=assessment,
        doubles=doubles,
        letter=letter,
    )


def resubmit(
    proposal: Proposal,
    day: date,
    assessment: Assessment,
    doubles: tuple[Double, ...],
    shares: tuple[Share, ...],
    changes: str,
    letter: Paper | None,
) -> ProposalResubmitted:
    """Send a returned proposal again, saying what was changed."""
    proposal.must_be(Status.RETURNED)
    return ProposalResubmitted(
        **proposal.which,
        receiving_unit=proposal.body,
        revision=proposal.revision + 1,
        received=day,
        rule_set_id=assessment.rule_set_id,
        assessment=assessment,
        doubles=doubles,
        shares=shares,
        changes=changes,
        letter=letter,
    )


def receive(proposal: Proposal, stages: tuple[Stage, ...], register_number: str | None) -> ProposalReceived:
    """Take it in at the first stage of the body. Refused ``no-path-for-case`` where the rules name no stages."""
    proposal.must_be(Status.SUBMITTED)
    if not stages:
        raise Refused("no-path-for-case", proposal=proposal.proposal_id, body=proposal.body)
    return ProposalReceived(**proposal.which, body=proposal.body, stage=stages[0].code, register_number=register_number)


def send_back(
    proposal: Proposal, papers: tuple[RequiredPaper, ...], reason: str, asked_for: tuple[str, ...]
) -> ProposalReturned:
    """Return it to the proposing unit. Refused ``unknown-paper`` for a paper that the form does not ask for."""
    proposal.must_be(Status.SUBMITTED, Status.RECEIVED)
    known = {paper.code for paper in papers}
    for code in asked_for:
        if code not in known:
            raise Refused("unknown-paper", paper=code)
    return ProposalReturned(
        **proposal.which, body=proposal.body, stage=proposal.stage, reason=reason, asked_for=asked_for
    )


def refuse(proposal: Proposal, rule: str, reason: str) -> ProposalRefused:
    proposal.must_be(Status.DRAFTED, Status.SUBMITTED, Status.RECEIVED, Status.RETURNED)
    return ProposalRefused(**proposal.which, body=proposal.body, rule=rule, reason=reason)


def withdraw(proposal: Proposal, reason: str) -> ProposalWithdrawn:
    proposal.must_be(Status.DRAFTED, Status.SUBMITTED, Status.RECEIVED, Status.RETURNED)
    return ProposalWithdrawn(**proposal.which, reason=reason)


def reassess(
    proposal: Proposal, assessment: Assessment, doubles: tuple[Double, ...], cause: str
) -> EligibilityAssessed:
    """Assess again; Refused ``nothing-changed`` when the answer is the same to the letter."""
    proposal.must_be(Status.DRAFTED, Status.SUBMITTED, Status.RECEIVED, Status.RETURNED)
    if assessment == proposal.assessment:
        raise Refused("nothing-changed", proposal=proposal.proposal_id)
    return EligibilityAssessed(**proposal.which, cause=cause, assessment=assessment, doubles=doubles)


def settle(
    proposal: Proposal, code: str, outcome: ConditionOutcome, by: SettledBy, settled: Assessment
) -> ConditionSettled:
    """Settle with a paper what the history leaves unknown; ``settled`` is the assessment with it counted.

    Refused ``condition-not-unknown`` where the record itself answers, ``settle-a-part`` for a condition with parts.
    """
    proposal.must_be(Status.DRAFTED, Status.SUBMITTED, Status.RECEIVED, Status.RETURNED)
    before = condition(proposal.assessment, code)
    after = condition(settled, code)
    if before.computed is not ConditionOutcome.UNKNOWN or after.computed is not ConditionOutcome.UNKNOWN:
        raise Refused("condition-not-unknown", condition=before.text, outcome=before.computed.value)
    if after.settled_by is None:
        raise Refused("settle-a-part", condition=before.text)
    return ConditionSettled(
        **proposal.which,
        condition=code,
        computed=before.computed,
        outcome=outcome,
        by=by.person_id,
        paper=by.paper,
        reason=by.reason,
        assessment=settled,
    )


def add_paper(
    proposal: Proposal, papers: tuple[RequiredPaper, ...], item: str, name: str | None, paper: Paper, note: str | None
) -> DossierItemAdded:
    """Put a paper into the dossier. One that the form does not ask for needs a name: Refused ``paper-without-name``."""
    proposal.must_be(Status.DRAFTED, Status.SUBMITTED, Status.RECEIVED, Status.RETURNED)
    asked = next((one.name for one in papers if one.code == item), name)
    if asked is None:
        raise Refused("paper-without-name", paper=item)
    return DossierItemAdded(**proposal.which, item=item, name=asked, paper=paper, note=note)


def check_considerable(proposal: Proposal) -> None:
    """Only a case that is eligible or for the council to judge goes on; what came in is kept either way.

    Refused ``not-registered``, ``not-eligible`` or ``case-to-be-completed``, saying what is missing.
    """
    for one in proposal.assessment.general:
        if one.code == REGISTRATION and one.outcome is ConditionOutcome.NOT_MET:
            raise Refused("not-registered", proposal=proposal.proposal_id, year=proposal.year, rule_text=one.text)
    outcome = proposal.assessment.outcome
    if outcome in (CaseOutcome.ELIGIBLE, CaseOutcome.FOR_COUNCIL):
        return
    wanted = ConditionOutcome.NOT_MET if outcome is CaseOutcome.NOT_ELIGIBLE else ConditionOutcome.UNKNOWN
    everything = [
        *proposal.assessment.general,
        *(one for route in proposal.assessment.routes for one in route.conditions),
    ]
    told = "; ".join(one.missing or one.text for one in everything if one.outcome is wanted)
    rule = "not-eligible" if outcome is CaseOutcome.NOT_ELIGIBLE else "case-to-be-completed"
    raise Refused(rule, proposal=proposal.proposal_id, why=told)
