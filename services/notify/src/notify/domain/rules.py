"""The form of a rule *this event concerns these and nobody else*, and how it is applied."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any

from contracts.catalogue import Fact
from contracts.values import Recipient

from contracts import catalogue
from notify.domain.audience import Circle, Concerned


@dataclass(frozen=True, slots=True)
class Rule:
    """Which event concerns whom, under which topic, told with what."""

    event: type[Fact]
    topic: str
    concerns: tuple[Concerned, ...]
    about: str
    """The aggregate it tells of, from fields of the event: ``report:{report_id}``."""
    tells: Mapping[str, str] = field(default_factory=dict)
    """Fillings of the words: name → ``<kind>:<field>`` with kind unit, cluster, who, instant, date, word or text."""
    email: bool = True
    """Besides the inbox. What only arrives on an officer's desk goes without."""
    when: Callable[[Any], bool] = lambda fact: True
    each: str | None = None
    """A list in the event: the rule holds for each of its items by itself."""
    due: str | None = None
    """The field that says until when something is to be done."""


@dataclass(frozen=True, slots=True)
class Told:
    """One thing to tell, to whom."""

    topic: str
    recipients: frozenset[str]
    about: str
    params: dict[str, str]
    email: bool
    due: datetime | None


def items(rule: Rule, fact: Fact) -> Iterable[Fact]:
    return getattr(fact, rule.each) if rule.each else (fact,)


def applied(rule: Rule, fact: Fact, circle: Circle) -> Told | None:
    """What the rule makes of an event (or of one item of it); None when it concerns nobody.

    A recused council member hears nothing of an unpublished case, whatever else he is.
    """
    if not rule.when(fact):
        return None
    concerned = frozenset().union(*(select(fact, circle) for select in rule.concerns))
    if not catalogue.entry(rule.event).public:
        concerned -= {f"person:{one}" for one in circle.recused}
    if not concerned:
        return None
    return Told(
        topic=rule.topic,
        recipients=concerned,
        about=rule.about.format_map({name: getattr(fact, name) for name in type(fact).model_fields}),
        params={name: filling(source, fact) for name, source in rule.tells.items() if _given(source, fact)},
        email=rule.email,
        due=getattr(fact, rule.due) if rule.due else None,
    )


def _given(source: str, fact: Fact) -> bool:
    return getattr(fact, source.partition(":")[2]) not in (None, ())


def filling(source: str, fact: Fact) -> str:
    """``unit:proposed_by`` → ``unit:ldld-cao-bang``: the field's value under its kind."""
    kind, _, name = source.partition(":")
    value = getattr(fact, name)
    if isinstance(value, Recipient):
        return f"{kind}:{value.kind.value}:{value.id}"
    if isinstance(value, datetime | date):
        return f"{kind}:{value.isoformat()}"
    return f"{kind}:{value.value if isinstance(value, Enum) else value}"


def notification_id(origin: str, topic: str, about: str, recipient: str, channel: str) -> str:
    """The same for the same notice however often what it comes from is seen; 32 hexadecimal digits."""
    return hashlib.sha256("\n".join((origin, topic, about, recipient, channel)).encode()).hexdigest()[:32]
