"""Take a proposal in, return it to be completed, refuse it; and withdraw it."""

from __future__ import annotations

from chassis.work import Work
from contracts.refusal import Refused

from awards.adapters import rule_sets
from awards.domain import proposal as deciding
from awards.handlers.cases import changing, need_proposer, need_receiver, outside, record, stages_at, unit


async def receive(work: Work, proposal_id: str, register_number: str | None) -> None:
    proposal = await changing(work, proposal_id)
    await need_receiver(work, proposal)
    body = await unit(work, proposal.body)
    if outside(body):
        raise Refused("body-without-login", body=body.name)
    _, stages = await stages_at(work.db, proposal, body)
    record(work, deciding.receive(proposal, stages, register_number), proposal)


async def send_back(work: Work, proposal_id: str, reason: str, asked_for: tuple[str, ...]) -> None:
    proposal = await changing(work, proposal_id)
    await need_receiver(work, proposal)
    rules = await rule_sets.by_id(work.db, proposal.rule_set_id)
    form = rules.form(proposal.title)
    assert form is not None
    record(work, deciding.send_back(proposal, rules.papers_of(form), reason, asked_for), proposal)


async def refuse(work: Work, proposal_id: str, rule: str, reason: str) -> None:
    proposal = await changing(work, proposal_id)
    await need_receiver(work, proposal)
    record(work, deciding.refuse(proposal, rule, reason), proposal)


async def withdraw(work: Work, proposal_id: str, reason: str) -> None:
    proposal = await changing(work, proposal_id)
    await need_proposer(work, proposal)
    record(work, deciding.withdraw(proposal, reason), proposal)
