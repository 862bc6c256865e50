"""Every decision of a follower as a pure function: what to commit, compare, fetch, acknowledge, and when to stop.

One action is under way at a time; what arrives meanwhile is kept in the state. The shell (``follower.py``) does what
the actions say and tells what came of it. No I/O and no clock here, so that tests may lose, repeat, reorder and crash
between any two steps. Every position is checked against the chain: ``prev`` is the hash held, the hash is recomputed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from chassis.facts import Stored
from chassis.positions import Position

ForkKind = Literal["another-hash", "broken-link", "epoch-below", "head-behind"]
"""The four ways in which a second branch shows."""
BEACONS_BEHIND = 2
"""One beacon behind the mark proves nothing: it may be older than the messages that overtook it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages delivered together: acknowledged as one once the mark has reached ``last``."""

    token: int
    last: int


@dataclass(frozen=True, slots=True)
class Follower:
    log: str
    limit: int
    """Most events in one transaction."""
    mark: Position
    fresh: bool = False
    """The mark was read from the database since the last delivery; a fork is declared against no other."""
    doing: Literal["commit", "compare", "fetch", "reload", "redrive", "pause"] | None = None
    resting: bool = False
    """Nobody had what was asked for; no asking until the pause ends, while all else goes on."""
    ahead: Mapping[int, tuple[Stored, ...]] = field(default_factory=dict)
    """Events above the mark by seq; more than one under a seq when branches meet."""
    below: tuple[Stored, ...] = ()
    """Events at or below the mark that still have to be compared with what was received."""
    batches: tuple[Batch, ...] = ()
    wanted: int = 0
    """The highest seq that the log is known to have."""
    watched: bool = False
    ask: bool = False
    """The producer is to be asked although no hole is seen."""
    behind: int = 0
    redrive: bool = False
    reload: bool = False
    told: int = 0
    failures: int = 0
    trouble: str | None = None
    fork: str | None = None
    fork_kind: ForkKind | None = None
    fork_seen: Position | None = None
    """Where the other branch showed."""


def begin(log: str, limit: int, mark: Position) -> Follower:
    """``mark`` is the one in the database. Held events are tried again once: newer code may read them."""
    return Follower(log, limit, mark, wanted=mark.seq, redrive=True, ask=True)


@dataclass(frozen=True, slots=True)
class Delivered:
    token: int
    events: tuple[Stored, ...]


@dataclass(frozen=True, slots=True)
class Beacon:
    """How far the producer says that it has published."""

    at: Position


@dataclass(frozen=True, slots=True)
class HeldElsewhere:
    """How far another follower has committed the same log."""

    at: Position


@dataclass(frozen=True, slots=True)
class Missed:
    """Something may have been missed: the consumer was made again and begins with what is new."""


@dataclass(frozen=True, slots=True)
class GapDue:
    """The watch that began at ``mark_then`` is over."""

    mark_then: int


@dataclass(frozen=True, slots=True)
class RedriveAsked:
    pass


@dataclass(frozen=True, slots=True)
class Committed:
    at: Position


@dataclass(frozen=True, slots=True)
class MarkRead:
    """The mark as the database has it now, asked for or found when compare-and-set failed."""

    at: Position


@dataclass(frozen=True, slots=True)
class DidFail:
    """The action under way failed for a reason that is no fault of an event; it is done again after a pause."""

    reason: str


@dataclass(frozen=True, slots=True)
class HeldRead:
    """Epoch and hash of what was received under the seqs asked for; a seq that is not kept any more is missing."""

    asked: tuple[int, ...]
    held: Mapping[int, tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page; ``head`` is the producer's committed head, None when another follower answered for it."""

    events: tuple[Stored, ...]
    head: Position | None


@dataclass(frozen=True, slots=True)
class Redriven:
    pass


@dataclass(frozen=True, slots=True)
class Resumed:
    """A pause is over."""

    fetching: bool


Heard = Delivered | Beacon | HeldElsewhere | Missed | GapDue | RedriveAsked | Resumed
Came = Committed | MarkRead | DidFail | HeldRead | Fetched | Redriven
"""What came of the action under way."""
Input = Heard | Came


@dataclass(frozen=True, slots=True)
class Commit:
    """One transaction: mark by compare-and-set, received, projection. ``events`` continue ``mark`` without a hole."""

    mark: Position
    events: tuple[Stored, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """Read what was received under these seqs."""

    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask the producer for a page after a seq, or, if it is silent, those who hold it."""

    after: int


@dataclass(frozen=True, slots=True)
class ReloadMark:
    pass


@dataclass(frozen=True, slots=True)
class Redrive:
    pass


@dataclass(frozen=True, slots=True)
class Ack:
    token: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait, longer with each failure in a row, then say ``Resumed``."""

    failures: int
    fetching: bool


@dataclass(frozen=True, slots=True)
class Watch:
    """Say ``GapDue`` when the time has passed that a message may take."""

    mark: int


@dataclass(frozen=True, slots=True)
class TellMark:
    """Idle with a mark that nobody was told of."""

    at: Position


@dataclass(frozen=True, slots=True)
class Stop:
    """A fork: people choose the branch. ``seen``: where the other one showed."""

    reason: str
    kind: ForkKind
    seen: Position


Action = Commit | Compare | Fetch | ReloadMark | Redrive | Ack | Pause | Watch | TellMark | Stop


def step(state: Follower, said: Input) -> tuple[Follower, list[Action]]:
    if state.fork:
        return state, []
    actions: list[Action] = []
    match said:
        case Delivered(token, events):
            state, last = _take(replace(state, fresh=False), events)
            state = replace(state, batches=(*state.batches, Batch(token, last)))
        case Beacon(at):
            state = _beacon(state, at)
        case HeldElsewhere(at):
            # A producer may be cut off for days; what another holds is there to be had.
            state = replace(state, wanted=max(state.wanted, at.seq))
        case Missed():
            state = replace(state, ask=True)
        case GapDue(mark_then):
            still = state.mark.seq == mark_then and not state.batches and state.doing is None
            state = replace(state, watched=False, ask=state.ask or (still and state.wanted > state.mark.seq))
        case RedriveAsked():
            state = replace(state, redrive=True)
        case Committed(at):
            state = _marked(replace(state, doing=None, fresh=False, failures=0, trouble=None), at)
        case MarkRead(at):
            state = _marked(replace(state, doing=None, fresh=True, reload=False), at)
        case HeldRead(asked, held):
            state = _compared(replace(state, doing=None), asked, held)
        case Fetched(events, head):
            state = _fetched(replace(state, doing=None, ask=False), events, head, actions)
        case Redriven():
            state = replace(state, doing=None, fresh=False, failures=0, trouble=None)
        case DidFail(reason) if state.doing == "fetch":
            # Asked without need (at start, after a beacon behind), silence is no trouble: the next beacon tells.
            needed = bool(state.ahead) or state.wanted > state.mark.seq
            state = replace(state, doing=None, ask=needed)
            state = _rest(state, reason, actions) if needed else state
        case DidFail(reason):
            redrive = state.redrive or state.doing == "redrive"
            state = replace(state, doing="pause", redrive=redrive, failures=state.failures + 1, trouble=reason)
            actions.append(Pause(state.failures, fetching=False))
        case Resumed(fetching=True):
            state = replace(state, resting=False)
        case Resumed():
            # Whatever went wrong, the mark may have moved meanwhile.
            state = replace(state, doing=None, reload=True)
    return _go_on(state, actions), actions


def _take(state: Follower, events: Iterable[Stored]) -> tuple[Follower, int]:
    """Sort sound events above and below the mark. Returns the highest seq among them, 0 for none.

    An event whose bytes do not give its hash was damaged on the way: it counts as not arrived, and leaves a gap.
    """
    ahead, below, last, damaged, stale = dict(state.ahead), list(state.below), 0, 0, False
    for event in events:
        if not event.hash_fits():
            damaged += 1
            continue
        if event.seq > state.mark.seq and event.epoch < state.mark.epoch:
            # An older epoch does not go on above a newer one: left behind, or the producer is; its head will tell.
            stale = True
            continue
        last = max(last, event.seq)
        if event.seq <= state.mark.seq:
            below.append(event)
        elif all(event.hash != known.hash for known in ahead.get(event.seq, ())):
            ahead[event.seq] = (*ahead.get(event.seq, ()), event)
    trouble = f"{damaged} damaged messages" if damaged else state.trouble
    wanted = max(state.wanted, last)
    ask = state.ask or bool(damaged) or stale
    return replace(state, ahead=ahead, below=tuple(below), wanted=wanted, trouble=trouble, ask=ask), last


def _marked(state: Follower, at: Position) -> Follower:
    """The mark stands elsewhere now. What lies at or below it is compared before it is forgotten."""
    passed = [event for seq, events in state.ahead.items() if seq <= at.seq for event in events]
    ahead = {seq: events for seq, events in state.ahead.items() if seq > at.seq}
    if ahead and at.epoch > state.mark.epoch:
        # What the new epoch left behind and had come before it would pass for a fork: it is as if it came only now.
        going_on = {seq: tuple(event for event in events if event.epoch >= at.epoch) for seq, events in ahead.items()}
        ahead = {seq: events for seq, events in going_on.items() if events}
        last = max([at.seq, *ahead])
        state = replace(state, ask=True, batches=tuple(replace(one, last=min(one.last, last)) for one in state.batches))
    # What leads to the mark link by link is what was committed; only what stands beside it has to be compared.
    links = {event.hash: event.prev for event in passed}
    committed, link = set(), at.hash
    while link in links and link not in committed:
        committed.add(link)
        link = links[link]
    beside = tuple(event for event in passed if event.hash not in committed)
    return replace(state, mark=at, ahead=ahead, below=state.below + beside, wanted=max(state.wanted, at.seq))


def _beacon(state: Follower, at: Position) -> Follower:
    if at.seq > state.mark.seq:
        return replace(state, wanted=max(state.wanted, at.seq), behind=0)
    if at == state.mark:
        return replace(state, behind=0)
    behind = state.behind + 1
    ask = at.seq == state.mark.seq or behind >= BEACONS_BEHIND
    return replace(state, behind=0 if ask else behind, ask=state.ask or ask)


def _compared(state: Follower, asked: tuple[int, ...], held: Mapping[int, tuple[int, bytes]]) -> Follower:
    for event in state.below:
        if event.seq not in held or held[event.seq] == (event.epoch, event.hash):
            continue
        if not state.fresh:
            return replace(state, reload=True)
        if event.epoch < held[event.seq][0]:
            # Left behind when people opened the epoch that is held here; the courier may still bring it.
            continue
        if event.epoch > state.mark.epoch:
            reason = f"epoch {event.epoch} opened at {event.seq}, below the mark {state.mark.seq}"
            return _forked(state, "epoch-below", reason, Position.of(event))
        reason = f"{event.key} came with another hash than was received"
        return _forked(state, "another-hash", reason, Position.of(event))
    return replace(state, below=tuple(event for event in state.below if event.seq not in asked))


def _fetched(state: Follower, events: tuple[Stored, ...], head: Position | None, actions: list[Action]) -> Follower:
    if head is not None:
        elsewhere = head.seq == state.mark.seq and head != state.mark
        if head.seq < state.mark.seq or head.epoch < state.mark.epoch or elsewhere:
            # Asked after the mark was read, so the producer cannot have been merely slower.
            if not state.fresh:
                return replace(state, reload=True, ask=True)
            reason = f"the producer's head {head.epoch}:{head.seq} is not on the chain held here"
            return _forked(state, "head-behind", reason, head)
    state, _ = _take(state, events)
    if head is not None:
        state = replace(state, wanted=max(head.seq, *state.ahead, 0))
    if state.mark.seq + 1 in state.ahead or (state.wanted <= state.mark.seq and not state.ahead):
        # A page ends where it is full: the head says at once whether there is another.
        more = bool(events) and head is not None and head.seq > events[-1].seq
        return replace(state, failures=0, trouble=None, ask=more)
    return _rest(replace(state, ask=True), f"nobody has what follows {state.mark.seq}", actions)


def _forked(state: Follower, kind: ForkKind, reason: str, seen: Position) -> Follower:
    return replace(state, fork=reason, fork_kind=kind, fork_seen=seen)


def _rest(state: Follower, reason: str, actions: list[Action]) -> Follower:
    failures = state.failures + 1
    actions.append(Pause(failures, fetching=True))
    return replace(state, resting=True, failures=failures, trouble=reason)


def _run(state: Follower) -> tuple[Stored, ...]:
    """Events that continue the mark link by link, as many as one transaction takes."""
    run: list[Stored] = []
    at = state.mark
    while len(run) < state.limit:
        following = [
            event for event in state.ahead.get(at.seq + 1, ()) if event.prev == at.hash and event.epoch >= at.epoch
        ]
        if not following:
            break
        run.append(following[0])
        at = Position.of(following[0])
    return tuple(run)


def _go_on(state: Follower, actions: list[Action]) -> Follower:
    """Start the next action if none is under way. Acknowledge what is settled first."""
    if not state.fork and not state.below:
        settled = [batch for batch in state.batches if batch.last <= state.mark.seq]
        if settled:
            actions += [Ack(batch.token) for batch in settled]
            state = replace(state, batches=tuple(batch for batch in state.batches if batch not in settled))
    if state.fork:
        assert state.fork_kind is not None
        assert state.fork_seen is not None
        actions.append(Stop(state.fork, state.fork_kind, state.fork_seen))
        return state
    if state.doing is not None:
        return state
    if state.reload:
        actions.append(ReloadMark())
        return replace(state, doing="reload")
    if state.below:
        actions.append(Compare(tuple(sorted({event.seq for event in state.below}))))
        return replace(state, doing="compare")
    run = _run(state)
    if run:
        actions.append(Commit(state.mark, run))
        return replace(state, doing="commit")
    if state.mark.seq + 1 in state.ahead:
        if not state.fresh:
            actions.append(ReloadMark())
            return replace(state, doing="reload")
        wrong = state.ahead[state.mark.seq + 1][0]
        reason = f"{wrong.key} does not continue the hash held at {state.mark.epoch}:{state.mark.seq}"
        actions.append(Stop(reason, "broken-link", Position.of(wrong)))
        return _forked(state, "broken-link", reason, Position.of(wrong))
    if state.redrive:
        # Asked for once more while it is under way, it is done once more: what it reads may be older than the asking.
        actions.append(Redrive())
        return replace(state, doing="redrive", redrive=False)
    if (state.ahead or state.ask) and not state.resting:
        actions.append(Fetch(state.mark.seq))
        return replace(state, doing="fetch")
    if state.wanted > state.mark.seq and not state.watched and not state.resting:
        actions.append(Watch(state.mark.seq))
        state = replace(state, watched=True)
    if state.mark.seq > state.told:
        actions.append(TellMark(state.mark))
        state = replace(state, told=state.mark.seq)
    return state
