"""The way of a proposal: stage by stage inside a body, then with a submission letter to the next body."""

from __future__ import annotations

from contracts.events.awards.councils import Recommendation
from contracts.events.awards.proposals import ProposalForwarded
from contracts.refusal import Refused
from contracts.values import Paper

from awards.domain.eligibility import counts_achievement
from awards.domain.proposal import Proposal, Status, check_considerable
from awards.domain.rules import Form, RequiredPaper, RuleSet, Stage, StageKind


def forward(
    proposal: Proposal,
    rules: RuleSet,
    stages: tuple[Stage, ...],
    to_body: str | None,
    letter: Paper | None,
    note: str | None,
) -> ProposalForwarded:
    """One step on. Without ``to_body`` to the next stage here; from the last stage to another body, with a letter.

    Refused ``not-eligible``, ``case-to-be-completed``, ``not-registered``, ``council-not-concluded``,
    ``council-recommends-refusal``, ``dossier-incomplete``, ``stages-not-passed``, ``last-stage-passed``,
    ``submission-letter-missing``.
    """
    proposal.must_be(Status.RECEIVED)
    check_considerable(proposal)
    number = next(nr for nr, stage in enumerate(stages) if stage.code == proposal.stage)
    here, left = stages[number], stages[number + 1 :]
    if here.kind is StageKind.COUNCIL:
        _check_concluded(proposal)
    form = rules.form(proposal.title)
    assert form is not None
    if to_body is None:
        if not left:
            raise Refused("last-stage-passed", proposal=proposal.proposal_id, stage=here.name)
        check_dossier(proposal, rules, form, stages, left[0])
        return _step(proposal, proposal.body, left[0].code, letter, note)
    if any(stage.kind is not StageKind.SIGNATORY for stage in left):
        raise Refused("stages-not-passed", proposal=proposal.proposal_id, left=", ".join(s.name for s in left))
    if letter is None:
        raise Refused("submission-letter-missing", proposal=proposal.proposal_id)
    check_dossier(proposal, rules, form, stages, stages[-1])
    return _step(proposal, to_body, None, letter, note)


def _step(
    proposal: Proposal, to_body: str, to_stage: str | None, letter: Paper | None, note: str | None
) -> ProposalForwarded:
    assert proposal.stage is not None
    return ProposalForwarded(
        **proposal.which,
        from_body=proposal.body,
        from_stage=proposal.stage,
        to_body=to_body,
        to_stage=to_stage,
        letter=letter,
        note=note,
    )


def _check_concluded(proposal: Proposal) -> None:
    if proposal.recommendation is None:
        raise Refused("council-not-concluded", proposal=proposal.proposal_id)
    if proposal.recommendation is Recommendation.REFUSE:
        raise Refused("council-recommends-refusal", proposal=proposal.proposal_id)


def papers_needed(
    proposal: Proposal, rules: RuleSet, form: Form, stages: tuple[Stage, ...], entering: Stage | None
) -> tuple[RequiredPaper, ...]:
    """Papers that must lie in the dossier before ``entering``; all of the form's when it is None."""
    codes = [stage.code for stage in stages]
    upto = set(codes if entering is None else codes[: codes.index(entering.code) + 1])
    achieved = counts_achievement(form, proposal.assessment)
    return tuple(
        paper for paper in rules.papers_of(form) if paper.before in upto and (achieved or not paper.if_achieved)
    )


def check_dossier(proposal: Proposal, rules: RuleSet, form: Form, stages: tuple[Stage, ...], entering: Stage) -> None:
    """Refused ``dossier-incomplete``, naming the papers that are missing."""
    missing = [
        paper for paper in papers_needed(proposal, rules, form, stages, entering) if paper.code not in proposal.dossier
    ]
    if missing:
        raise Refused(
            "dossier-incomplete",
            proposal=proposal.proposal_id,
            missing=", ".join(paper.name for paper in missing),
            papers=[paper.code for paper in missing],
        )
