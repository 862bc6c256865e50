"""What the eligibility engine answered, condition by condition; it rides whole in what relies on it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.values import Identifier, Paper, PersonId, RuleSetId, ShortText, Text, Value

TitleCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
"""A title or form; its issuer is part of it: ``bang-khen-tld`` is not ``bang-khen-ldld``."""

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
"""A code inside a rule set: a route, a stage, a paper of the dossier."""

ConditionCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$", max_length=96)]
"""Where a condition stands: ``<route>.<number>``, nested ones ``<route>.<number>.<number>``."""

AwardYear = Annotated[int, Field(ge=1945, le=2200)]
"""The calendar year whose achievements count."""


class ConditionOutcome(StrEnum):
    """*Unknown* is not *no*; what no program can check is put to the council."""

    MET = "met"
    NOT_MET = "not-met"
    UNKNOWN = "unknown"
    FOR_COUNCIL = "for-council"


class CaseOutcome(StrEnum):
    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not-eligible"
    TO_BE_COMPLETED = "to-be-completed"
    FOR_COUNCIL = "for-council"


class Counted(Value):
    """One thing that was counted for or against a condition, in words, with its event or paper."""

    text: Text
    event_id: Identifier | None = None
    paper: Paper | None = None


class SettledBy(Value):
    """Who settled a condition with which paper."""

    person_id: PersonId
    paper: Paper
    reason: Text


class ConditionAnswer(Value):
    """One condition: what it asks, what it answers and why."""

    code: ConditionCode
    text: Text
    outcome: ConditionOutcome
    computed: ConditionOutcome
    """What the history alone says; differs from ``outcome`` only where a person settled it with a paper."""
    counted: tuple[Counted, ...] = ()
    missing: Text | None = None
    """What would have to be known or recorded."""
    settled_by: SettledBy | None = None


class RouteAnswer(Value):
    """One of the alternative routes to a title; a single one that is met suffices."""

    route: Code
    name: ShortText
    outcome: ConditionOutcome
    conditions: tuple[ConditionAnswer, ...]
    """Nested conditions follow the one that holds them."""


class Assessment(Value):
    """The whole answer for one recipient, title and year under one rule set."""

    rule_set_id: RuleSetId
    rules_hash: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    """SHA-256 of the rule set's canonical JSON: what exactly was applied."""
    title: TitleCode
    year: AwardYear
    outcome: CaseOutcome
    general: tuple[ConditionAnswer, ...] = ()
    """Conditions that hold whatever the route: registration, discipline."""
    routes: tuple[RouteAnswer, ...] = ()


class Double(Value):
    """A possible double, for a person to look at; never a reason to refuse by itself."""

    text: Text
    proposal_id: Identifier | None = None
    event_id: Identifier | None = None


COUNTED_EXAMPLE = {
    "rule_set_id": "luat-06-2022",
    "rules_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "title": "cstd-cap-tinh",
    "year": 2024,
    "outcome": "to-be-completed",
    "routes": [
        {
            "route": "chuoi-danh-hieu",
            "name": "Chuỗi danh hiệu thi đua",
            "outcome": "unknown",
            "conditions": [
                {
                    "code": "chuoi-danh-hieu.1",
                    "text": "Có 03 lần liên tục được tặng danh hiệu Chiến sĩ thi đua cơ sở",
                    "outcome": "unknown",
                    "computed": "unknown",
                    "counted": [
                        {
                            "text": "Năm 2024: Chiến sĩ thi đua cơ sở",
                            "paper": {"number": "45-QĐ/LĐLĐ", "date": "2024-12-20"},
                        }
                    ],
                    "missing": "Chưa rõ khen thưởng các năm 2022, 2023.",
                }
            ],
        }
    ],
}
