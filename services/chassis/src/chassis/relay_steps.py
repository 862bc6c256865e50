"""Every decision of the relay as a pure function: what to publish, when the cursor may move, when to step back.

The shell (``relay.py``) does what the actions say and tells what came of it. No I/O and no clock here, so that tests
may lose, repeat and reorder anything between two steps. Inputs and actions speak of many events at once, because a
step for each acknowledgement would cost more than the acknowledgement.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from chassis.facts import Appended, Stored
from chassis.positions import Position

MOVE_EVENTS = 5000
"""The cursor moves after so many acknowledged events, at each tick, in each pause, and when nothing is left to do,
but then not again at once."""


class Place(NamedTuple):
    """Where in the stream an event of this log stands: the stream's own number, and the event's seq."""

    stream_seq: int
    seq: int


@dataclass(frozen=True, slots=True)
class Relay:
    """``cursor`` is the stored one; ``reached`` the end of the acknowledged prefix, at or beyond it."""

    stream: str
    """The stream whose acknowledgement counts; any other's does not."""
    limit: int
    """Most events published past the acknowledged prefix: bounds what is in flight and what is in memory."""
    cursor: Position
    reached: Position
    sent: int
    """Seq of the last event published; those from ``reached`` on are in flight unless they are in ``landed``."""
    ahead: tuple[Stored, ...] = ()
    """What was read past ``reached``, in order: first what is in flight, then what waits for room."""
    landed: frozenset[int] = frozenset()
    held_back: frozenset[int] = frozenset()
    """Seqs in flight whose publish failed: they go again when the stream has been seen."""
    course: int = 0
    """Counts how often the relay began again from elsewhere: answers to what it said before do not count."""
    reading: bool = False
    woken: bool = False
    due: bool = False
    moving: Position | None = None
    moved: bool = False
    """Whether the cursor has moved since the last ``Polled``: each move is a commit beside those of commands."""
    failures: int = 0
    paused: bool = False
    seen: bool = False
    """Whether the stream was seen since the relay began, lost its connection or failed. Not seen, nothing goes out."""
    looking: Position | None = None
    """What was acknowledged when the look at the stream under way began: the stream has to hold it."""
    looks: int = 0
    """Number of the last look: the answer to an earlier one does not count."""
    anchor: Place | None = None
    """The acknowledged event that stands farthest in the stream. Gone from there, the stream lost something."""
    trouble: str | None = None

    @property
    def flying(self) -> list[Stored]:
        """Published, not acknowledged."""
        return [event for event in self.ahead[: self.sent - self.reached.seq] if event.seq not in self.landed]


def begin(stream: str, limit: int, cursor: Position) -> Relay:
    return Relay(stream, limit, cursor, cursor, cursor.seq)


@dataclass(frozen=True, slots=True)
class Woken:
    """There may be events past what was read."""


@dataclass(frozen=True, slots=True)
class Polled:
    """A moment has passed: there may be events of which nobody told, and the cursor may move again."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """A while has passed, however busy: look for new events, and let the cursor show how far it is."""


@dataclass(frozen=True, slots=True)
class PageRead:
    """``full``: there was more than a page holds."""

    after: int
    events: tuple[Stored, ...]
    full: bool


@dataclass(frozen=True, slots=True)
class Acked:
    """``farthest`` is where the farthest of them stands in the stream; ``nearest_new`` the lowest number that it gave
    to one that it had not had before."""

    course: int
    seqs: tuple[int, ...]
    stream: str
    farthest: Place | None = None
    nearest_new: int | None = None


@dataclass(frozen=True, slots=True)
class TimedOut:
    """No acknowledgement within the deadline; the messages may still land later."""

    course: int
    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The stream is full, or nobody answers, or there is no connection."""

    course: int
    seqs: tuple[int, ...]
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


@dataclass(frozen=True, slots=True)
class Doubted:
    """The connection is a new one: the stream may not be the one that acknowledged."""


@dataclass(frozen=True, slots=True)
class LookDue:
    """Time to see whether the stream still holds what it acknowledged."""


@dataclass(frozen=True, slots=True)
class StreamEnds:
    """What look ``number`` found: up to ``at`` the stream holds what it acknowledged (None: nothing of it);
    ``opens`` is the last event that is too old for it to hold."""

    number: int
    at: Position | None
    opens: Position


@dataclass(frozen=True, slots=True)
class StreamAway:
    """The stream is not there, or does not answer."""

    number: int
    reason: str


Input = (
    Woken | Appended | Polled | Ticked | PageRead | Acked | TimedOut | Failed | Resumed | CursorMoved | CursorElsewhere
    | Doubted | LookDue | StreamEnds | StreamAway
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReadPage:
    after: int


@dataclass(frozen=True, slots=True)
class Publish:
    """In this order. The same event always goes with the same id, however often it goes; answers name ``course``."""

    course: int
    events: tuple[Stored, ...]


@dataclass(frozen=True, slots=True)
class MoveCursor:
    """Backward, too: when the stream lost what it had acknowledged."""

    moved_from: Position
    to: Position


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait, longer with each failure in a row, then say ``Resumed``."""

    failures: int


@dataclass(frozen=True, slots=True)
class LookAtStream:
    """Find how far the stream still holds what it acknowledged; if not to ``wanted``, what is too old for it.

    Only the last look counts.
    """

    number: int
    wanted: Position
    anchor: Place | None


@dataclass(frozen=True, slots=True)
class FellIdle:
    """All that was read is acknowledged and the cursor says so: time to tell others."""


Action = ReadPage | Publish | MoveCursor | Pause | LookAtStream | FellIdle


class LogBroken(Exception):
    """The own log has a hole or a broken link: nothing may be published past it."""


def step(state: Relay, said: Input) -> tuple[Relay, list[Action]]:
    """One step. Raises ``LogBroken`` when a page does not continue what was read before."""
    actions: list[Action] = []
    busy = _is_busy(state)
    match said:
        case Acked() if said.course == state.course:
            state = _acked(state, said, actions)
        case PageRead():
            state = _read(state, said)
        case Woken():
            state = replace(state, woken=True)
        case Appended():
            state = _handed(state, said)
        case Polled():
            state = replace(state, woken=True, moved=False)
        case Ticked():
            state = replace(state, woken=True, due=True)
        case TimedOut(course, seqs):
            # Whether the stream is there at all is looked at before anything goes again.
            if course == state.course and (late := _flying_of(state, seqs)):
                state = replace(
                    state, held_back=state.held_back | late, seen=False, trouble="no acknowledgement in time"
                )
        case Failed(course, seqs, reason):
            if course == state.course:
                state = _failed(state, seqs, reason, actions)
        case Resumed():
            state = replace(state, paused=False)
        case CursorMoved():
            assert state.moving is not None
            state = replace(state, cursor=state.moving, moving=None)
        case CursorElsewhere(at):
            # Whoever moved it is at work too; what it acknowledged need not go again, what it did not goes from here.
            state = replace(_begin_again(state, at), cursor=at, moving=None)
        case Doubted():
            # What was in flight may have been lost with the connection, or its acknowledgement.
            held_back = frozenset(event.seq for event in state.flying)
            state = replace(state, seen=False, looking=None, held_back=held_back)
        case LookDue():
            if state.seen and state.looking is None:
                state = _look(state, actions)
        case StreamEnds(number, at, opens):
            state = _seen(state, number, at, opens)
        case StreamAway(number, reason):
            if number == state.looks and state.looking is not None:
                state = replace(_paused(state, actions), seen=False, looking=None, trouble=reason)
    state = _go_on(state, actions)
    if busy and not _is_busy(state):
        actions.append(FellIdle())
    return state, actions


def _read(state: Relay, page: PageRead) -> Relay:
    if not state.reading or page.after != _read_to(state):
        return state  # asked for before the relay began again from elsewhere
    at = page.after
    for event in page.events:
        if event.seq != at + 1:
            raise LogBroken(f"{event.key} follows {at}")
        at = event.seq
    return replace(state, reading=False, ahead=state.ahead + page.events, woken=state.woken or page.full)


def _handed(state: Relay, appended: Appended) -> Relay:
    """What this process has committed goes on as it is, if it is what would be read next; else it is read."""
    events = None
    if not state.reading and _has_room(state) and appended.span.first_seq == _read_to(state) + 1:
        events = appended.after(state.ahead[-1].hash if state.ahead else state.reached.hash)
    return replace(state, woken=True) if events is None else replace(state, ahead=state.ahead + events)


def _acked(state: Relay, said: Acked, actions: list[Action]) -> Relay:
    if said.stream != state.stream:
        return _failed(state, said.seqs, f"acknowledged by stream {said.stream!r}, not {state.stream!r}", actions)
    if state.anchor and said.nearest_new is not None and said.nearest_new <= state.anchor.stream_seq:
        # A number given twice: what stood there is gone. These go again once it is known what else is.
        return replace(state, seen=False, held_back=state.held_back | _flying_of(state, said.seqs))
    if said.farthest and state.seen and (state.anchor is None or said.farthest > state.anchor):
        state = replace(state, anchor=said.farthest)
    start = state.reached.seq
    fresh = {seq for seq in said.seqs if start < seq <= state.sent} - state.landed
    if not fresh:
        return state
    landed, count = fresh | state.landed, 0
    while start + count + 1 in landed:
        count += 1
    return replace(
        state,
        reached=Position.of(state.ahead[count - 1]) if count else state.reached,
        ahead=state.ahead[count:],
        landed=frozenset(seq for seq in landed if seq > start + count),
        held_back=state.held_back - fresh if state.held_back else state.held_back,
        failures=0,
        trouble=None,
    )


def _failed(state: Relay, seqs: Iterable[int], reason: str, actions: list[Action]) -> Relay:
    failed = _flying_of(state, seqs)
    if not failed:
        return state
    return replace(_paused(state, actions), held_back=state.held_back | failed, seen=False, trouble=reason)


def _paused(state: Relay, actions: list[Action]) -> Relay:
    if state.paused:
        return state
    actions.append(Pause(state.failures + 1))
    return replace(state, paused=True, failures=state.failures + 1)


def _look(state: Relay, actions: list[Action]) -> Relay:
    actions.append(LookAtStream(state.looks + 1, state.reached, state.anchor))
    return replace(state, looks=state.looks + 1, looking=state.reached)


def _seen(state: Relay, number: int, at: Position | None, opens: Position) -> Relay:
    """Step back if the stream no longer holds what it had acknowledged."""
    was = state.looking
    if number != state.looks or was is None:
        return state
    end = opens if at is None or at.seq < opens.seq else at
    if (end.epoch, end.seq) < (was.epoch, was.seq):
        return replace(_begin_again(state, end), seen=True, trouble=f"the stream ends at {end.seq}, not at {was.seq}")
    state = replace(state, looking=None, seen=True, anchor=state.anchor if at == was else None)
    return state if state.held_back else replace(state, failures=0, trouble=None)


def _begin_again(state: Relay, at: Position) -> Relay:
    """As from a cursor at ``at``. What was said before no longer counts: a lost stream may have acknowledged it."""
    return replace(
        begin(state.stream, state.limit, state.cursor),
        reached=at,
        sent=at.seq,
        course=state.course + 1,
        looks=state.looks,
        moving=state.moving,
        failures=state.failures,
        paused=state.paused,
        due=True,
        woken=True,
    )


def _go_on(state: Relay, actions: list[Action]) -> Relay:
    """See the stream, publish what there is room for, read on, move the cursor: one of each at a time."""
    if not state.seen and not state.paused and state.looking is None:
        state = _look(state, actions)
    if state.seen and not state.paused:
        state = _publish_again(state, actions) if state.held_back else _publish_more(state, actions)
    if state.woken and not state.reading and _has_room(state):
        actions.append(ReadPage(_read_to(state)))
        state = replace(state, reading=True, woken=False)
    if state.moving is None and state.reached != state.cursor:
        far = abs(state.reached.seq - state.cursor.seq) >= MOVE_EVENTS
        if state.due or far or state.paused or not (state.ahead or state.moved):
            actions.append(MoveCursor(state.cursor, state.reached))
            state = replace(state, moving=state.reached, moved=True, due=False)
    return state


def _publish_again(state: Relay, actions: list[Action]) -> Relay:
    """After failures one event goes first: a full stream would refuse them all, again and again."""
    flying = {event.seq for event in state.flying}
    if not state.failures:
        going = state.held_back
    elif flying == state.held_back:
        going = frozenset({min(flying)})
    else:
        return state
    start = state.reached.seq
    actions.append(Publish(state.course, tuple(state.ahead[seq - start - 1] for seq in sorted(going))))
    return replace(state, held_back=state.held_back - going)


def _publish_more(state: Relay, actions: list[Action]) -> Relay:
    if state.failures and state.sent > state.reached.seq:
        return state
    gone = state.sent - state.reached.seq
    going = state.ahead[gone : 1 if state.failures else state.limit]
    if not going:
        return state
    actions.append(Publish(state.course, going))
    return replace(state, sent=going[-1].seq)


def _flying_of(state: Relay, seqs: Iterable[int]) -> frozenset[int]:
    return frozenset(seq for seq in seqs if state.reached.seq < seq <= state.sent and seq not in state.landed)


def _has_room(state: Relay) -> bool:
    """Whether little enough waits to be published to take more."""
    return len(state.ahead) - (state.sent - state.reached.seq) <= state.limit


def _read_to(state: Relay) -> int:
    return state.reached.seq + len(state.ahead)


def _is_busy(state: Relay) -> bool:
    return bool(state.ahead or state.moving or state.reached != state.cursor)
