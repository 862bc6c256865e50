"""The answer for one recipient, title and year: every condition over the alternative routes, one of which suffices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contracts.events.awards.assessments import (
    Assessment,
    CaseOutcome,
    ConditionAnswer,
    ConditionOutcome,
    Counted,
    RouteAnswer,
    SettledBy,
)
from contracts.events.awards.rules import AwardType
from contracts.refusal import Refused

from awards.domain.conditions import FOR_COUNCIL, MET, NOT_MET, UNKNOWN, best, check, worst
from awards.domain.record import Record, Registered
from awards.domain.rule_conditions import Condition
from awards.domain.rules import EXEMPT, Form, RuleSet

REGISTRATION = "dang-ky"
"""Code of the registration condition, which the engine adds by itself."""

_CASE = {
    MET: CaseOutcome.ELIGIBLE,
    NOT_MET: CaseOutcome.NOT_ELIGIBLE,
    UNKNOWN: CaseOutcome.TO_BE_COMPLETED,
    FOR_COUNCIL: CaseOutcome.FOR_COUNCIL,
}


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a person settled with a paper."""

    outcome: ConditionOutcome
    by: SettledBy


Settlements = Mapping[str, Settlement]


def assess(
    rules: RuleSet,
    title: str,
    award_type: AwardType,
    record: Record,
    year: int,
    *,
    settlements: Settlements | None = None,
    route: str | None = None,
) -> Assessment:
    """Refused ``form-not-in-rule-set``, ``no-route-for-case`` or ``unknown-route``."""
    form = rules.form(title)
    if form is None:
        raise Refused("form-not-in-rule-set", title=title, rule_set=rules.name)
    routes = form.routes_for(record.recipient.kind, award_type)
    if not routes:
        raise Refused(
            "no-route-for-case", title=form.name, award_type=award_type.value, subject=record.recipient.kind.value
        )
    if route is not None:
        routes = tuple(one for one in routes if one.code == route)
        if not routes:
            raise Refused("unknown-route", title=form.name, route=route)
    settled = settlements or {}
    general = list(_registration(rules, award_type, record, settled))
    general += _answers("chung", form.general, record, year, rules, settled)
    answered = []
    for one in routes:
        conditions = tuple(_answers(one.code, one.conditions, record, year, rules, settled))
        answered.append(
            RouteAnswer(route=one.code, name=one.name, outcome=_top(one.code, conditions), conditions=conditions)
        )
    outcome = worst([_top("chung", general), _top_registration(general), best(one.outcome for one in answered)])
    return Assessment(
        rule_set_id=rules.rule_set,
        rules_hash=rules.hash,
        title=title,
        year=year,
        outcome=_CASE[outcome],
        general=tuple(general),
        routes=tuple(answered),
    )


def _answers(
    prefix: str,
    conditions: tuple[Condition, ...],
    record: Record,
    year: int,
    rules: RuleSet,
    settled: Settlements,
) -> Iterable[ConditionAnswer]:
    for number, condition in enumerate(conditions, start=1):
        code = f"{prefix}.{number}"
        if not condition.parts:
            said = check(condition, record, year, rules)
            yield _settled(code, condition.text, said.outcome, said.counted, said.missing, settled)
            continue
        parts = tuple(_answers(code, condition.parts, record, year, rules, settled))
        direct = [part for part in parts if part.code.rpartition(".")[0] == code]
        join = best if condition.any else worst
        outcome, computed = join(part.outcome for part in direct), join(part.computed for part in direct)
        yield ConditionAnswer(code=code, text=condition.text, outcome=outcome, computed=computed)
        yield from parts


def _settled(
    code: str,
    text: str,
    computed: ConditionOutcome,
    counted: tuple[Counted, ...],
    missing: str | None,
    settled: Settlements,
) -> ConditionAnswer:
    """A paper stands where the history says nothing; the answer names both."""
    settlement = settled.get(code)
    outcome = settlement.outcome if settlement is not None and computed is UNKNOWN else computed
    return ConditionAnswer(
        code=code,
        text=text,
        outcome=outcome,
        computed=computed,
        counted=counted,
        missing=missing,
        settled_by=settlement.by if settlement is not None else None,
    )


def _registration(
    rules: RuleSet, award_type: AwardType, record: Record, settled: Settlements
) -> Iterable[ConditionAnswer]:
    state = record.registration.state
    if award_type in EXEMPT or state is Registered.NOT_TESTED:
        return
    source = record.registration.source
    outcome, text = {
        Registered.YES: (MET, "Đã đăng ký thi đua"),
        Registered.NO: (NOT_MET, "Không đăng ký thi đua"),
        Registered.UNKNOWN: (UNKNOWN, "Đơn vị đã đăng ký; chưa thấy tên cá nhân này trong bản đăng ký"),
    }[state]
    counted = (Counted(text=text, event_id=source.event_id, paper=source.paper),)
    yield _settled(REGISTRATION, rules.registration.text, outcome, counted, None, settled)


def _top(prefix: str, conditions: Iterable[ConditionAnswer]) -> ConditionOutcome:
    return worst(one.outcome for one in conditions if one.code.rpartition(".")[0] == prefix)


def _top_registration(general: Iterable[ConditionAnswer]) -> ConditionOutcome:
    return worst(one.outcome for one in general if one.code == REGISTRATION)


def condition(assessment: Assessment, code: str) -> ConditionAnswer:
    """Refused ``unknown-condition``."""
    everything = [*assessment.general, *(one for route in assessment.routes for one in route.conditions)]
    for one in everything:
        if one.code == code:
            return one
    raise Refused("unknown-condition", condition=code)


def counts_achievement(form: Form, assessment: Assessment) -> bool:
    """Whether a met condition rests on an initiative or research: then its certificate belongs into the dossier."""
    codes = {code for code, one in form.numbered() if one.achieved is not None}
    return any(one.code in codes and one.outcome is MET for route in assessment.routes for one in route.conditions)
