"""Which form a place in a ranking leads to: read from the rule sets, never written into the program."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.events.awards.rules import AwardType
from contracts.events.scoring import Classification
from contracts.values import SubjectKind

from awards.domain.rule_conditions import Condition, Placed
from awards.domain.rules import Form, RuleSet


def form_for(rule_sets: Iterable[RuleSet], place: Classification, level: str) -> tuple[RuleSet, Form] | None:
    """The form that the body running the cluster decides and that asks for just this place, most closely first.

    ``level`` is that body's. A form for leading units alone comes before one for leading and excellent units.
    """
    found = [
        (len(asked.as_), rules, form)
        for rules in rule_sets
        for form in rules.forms
        if level in form.decided_by
        for route in form.routes_for(SubjectKind.UNIT, AwardType.COMPREHENSIVE)
        for asked in _placed(route.conditions)
        if place in asked.as_ and level in asked.run_by
    ]
    if not found:
        return None
    _, rules, form = min(found, key=lambda one: one[0])
    return rules, form


def _placed(conditions: tuple[Condition, ...]) -> Iterable[Placed]:
    for condition in conditions:
        if condition.placed is not None:
            yield condition.placed
        yield from _placed(condition.parts)
