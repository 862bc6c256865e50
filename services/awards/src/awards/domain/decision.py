"""Decisions: who may decide which form, what must have gone before, and one award for each line of the list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from contracts.events.awards.councils import Recommendation
from contracts.events.awards.decisions import AwardConferred, AwardDecisionIssued, DecidedAward
from contracts.refusal import Refused
from contracts.values import Paper

from awards.domain.proposal import Proposal, Status
from awards.domain.rules import OUTSIDE, Form, Quota, Stage, StageKind


@dataclass(frozen=True, slots=True)
class Body:
    """The body that decides."""

    unit_id: str
    name: str
    level: str
    outside: bool

    @property
    def decides_as(self) -> str:
        return OUTSIDE if self.outside else self.level


@dataclass(frozen=True, slots=True)
class Case:
    """A proposal with what its decision needs to know."""

    proposal: Proposal
    form: Form
    """The form to be decided: the recommended one."""
    stage: Stage | None


@dataclass(frozen=True, slots=True)
class PaperNumber:
    """The number as the clerk gives it."""

    number: str
    kind: str
    date: date
    signatory: str
    scan: str | None = None

    @property
    def written(self) -> str:
        """``212/QĐ-TLĐ``; a number typed with its kind stays as typed."""
        return self.number if "/" in self.number else f"{self.number}/{self.kind}"


def decide(
    decision_id: str, body: Body, paper: PaperNumber, cases: tuple[Case, ...], used: Mapping[tuple[str, int], int]
) -> tuple[AwardDecisionIssued, tuple[AwardConferred, ...]]:
    """``used``: awards already counted per (proposal, number of the form's quota).

    Refused ``listed-twice``, ``not-before-this-body``, ``not-ready-for-decision``, ``no-favourable-conclusion``,
    ``form-of-other-level``, ``quota-exceeded``.
    """
    if len({case.proposal.proposal_id for case in cases}) != len(cases):
        raise Refused("listed-twice")
    for case in cases:
        _check(body, case)
    _check_quotas(cases, used)
    issued = AwardDecisionIssued(
        decision_id=decision_id,
        number=paper.number,
        kind=paper.kind,
        date=paper.date,
        signatory=paper.signatory,
        issuing_body=body.unit_id,
        list=tuple(
            DecidedAward(proposal_id=case.proposal.proposal_id, recipient=case.proposal.recipient, title=case.form.code)
            for case in cases
        ),
        scan=paper.scan,
    )
    on_paper = Paper(
        number=paper.written,
        date=paper.date,
        issuer=body.name,
        signatory=paper.signatory,
        scan=paper.scan,
    )
    return issued, tuple(_conferred(decision_id, body, on_paper, case) for case in cases)


def _check(body: Body, case: Case) -> None:
    proposal = case.proposal
    if proposal.body != body.unit_id:
        raise Refused("not-before-this-body", proposal=proposal.proposal_id, body=body.name)
    if body.decides_as not in case.form.decided_by:
        raise Refused("form-of-other-level", title=case.form.name, body=body.name)
    if body.outside:
        # An outside body has no login: its decision arrives on paper while the case counts as handed in there.
        proposal.must_be(Status.SUBMITTED)
        return
    proposal.must_be(Status.RECEIVED)
    if case.stage is None or case.stage.kind is not StageKind.SIGNATORY:
        at = case.stage.name if case.stage else "–"
        raise Refused("not-ready-for-decision", proposal=proposal.proposal_id, stage=at)
    if proposal.recommendation not in (Recommendation.APPROVE, Recommendation.OTHER_FORM):
        raise Refused("no-favourable-conclusion", proposal=proposal.proposal_id)


def quotas(case: Case) -> tuple[tuple[int, Quota], ...]:
    """The quotas of the form that count this case."""
    return tuple(
        (number, quota) for number, quota in enumerate(case.form.quotas) if case.proposal.award_type in quota.types
    )


def _check_quotas(cases: tuple[Case, ...], used: Mapping[tuple[str, int], int]) -> None:
    for case in cases:
        for number, quota in quotas(case):
            beside = sum(
                1
                for other in cases
                if other.form.code == case.form.code
                and other.proposal.year == case.proposal.year
                and other.proposal.award_type in quota.types
                and (not quota.per_proposer or other.proposal.proposed_by == case.proposal.proposed_by)
            )
            before = used.get((case.proposal.proposal_id, number), 0)
            if before + beside > quota.at_most:
                raise Refused(
                    "quota-exceeded",
                    title=case.form.name,
                    quota=quota.text,
                    at_most=quota.at_most,
                    decided=before,
                    listed=beside,
                )


def _conferred(decision_id: str, body: Body, paper: Paper, case: Case) -> AwardConferred:
    proposal = case.proposal
    return AwardConferred(
        award_id=proposal.proposal_id,
        decision_id=decision_id,
        proposal_id=proposal.proposal_id,
        recipient=proposal.recipient,
        unit_id=proposal.unit_id,
        title=case.form.code,
        award_type=proposal.award_type,
        year_id=proposal.year_id,
        year=proposal.year,
        decision=paper,
        issuing_body=body.unit_id,
        rule_set_id=proposal.rule_set_id,
    )
