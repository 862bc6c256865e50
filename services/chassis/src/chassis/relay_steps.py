"""Every decision of the relay as a pure function: what to publish, when the cursor may move, when to hold back.

The shell (``relay.py``) does what the actions say and tells what came of it. No I/O and no clock here, so that tests
may lose, repeat and reorder anything between two steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chassis.facts import Stored
from chassis.positions import Position


@dataclass(frozen=True, slots=True)
class Relay:
    """``cursor`` is the stored one; ``reached`` the end of the acknowledged prefix, at or beyond it."""

    stream: str
    """The stream whose acknowledgement counts; any other's does not."""
    limit: int
    """Most events published and not yet acknowledged."""
    cursor: Position
    reached: Position
    read_to: int
    queue: tuple[Stored, ...] = ()
    flying: Mapping[int, Stored] = field(default_factory=dict)
    held_back: tuple[int, ...] = ()
    """Seqs in flight whose publish failed: they go again when the pause ends."""
    landed: Mapping[int, Stored] = field(default_factory=dict)
    reading: bool = False
    woken: bool = False
    moving: Position | None = None
    failures: int = 0
    paused: bool = False
    trouble: str | None = None


def begin(stream: str, limit: int, cursor: Position) -> Relay:
    return Relay(stream, limit, cursor, cursor, cursor.seq)


@dataclass(frozen=True, slots=True)
class Woken:
    """There may be events past what was read."""


@dataclass(frozen=True, slots=True)
class PageRead:
    after: int
    events: tuple[Stored, ...]


@dataclass(frozen=True, slots=True)
class Acked:
    seq: int
    stream: str


@dataclass(frozen=True, slots=True)
class TimedOut:
    """No acknowledgement within the deadline; the message may still land later."""

    seq: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The stream is full, or nobody answers, or there is no connection."""

    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """A pause is over."""


@dataclass(frozen=True, slots=True)
class CursorMoved:
    pass


@dataclass(frozen=True, slots=True)
class CursorElsewhere:
    """Compare-and-set failed: another worker moved the cursor to ``at``."""

    at: Position


Input = Woken | PageRead | Acked | TimedOut | Failed | Resumed | CursorMoved | CursorElsewhere


@dataclass(frozen=True, slots=True)
class ReadPage:
    after: int


@dataclass(frozen=True, slots=True)
class Publish:
    """The same event always goes with the same id, however often it goes."""

    event: Stored


@dataclass(frozen=True, slots=True)
class MoveCursor:
    moved_from: Position
    to: Position


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait, longer with each failure in a row, then say ``Resumed``."""

    failures: int


@dataclass(frozen=True, slots=True)
class FellIdle:
    """All that was read is acknowledged and the cursor says so: time to tell others."""


Action = ReadPage | Publish | MoveCursor | Pause | FellIdle


class LogBroken(Exception):
    """The own log has a hole or a broken link: nothing may be published past it."""


def step(state: Relay, said: Input) -> tuple[Relay, list[Action]]:
    """One step. Raises ``LogBroken`` when a page does not continue what was read before."""
    actions: list[Action] = []
    busy = _is_busy(state)
    match said:
        case Woken():
            state = replace(state, woken=True)
        case PageRead(after, events):
            state = _read(state, after, events)
        case Acked(seq, stream):
            state = _acked(state, seq, stream, actions)
        case TimedOut(seq):
            if seq in state.flying and seq not in state.held_back:
                state = replace(state, trouble="no acknowledgement in time")
                actions.append(Publish(state.flying[seq]))
        case Failed(seq, reason):
            state = _failed(state, seq, reason, actions)
        case Resumed():
            actions += [Publish(state.flying[seq]) for seq in state.held_back if seq in state.flying]
            state = replace(state, held_back=(), paused=False)
        case CursorMoved():
            assert state.moving is not None
            state = replace(state, cursor=state.moving, moving=None)
        case CursorElsewhere(at):
            # Whoever moved it is at work too; what it acknowledged need not go again, what it did not goes from here.
            state = replace(begin(state.stream, state.limit, at), woken=True, paused=state.paused)
    state = _go_on(state, actions)
    if busy and not _is_busy(state):
        actions.append(FellIdle())
    return state, actions


def _read(state: Relay, after: int, events: tuple[Stored, ...]) -> Relay:
    if not state.reading or after != state.read_to:
        return state  # asked for before the cursor turned out to be elsewhere
    at = state.read_to
    for event in events:
        if event.seq != at + 1:
            raise LogBroken(f"{event.key} follows {at}")
        at = event.seq
    return replace(state, reading=False, read_to=at, queue=state.queue + events, woken=state.woken or bool(events))


def _acked(state: Relay, seq: int, stream: str, actions: list[Action]) -> Relay:
    if seq not in state.flying:
        return state
    if stream != state.stream:
        return _failed(state, seq, f"acknowledged by stream {stream!r}, not {state.stream!r}", actions)
    flying, landed = dict(state.flying), dict(state.landed)
    landed[seq] = flying.pop(seq)
    reached = state.reached
    while reached.seq + 1 in landed:
        reached = Position.of(landed.pop(reached.seq + 1))
    return replace(
        state,
        flying=flying,
        landed=landed,
        reached=reached,
        failures=0,
        trouble=None,
        held_back=tuple(held for held in state.held_back if held != seq),
    )


def _failed(state: Relay, seq: int, reason: str, actions: list[Action]) -> Relay:
    if seq not in state.flying or seq in state.held_back:
        return state
    state = replace(state, held_back=(*state.held_back, seq), trouble=reason)
    if not state.paused:
        state = replace(state, paused=True, failures=state.failures + 1)
        actions.append(Pause(state.failures))
    return state


def _go_on(state: Relay, actions: list[Action]) -> Relay:
    """Publish what there is room for, read on, move the cursor: one read and one move at a time."""
    room = 0 if state.paused else max(0, state.limit - len(state.flying))
    if room and state.queue:
        going, rest = state.queue[:room], state.queue[room:]
        actions += [Publish(event) for event in going]
        state = replace(state, flying={**state.flying, **{event.seq: event for event in going}}, queue=rest)
    if state.woken and not state.reading and len(state.queue) <= state.limit:
        actions.append(ReadPage(state.read_to))
        state = replace(state, reading=True, woken=False)
    if state.moving is None and state.reached != state.cursor:
        actions.append(MoveCursor(state.cursor, state.reached))
        state = replace(state, moving=state.reached)
    return state


def _is_busy(state: Relay) -> bool:
    return bool(state.queue or state.flying or state.moving or state.reached != state.cursor)
