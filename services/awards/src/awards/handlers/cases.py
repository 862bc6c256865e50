"""What every use case on a proposal begins with: load it, see that the person may act on it, name its parts."""

from __future__ import annotations

from chassis.work import Work
from contracts.events.registry.units import UnitKind
from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection
from standing import Role, UnitRow, holds, need, unit_on
from standing.rights import today

from awards.adapters import proposals, rule_sets
from awards.adapters.sight import check_not_recused
from awards.domain.proposal import Proposal
from awards.domain.rules import RuleSet, Stage

PROPOSERS = {Role.OFFICER, Role.LEADER, Role.STANDING_OFFICE}
RECEIVERS = {Role.STANDING_OFFICE, Role.LEADER}


async def changing(work: Work, proposal_id: str) -> Proposal:
    """An existing proposal about to be changed: seen by this person, in the version that If-Match names."""
    await check_not_recused(work, proposal_id)
    proposal = await proposals.load(work.db, proposal_id)
    await work.expect(f"proposal:{proposal_id}")
    return proposal


def record(work: Work, fact: object, proposal: Proposal, *subjects: str) -> None:
    """Record a fact about a proposal in its case."""
    work.record(fact, f"proposal:{proposal.proposal_id}", *subjects, correlation=proposal.correlation)  # type: ignore[arg-type]


async def need_proposer(work: Work, proposal: Proposal) -> None:
    """The proposing unit, or the unit that is proposed."""
    if not await holds(work, PROPOSERS, proposal.unit_id):
        await need(work, PROPOSERS, proposal.proposed_by)


async def need_receiver(work: Work, proposal: Proposal) -> None:
    """The body where the case is; for a body without a login, whoever sent it there and holds its answer on paper."""
    body = await unit(work, proposal.body)
    await need(work, RECEIVERS, proposal.sent_from if outside(body) else proposal.body)


async def unit(work: Work, unit_id: str) -> UnitRow:
    """A unit as it is today. Raises ``unknown-unit``."""
    found = await unit_on(work.db, unit_id, today(work))
    if found is None:
        raise Refused("unknown-unit", unit=unit_id)
    return found


def outside(body: UnitRow) -> bool:
    return body.kind == UnitKind.OUTSIDE_BODY.value


async def stages_at(db: AsyncConnection, proposal: Proposal, body: UnitRow) -> tuple[RuleSet, tuple[Stage, ...]]:
    """The rules of the case and the stages it passes in a body."""
    rules = await rule_sets.by_id(db, proposal.rule_set_id)
    return rules, rules.stages_of(proposal.channel, proposal.track, body.level)
