"""A council's ballot on one case: opened with all fixed, cast or counted, closed with its figures."""

from __future__ import annotations

from ballots.counts import HandsCount, PaperCount
from chassis.work import Work
from contracts.events.awards.councils import CouncilBallotWay, CouncilChoice
from contracts.refusal import Refused
from contracts.values import Paper
from standing import need

from awards.adapters import councils, proposals
from awards.adapters.jsonb import row
from awards.adapters.sight import check_not_recused
from awards.domain import council as deciding
from awards.handlers.assessing import day_of
from awards.handlers.cases import stages_at, unit
from awards.handlers.councils import OFFICE, case_subject


async def open_ballot(
    work: Work,
    council_id: str,
    ballot_id: str | None,
    proposal_id: str,
    title: str | None,
    way: CouncilBallotWay,
    acknowledged: bool,
) -> None:
    """Refused also ``ballot-opened`` while another on the case is open, ``form-not-in-rule-set`` for another form."""
    council = await councils.load(work.db, council_id)
    await need(work, OFFICE, council.unit_id)
    await check_not_recused(work, proposal_id)
    proposal = await proposals.load(work.db, proposal_id)
    await work.guard(f"proposal:{proposal_id}")
    await work.guard(f"council:{council_id}")
    await work.guard(case_subject(council_id, proposal_id))
    rules, stages = await stages_at(work.db, proposal, await unit(work, proposal.body))
    stage = next((stage for stage in stages if stage.code == proposal.stage), None)
    deciding.check_before_council(council, proposal, stage, day_of(work.act.made))
    if any(ballot["result"] is None for ballot in await councils.ballots_of(work.db, council_id, proposal_id)):
        raise Refused("ballot-opened", proposal=proposal_id)
    voted_on = title or proposal.title
    if rules.form(voted_on) is None:
        raise Refused("form-not-in-rule-set", title=voted_on, rule_set=rules.name)
    of = ballot_id or work.new_id()
    if await row(work.db, "SELECT 1 AS yes FROM council_ballot WHERE ballot_id = :id", id=of):
        raise Refused("id-taken", kind="cuộc bỏ phiếu", id=of)
    recused = await councils.recused(work.db, council_id, proposal_id)
    fact = deciding.open_ballot(council, proposal, of, voted_on, way, recused, acknowledged)
    work.record(fact, f"council-ballot:{of}", case_subject(council_id, proposal_id), correlation=proposal.correlation)


async def _ballot(work: Work, ballot_id: str) -> tuple[deciding.Ballot, str]:
    """The ballot, and the thread of the case it belongs to."""
    ballot = await councils.ballot(work.db, ballot_id)
    proposal = await proposals.load(work.db, ballot.proposal_id)
    return ballot, proposal.correlation


async def cast(work: Work, ballot_id: str, choice: CouncilChoice) -> None:
    """The member's own vote. Votes do not carry If-Match: members vote at the same time."""
    ballot, case = await _ballot(work, ballot_id)
    if work.person is None:
        raise Refused("not-a-voter", voter="–")
    fact = deciding.cast(ballot, work.person, choice)
    await work.guard(f"council-ballot:{ballot_id}")
    work.act_as(whose=f"person:{work.person}")
    work.record(fact, f"council-ballot:{ballot_id}", correlation=case)


async def record_count(
    work: Work, ballot_id: str, counted: PaperCount | HandsCount, tellers: tuple[str, ...], minutes: Paper
) -> None:
    ballot, case = await _ballot(work, ballot_id)
    await check_not_recused(work, ballot.proposal_id)
    council = await councils.load(work.db, ballot.council_id)
    await need(work, OFFICE, council.unit_id)
    await work.expect(f"council-ballot:{ballot_id}")
    fact = deciding.record_count(ballot, counted, tellers, minutes)
    work.record(fact, f"council-ballot:{ballot_id}", correlation=case)


async def close(work: Work, ballot_id: str, present: int | None) -> None:
    ballot, case = await _ballot(work, ballot_id)
    await check_not_recused(work, ballot.proposal_id)
    council = await councils.load(work.db, ballot.council_id)
    await need(work, OFFICE, council.unit_id)
    await work.expect(f"council-ballot:{ballot_id}")
    fact = deciding.close(ballot, present, day_of(work.act.made))
    work.record(
        fact, f"council-ballot:{ballot_id}", case_subject(ballot.council_id, ballot.proposal_id), correlation=case
    )
