"""All rules, by event: the whole answer to *which event concerns whom*."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.catalogue import Fact

from notify.domain import rules_awards, rules_registry, rules_scoring
from notify.domain.rules import Rule


def _by_event(rules: tuple[Rule, ...]) -> dict[type[Fact], tuple[Rule, ...]]:
    found: dict[type[Fact], tuple[Rule, ...]] = {}
    for rule in rules:
        found[rule.event] = (*found.get(rule.event, ()), rule)
    return found


RULES: Mapping[type[Fact], tuple[Rule, ...]] = _by_event(
    rules_registry.RULES + rules_scoring.RULES + rules_awards.RULES
)
