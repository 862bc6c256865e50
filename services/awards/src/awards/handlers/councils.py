"""Form a council, record who is recused, and record what it concludes."""

from __future__ import annotations

from chassis.work import Work
from contracts.events.awards.councils import Conclusion, CouncilConclusionRecorded, CouncilFormed, CouncilMember
from contracts.events.awards.rules import Track
from contracts.refusal import Refused
from contracts.values import Paper, Period, Threshold
from standing import Role, need

from awards.adapters import councils, proposals
from awards.adapters.sight import check_not_recused
from awards.domain import council as deciding
from awards.handlers.assessing import day_of
from awards.handlers.cases import stages_at, unit

OFFICE = {Role.STANDING_OFFICE, Role.LEADER}


def case_subject(council_id: str, proposal_id: str) -> str:
    """What a recusal and a ballot on a case contend for: once opened, its voters are fixed."""
    return f"council-case:{council_id}.{proposal_id}"


async def form(
    work: Work,
    council_id: str | None,
    unit_id: str,
    name: str,
    track: Track,
    members: tuple[CouncilMember, ...],
    threshold: Threshold,
    thresholds: dict[str, Threshold],
    in_office: Period,
    decision: Paper,
) -> None:
    """A council of a body; formed again under its id, it replaces itself. Refused ``seated-twice``."""
    of = council_id or work.new_id()
    await need(work, OFFICE, unit_id)
    await unit(work, unit_id)
    if await councils.exists(work.db, of):
        known = await councils.load(work.db, of)
        await need(work, OFFICE, known.unit_id)
        await work.expect(f"council:{of}")
    if len({member.person_id for member in members}) != len(members):
        raise Refused("seated-twice", council=name)
    fact = CouncilFormed(
        council_id=of,
        unit_id=unit_id,
        name=name,
        track=track,
        members=members,
        threshold=threshold,
        thresholds=thresholds,
        in_office=in_office,
        decision=decision,
    )
    work.record(fact, f"council:{of}")


async def recuse(work: Work, council_id: str, proposal_id: str, person_id: str, reason: str) -> None:
    """Declared by the member, or by the standing office for the member."""
    await check_not_recused(work, proposal_id)
    council = await councils.load(work.db, council_id)
    if work.person != person_id:
        await need(work, OFFICE, council.unit_id)
    proposal = await proposals.load(work.db, proposal_id)
    await work.guard(case_subject(council_id, proposal_id))
    if person_id in await councils.recused(work.db, council_id, proposal_id):
        raise Refused("already-recused", person=person_id)
    opened = await councils.ballots_of(work.db, council_id, proposal_id)
    fact = deciding.recuse(council, proposal, person_id, reason, ballot_opened=bool(opened))
    work.record(fact, case_subject(council_id, proposal_id), correlation=proposal.correlation)


async def conclude(work: Work, council_id: str, conclusions: tuple[Conclusion, ...], minutes: Paper) -> None:
    """The minutes of a meeting: what the council recommends, case by case."""
    council = await councils.load(work.db, council_id)
    await need(work, OFFICE, council.unit_id)
    subjects = []
    for one in conclusions:
        await check_not_recused(work, one.proposal_id)
        subject = f"proposal:{one.proposal_id}"
        if subject in subjects:
            raise Refused("listed-twice")
        subjects.append(subject)
        await work.guard(subject)
        proposal = await proposals.load(work.db, one.proposal_id)
        _, stages = await stages_at(work.db, proposal, await unit(work, proposal.body))
        stage = next((stage for stage in stages if stage.code == proposal.stage), None)
        deciding.check_before_council(council, proposal, stage, day_of(work.act.made))
        ballot = await councils.ballot(work.db, one.ballot_id) if one.ballot_id is not None else None
        deciding.check_conclusion(proposal, one, ballot)
    fact = CouncilConclusionRecorded(
        council_id=council_id, unit_id=council.unit_id, conclusions=conclusions, minutes=minutes
    )
    # One case alone keeps its thread; minutes over several are a case of their own.
    single = (await proposals.load(work.db, conclusions[0].proposal_id)).correlation if len(conclusions) == 1 else None
    work.record(fact, f"council:{council_id}", *subjects, correlation=single)
