"""Issue a decision with the clerk's number: the list, and one award for each recipient on it."""

from __future__ import annotations

from chassis.work import Work
from contracts.refusal import Refused
from standing import Role, need

from awards.adapters import decisions, proposals
from awards.adapters.jsonb import row
from awards.adapters.sight import check_not_recused
from awards.domain.decision import Body, Case, PaperNumber, decide, quotas
from awards.domain.rules import Form, RuleSet
from awards.handlers.cases import outside, stages_at, unit

_NUMBERERS = {Role.CLERK, Role.LEADER, Role.STANDING_OFFICE}


async def issue(
    work: Work, decision_id: str | None, issuing_body: str, paper: PaperNumber, proposal_ids: tuple[str, ...]
) -> None:
    """For a body without a login, by whoever sent the cases there. Refused also ``number-taken``."""
    of = decision_id or work.new_id()
    if await row(work.db, "SELECT 1 AS yes FROM decision WHERE decision_id = :id", id=of):
        raise Refused("id-taken", kind="quyết định", id=of)
    found = await unit(work, issuing_body)
    body = Body(found.unit_id, found.name, found.level, outside(found))
    if not body.outside:
        await need(work, _NUMBERERS, issuing_body)
    cases = []
    for proposal_id in proposal_ids:
        cases.append(await _case(work, body, proposal_id))
    taken = await decisions.number_taken(work.db, issuing_body, paper.date, paper.kind, paper.number)
    if taken is not None:
        raise Refused(
            "number-taken", number=paper.number, kind=paper.kind, year=paper.date.year, body=body.name, decision=taken
        )
    counted = tuple(cases)
    shared = sorted({f"quota:{case.form.code}.{case.proposal.year}" for case in counted if quotas(case)})
    for subject in shared:
        await work.guard(subject)
    used = await decisions.used_quotas(work.db, issuing_body, counted)
    issued, conferred = decide(of, body, paper, counted, used)
    work.record(issued, f"decision:{of}", *shared)
    for case, award in zip(counted, conferred, strict=True):
        work.record(
            award,
            f"award:{award.award_id}",
            f"proposal:{case.proposal.proposal_id}",
            correlation=case.proposal.correlation,
        )


async def _case(work: Work, body: Body, proposal_id: str) -> Case:
    await check_not_recused(work, proposal_id)
    await work.guard(f"proposal:{proposal_id}")
    proposal = await proposals.load(work.db, proposal_id)
    if body.outside:
        await need(work, _NUMBERERS, proposal.sent_from)
    rules, stages = await stages_at(work.db, proposal, await unit(work, proposal.body))
    stage = next((stage for stage in stages if stage.code == proposal.stage), None)
    return Case(proposal, _form(rules, proposal.recommended_title or proposal.title), stage)


def _form(rules: RuleSet, title: str) -> Form:
    form = rules.form(title)
    if form is None:
        raise Refused("form-not-in-rule-set", title=title, rule_set=rules.name)
    return form
