"""Every decision of quarantine as a pure function: which of a batch flows, which is refused, which waits behind it.

A batch is tried as a set; if something in it is poison, event by event. A redrive is the same trial over what is held.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping, Sequence
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
    discarded: frozenset[bytes]
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
    batch: Iterable[Item], blocked: Mapping[str, str], discarded: Iterable[bytes], *, as_set: bool = True
) -> tuple[Trial, Action]:
    """Try a batch. ``blocked``: subjects of held events, with the key of who blocks; ``discarded``: hashes.

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
            found = Held(refused, "refused", rule, reason)
            return _next(
                _holding(replace(state, trying=()), [found], dict.fromkeys(refused.subjects, refused.event.key))
            )


def _as_set(state: Trial) -> tuple[Trial, Action]:
    flows, sorted_out, _ = _sorted(state, until_one_flows=False)
    if not flows:
        return sorted_out, Done(sorted_out.held)
    # The state keeps the blocked subjects it began with: the trial one by one sorts everything out anew.
    state = replace(state, trying=tuple(flows), held=sorted_out.held)
    return state, Apply(state.trying)


def _next(state: Trial) -> tuple[Trial, Action]:
    """Go on one by one: hold what must be held, stop at the next event that may be tried."""
    flows, state, looked_at = _sorted(state, until_one_flows=True)
    state = replace(state, todo=state.todo[looked_at:], trying=tuple(flows))
    return (state, Apply(state.trying)) if flows else (state, Done(state.held))


def _sorted(state: Trial, *, until_one_flows: bool) -> tuple[list[Item], Trial, int]:
    """What may be tried, the state with what must be held, and how many were looked at."""
    flows: list[Item] = []
    held: list[Held] = []
    blocked: dict[str, str] = {}
    looked_at = 0
    for one in state.todo:
        looked_at += 1
        verdict = _verdict(state, one, blocked)
        if verdict is None:
            flows.append(one)
            if until_one_flows:
                break
        elif isinstance(verdict, Held):
            held.append(verdict)
            for subject in one.subjects:
                blocked.setdefault(subject, one.event.key)
    return flows, _holding(state, held, blocked), looked_at


def _verdict(state: Trial, one: Item, more_blocked: Mapping[str, str]) -> Held | Literal["discarded"] | None:
    if one.event.hash in state.discarded:
        return "discarded"
    if one.poison is not None:
        kind, reason = one.poison
        return Held(one, kind, f"unreadable-{kind}", reason)
    for subject in one.subjects:
        if key := state.blocked.get(subject) or more_blocked.get(subject):
            return Held(one, "behind", "behind", f"{subject} waits for {key}")
    return None


def _holding(state: Trial, found: Sequence[Held], blocked: Mapping[str, str]) -> Trial:
    if not found:
        return state
    return replace(state, held=(*state.held, *found), blocked={**blocked, **state.blocked})
