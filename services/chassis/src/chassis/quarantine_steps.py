"""Every decision of quarantine as a pure function: which of a batch flows, which is refused, which waits behind it.

A batch is tried as a set; if something in it is poison, event by event. A redrive is the same trial over what is held.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from contracts.catalogue import Fact

from chassis.facts import Recorded, Stored, Unreadable, read_data, read_header

Kind = Literal["refused", "schema", "version", "behind"]


@dataclass(frozen=True, slots=True)
class Item:
    """One event of a batch. ``fact`` is None when today's models cannot read it, and ``poison`` says why; or when
    nothing is done with its type, so that its data is not read; or when its content is withheld (``withheld.py``)."""

    event: Stored
    subjects: tuple[str, ...]
    fact: Recorded[Fact] | None
    poison: tuple[Kind, str] | None = None
    type: str = "unreadable"


@dataclass(frozen=True, slots=True)
class Held:
    """An event that is not applied: ``rule`` is the stable code, ``reason`` is for people."""

    item: Item
    kind: Kind
    rule: str
    reason: str


def item(event: Stored, taken: Container[type[Fact]] | None = None) -> Item:
    """Read an event as far as it can be read; data only of the models in ``taken``, of all when there is none.

    Subjects come from the header; none when even that is unreadable.
    """
    if event.withheld:
        return Item(event, (), None)
    try:
        header, model = read_header(event)
        if taken is not None and model not in taken:
            return Item(event, header.subjects, None, None, header.type)
        fact = Recorded(header, read_data(event, model), cause=event.key)
    except Unreadable as error:
        kind: Kind = "version" if error.kind == "version" else "schema"
        return Item(event, _subjects(event.header), None, (kind, error.reason))
    return Item(event, header.subjects, fact, None, header.type)


def _subjects(header: bytes) -> tuple[str, ...]:
    try:
        subjects = json.loads(header)["subjects"]
    except (ValueError, KeyError, TypeError):
        return ()
    return tuple(subjects) if isinstance(subjects, list) and all(isinstance(one, str) for one in subjects) else ()


@dataclass(frozen=True, slots=True)
class Trial:
    """``blocked`` maps each subject that held events share to the key of the first of them."""

    todo: tuple[Item, ...]
    discarded: frozenset[tuple[int, int]]
    blocked: Mapping[str, str]
    as_set: bool = True
    trying: tuple[Item, ...] = ()
    held: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """What was tried has been applied."""


@dataclass(frozen=True, slots=True)
class Poisoned:
    """Our own code refused what was tried, which was rolled back to before it."""

    rule: str
    reason: str


Input = Applied | Poisoned


@dataclass(frozen=True, slots=True)
class Apply:
    """Apply these in order under a savepoint."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """Keep exactly these out of the tables; all else is applied or discarded by name."""

    held: tuple[Held, ...]


Action = Apply | Done


def begin(
    batch: Iterable[Item], blocked: Mapping[str, str], discarded: Iterable[tuple[int, int]], *, as_set: bool = True
) -> tuple[Trial, Action]:
    """Try a batch. ``blocked``: subjects of held events, with the key of who blocks; ``discarded``: epoch and seq.

    Not ``as_set`` when something in it is known to be poison: it is tried event by event at once.
    """
    state = Trial(tuple(batch), frozenset(discarded), blocked, as_set)
    return _as_set(state) if as_set else _next(state)


def step(state: Trial, said: Input) -> tuple[Trial, Action]:
    match said:
        case Applied():
            if state.as_set:
                return replace(state, trying=()), Done(state.held)
            return _next(replace(state, trying=()))
        case Poisoned() if state.as_set:
            return _next(replace(state, as_set=False, trying=(), held=()))
        case Poisoned(rule, reason):
            (refused,) = state.trying
            return _next(_hold(replace(state, trying=()), Held(refused, "refused", rule, reason)))


def _as_set(state: Trial) -> tuple[Trial, Action]:
    flows: list[Item] = []
    sorted_out = state
    for one in state.todo:
        verdict = _verdict(sorted_out, one)
        if verdict is None:
            flows.append(one)
        elif isinstance(verdict, Held):
            sorted_out = _hold(sorted_out, verdict)
    if not flows:
        return sorted_out, Done(sorted_out.held)
    # The state keeps the blocked subjects it began with: the trial one by one sorts everything out anew.
    state = replace(state, trying=tuple(flows), held=sorted_out.held)
    return state, Apply(state.trying)


def _next(state: Trial) -> tuple[Trial, Action]:
    """Go on one by one: hold what must be held, stop at the next event that may be tried."""
    while state.todo:
        one, state = state.todo[0], replace(state, todo=state.todo[1:])
        verdict = _verdict(state, one)
        if verdict is None:
            state = replace(state, trying=(one,))
            return state, Apply(state.trying)
        if isinstance(verdict, Held):
            state = _hold(state, verdict)
    return state, Done(state.held)


def _verdict(state: Trial, one: Item) -> Held | Literal["discarded"] | None:
    if (one.event.epoch, one.event.seq) in state.discarded:
        return "discarded"
    if one.poison is not None:
        kind, reason = one.poison
        return Held(one, kind, f"unreadable-{kind}", reason)
    for subject in one.subjects:
        if subject in state.blocked:
            return Held(one, "behind", "behind", f"{subject} waits for {state.blocked[subject]}")
    return None


def _hold(state: Trial, found: Held) -> Trial:
    new = dict.fromkeys(found.item.subjects, found.item.event.key)
    return replace(state, held=(*state.held, found), blocked={**new, **state.blocked})
