"""Hand in a proposal, or send a returned one again: the day of receipt decides which rule set applies."""

from __future__ import annotations

from chassis.work import Work
from contracts.events.awards.proposals import Share
from contracts.values import Paper

from awards.domain import proposal as deciding
from awards.handlers.assessing import Matter, assess_on, day_of
from awards.handlers.cases import changing, need_proposer, record


async def submit(work: Work, proposal_id: str, letter: Paper | None) -> None:
    proposal = await changing(work, proposal_id)
    await need_proposer(work, proposal)
    proposal.must_be(deciding.Status.DRAFTED)
    day = day_of(work.act.received)
    assessed = await assess_on(work.db, Matter.of(proposal), day)
    record(work, deciding.submit(proposal, day, assessed.assessment, assessed.doubles, letter), proposal)


async def resubmit(work: Work, proposal_id: str, changes: str, shares: tuple[Share, ...], letter: Paper | None) -> None:
    proposal = await changing(work, proposal_id)
    await need_proposer(work, proposal)
    proposal.must_be(deciding.Status.RETURNED)
    day = day_of(work.act.received)
    # New figures replace those of the same code; the others stand.
    renewed = {share.code for share in shares}
    merged = (*(share for share in proposal.shares if share.code not in renewed), *shares)
    assessed = await assess_on(work.db, Matter.of(proposal, merged), day)
    fact = deciding.resubmit(
        proposal, day, assessed.assessment, assessed.doubles, merged if shares else (), changes, letter
    )
    record(work, fact, proposal)
