"""Move a proposal one step on: to the next stage here, or with a submission letter to the next body."""

from __future__ import annotations

from chassis.work import Work
from contracts.events.awards.rules import Channel
from contracts.refusal import Refused
from contracts.values import Paper
from standing import Role, UnitRow, need

from awards.domain import path
from awards.domain.proposal import Proposal, Status
from awards.domain.rules import StageRole
from awards.handlers.cases import changing, outside, record, stages_at, unit

_ROLES = {StageRole.STANDING_OFFICE: Role.STANDING_OFFICE, StageRole.LEADER: Role.LEADER}


async def forward(work: Work, proposal_id: str, to_body: str | None, letter: Paper | None, note: str | None) -> None:
    proposal = await changing(work, proposal_id)
    proposal.must_be(Status.RECEIVED)
    body = await unit(work, proposal.body)
    rules, stages = await stages_at(work.db, proposal, body)
    here = next(stage for stage in stages if stage.code == proposal.stage)
    await need(work, _ROLES[here.role], proposal.body)
    if to_body is not None:
        _check_next(proposal, body, await unit(work, to_body))
    record(work, path.forward(proposal, rules, stages, to_body, letter, note), proposal)


def _check_next(proposal: Proposal, body: UnitRow, to: UnitRow) -> None:
    """Upwards to the union above, or over the authority to a body outside the union."""
    upwards = to.unit_id == body.parent_id
    beside = proposal.channel is Channel.AUTHORITY and outside(to)
    if not (upwards or beside):
        raise Refused("not-the-next-body", body=to.name)
