"""Complete a case: settle an unknown condition with a paper, add a paper to the dossier, assess again."""

from __future__ import annotations

from chassis.work import Work
from contracts.events.awards.assessments import ConditionOutcome, SettledBy
from contracts.refusal import Refused
from contracts.values import Paper
from standing import Role, holds, need

from awards.adapters import proposals, rule_sets
from awards.domain import proposal as deciding
from awards.domain.eligibility import Settlement
from awards.domain.proposal import Proposal
from awards.handlers.assessing import Matter, assess_by
from awards.handlers.cases import PROPOSERS, changing, record

_SETTLERS = {Role.STANDING_OFFICE, Role.APPRAISER, Role.LEADER}


async def _need_either(work: Work, proposal: Proposal, at_body: set[Role], at_proposer: set[Role]) -> None:
    """People of the body where the case is, of the proposing unit, or of the unit that is proposed."""
    if await holds(work, at_body, proposal.body) or await holds(work, at_proposer, proposal.unit_id):
        return
    await need(work, at_proposer, proposal.proposed_by)


async def settle(
    work: Work, proposal_id: str, condition: str, outcome: ConditionOutcome, paper: Paper, reason: str
) -> None:
    """Only *met* or *not met* can be settled, by the standing office, an appraiser or a leader."""
    proposal = await changing(work, proposal_id)
    await _need_either(work, proposal, _SETTLERS, _SETTLERS)
    if outcome not in (ConditionOutcome.MET, ConditionOutcome.NOT_MET) or work.person is None:
        raise Refused("settle-yes-or-no", outcome=outcome.value)
    by = SettledBy(person_id=work.person, paper=paper, reason=reason)
    settled = {**await proposals.settlements(work.db, proposal_id), condition: Settlement(outcome, by)}
    rules = await rule_sets.by_id(work.db, proposal.rule_set_id)
    assessed = await assess_by(work.db, Matter.of(proposal), rules, settled)
    record(work, deciding.settle(proposal, condition, outcome, by, assessed.assessment), proposal)


async def add_paper(work: Work, proposal_id: str, item: str, name: str | None, paper: Paper, note: str | None) -> None:
    proposal = await changing(work, proposal_id)
    await _need_either(work, proposal, {Role.STANDING_OFFICE, Role.APPRAISER}, PROPOSERS)
    rules = await rule_sets.by_id(work.db, proposal.rule_set_id)
    form = rules.form(proposal.title)
    assert form is not None
    record(work, deciding.add_paper(proposal, rules.papers_of(form), item, name, paper, note), proposal)


async def reassess(work: Work, proposal_id: str, cause: str) -> None:
    """Assess again under the rules of the day of receipt, because something that counts has changed."""
    proposal = await changing(work, proposal_id)
    await _need_either(work, proposal, _SETTLERS, PROPOSERS)
    rules = await rule_sets.by_id(work.db, proposal.rule_set_id)
    assessed = await assess_by(work.db, Matter.of(proposal), rules)
    record(work, deciding.reassess(proposal, assessed.assessment, assessed.doubles, cause), proposal)
