"""The decisions of relay, follower and quarantine against a courier that loses, repeats, reorders and crashes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from chassis import follower_steps, quarantine_steps, relay_steps
from chassis.facts import Recorded, Stored
from chassis.positions import Position
from contracts.envelope import event_hash
from hypothesis import given, settings
from hypothesis import strategies as st

LOG = "vn.registry"
LENGTH = 12


def made(count: int) -> list[Stored]:
    at, log = Position.start(LOG), []
    for seq in range(1, count + 1):
        told = event_hash(at.hash, 1, seq, b"{}", b"%d" % seq)
        log.append(Stored(LOG, 1, seq, at.hash, told, b"{}", b"%d" % seq, None))
        at = Position.of(log[-1])
    return log


EVENTS = made(LENGTH)
HEAD = Position.of(EVENTS[-1])
EMPTY = Position.start(LOG)


@dataclass
class RelayWorld:
    """A database with a log and a cursor, a stream, and a relay whose actions are carried out when the test says."""

    cursor: Position = EMPTY
    stream: set[int] = field(default_factory=set)
    under_way: list[relay_steps.Action] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.under_way = []
        self.state = relay_steps.begin("loc-registry", 4, self.cursor)
        self.hear(relay_steps.Woken())

    def hear(self, said: relay_steps.Input) -> None:
        self.state, actions = relay_steps.step(self.state, said)
        self.under_way += [action for action in actions if not isinstance(action, relay_steps.FellIdle)]
        assert len(self.state.flying) <= 4
        assert all(seq in self.stream for seq in range(1, self.cursor.seq + 1)), "the cursor passed a lost event"

    def do(self, which: int, how: str) -> None:
        action = self.under_way.pop(which % len(self.under_way))
        match action:
            case relay_steps.Publish(event):
                if how in ("well", "late", "twice"):
                    self.stream.add(event.seq)
                if how in ("well", "twice"):
                    self.hear(relay_steps.Acked(event.seq, "loc-registry"))
                if how == "twice":
                    self.hear(relay_steps.Acked(event.seq, "loc-registry"))
                if how in ("late", "lost"):
                    self.hear(relay_steps.TimedOut(event.seq))
                if how == "elsewhere":
                    self.hear(relay_steps.Acked(event.seq, "loc-other"))
                if how == "refused":
                    self.hear(relay_steps.Failed(event.seq, "the stream is full"))
            case relay_steps.ReadPage(after):
                self.hear(relay_steps.PageRead(after, tuple(EVENTS[after : after + 5])))
            case relay_steps.MoveCursor(moved_from, to):
                if how == "refused" and self.cursor.seq < LENGTH and self.cursor.seq + 1 in self.stream:
                    self.cursor = Position.of(EVENTS[self.cursor.seq])  # another worker was quicker
                if moved_from == self.cursor:
                    self.cursor = to
                    self.hear(relay_steps.CursorMoved())
                else:
                    self.hear(relay_steps.CursorElsewhere(self.cursor))
            case relay_steps.Pause():
                self.hear(relay_steps.Resumed())


HOW = st.sampled_from(["well", "late", "lost", "twice", "elsewhere", "refused", "crash"])


@given(st.lists(st.tuples(st.integers(0, 50), HOW), max_size=80))
@settings(max_examples=200, deadline=None)
def test_the_cursor_never_passes_an_event_that_the_stream_lacks_and_all_arrive_in_the_end(
    course: list[tuple[int, str]],
) -> None:
    world = RelayWorld()
    for which, how in course:
        if how == "crash":
            world.restart()
        elif world.under_way:
            world.do(which, how)
        else:
            world.hear(relay_steps.Woken())
    for _ in range(500):
        if world.cursor == HEAD:
            break
        if not world.under_way:
            world.hear(relay_steps.Woken())
        world.do(0, "well")
    assert world.cursor == HEAD
    assert world.stream == set(range(1, LENGTH + 1))


@dataclass
class FollowerWorld:
    """A follower's database, a producer's log, and what of the deliveries has been acknowledged."""

    mark: Position = EMPTY
    received: list[Stored] = field(default_factory=list)
    under_way: list[follower_steps.Action] = field(default_factory=list)
    batches: dict[int, list[Stored]] = field(default_factory=dict)
    tokens: int = 0

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.under_way, self.batches = [], {}
        self.state = follower_steps.begin(LOG, 5, self.mark)
        self.hear(follower_steps.MarkRead(self.mark))

    def hear(self, said: follower_steps.Input) -> None:
        self.state, actions = follower_steps.step(self.state, said)
        for action in actions:
            assert not isinstance(action, follower_steps.Stop), action
            if isinstance(action, follower_steps.Ack):
                batch = self.batches.pop(action.token)
                assert all(event.seq <= self.mark.seq for event in batch), "acknowledged before it was committed"
            elif not isinstance(action, follower_steps.TellMark):
                self.under_way.append(action)
        assert self.received == EVENTS[: self.mark.seq], "not each event once, in order"

    def deliver(self, seqs: list[int], damaged: bool) -> None:
        events = [EVENTS[seq - 1] for seq in seqs]
        if damaged:
            events[0] = replace(events[0], data=b"damaged")
        self.tokens += 1
        self.batches[self.tokens] = events[1:] if damaged else events
        self.hear(follower_steps.Delivered(self.tokens, tuple(events)))

    def commit(self, mark: Position, events: tuple[Stored, ...]) -> bool:
        if mark != self.mark:
            return False
        self.received += events
        self.mark = Position.of(events[-1])
        return True

    def do(self, which: int, how: str) -> None:
        action = self.under_way.pop(which % len(self.under_way))
        if how == "refused" and isinstance(
            action,
            follower_steps.Commit | follower_steps.Compare | follower_steps.Fetch | follower_steps.ReloadMark
            | follower_steps.Redrive,
        ):  # fmt: skip
            self.hear(follower_steps.DidFail("40P01"))
            return
        match action:
            case follower_steps.Commit(mark, events):
                if how == "elsewhere" and self.mark.seq < LENGTH:
                    self.commit(self.mark, (EVENTS[self.mark.seq],))  # another copy was quicker
                if self.commit(mark, events):
                    if how == "late":
                        self.hear(follower_steps.DidFail("the answer to COMMIT was lost"))
                    else:
                        self.hear(follower_steps.Committed(self.mark))
                else:
                    self.hear(follower_steps.MarkRead(self.mark))
            case follower_steps.Compare(seqs):
                held = {event.seq: (event.epoch, event.hash) for event in self.received if event.seq in seqs}
                self.hear(follower_steps.HeldRead(seqs, held))
            case follower_steps.Fetch(after):
                from_a_holder = how == "twice"
                self.hear(follower_steps.Fetched(tuple(EVENTS[after : after + 4]), None if from_a_holder else HEAD))
            case follower_steps.ReloadMark():
                self.hear(follower_steps.MarkRead(self.mark))
            case follower_steps.Redrive():
                self.hear(follower_steps.Redriven())
            case follower_steps.Pause(_, fetching):
                self.hear(follower_steps.Resumed(fetching))
            case follower_steps.Watch(mark_then):
                self.hear(follower_steps.GapDue(mark_then))


SOME = st.lists(st.integers(1, LENGTH), min_size=1, max_size=6)


@given(st.lists(st.tuples(st.integers(0, 50), HOW, SOME), max_size=60))
@settings(max_examples=200, deadline=None)
def test_a_follower_takes_each_event_once_in_order_and_acknowledges_nothing_before_its_commit(
    course: list[tuple[int, str, list[int]]],
) -> None:
    world = FollowerWorld()
    for which, how, seqs in course:
        if how == "crash":
            world.restart()
        elif which % 3 == 0:
            world.deliver(seqs, damaged=how == "lost")
        elif which % 3 == 1 and how == "late":
            world.hear(follower_steps.Beacon(Position.of(EVENTS[seqs[0] - 1])))
        elif world.under_way:
            world.do(which, how)
    world.hear(follower_steps.Beacon(HEAD))
    for _ in range(300):
        if world.under_way:
            world.do(0, "well")
    assert world.mark == HEAD
    assert not world.batches, "a batch was never acknowledged"
    assert not world.under_way


@dataclass(frozen=True)
class Case:
    subjects: tuple[str, ...]
    poison: bool
    unreadable: bool
    discarded: bool


CASE = st.builds(
    Case,
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=2, unique=True).map(tuple),
    st.booleans(),
    st.sampled_from([False, False, False, True]),
    st.sampled_from([False, False, True]),
)


def plainly(cases: list[Case]) -> tuple[list[int], list[int]]:
    """What must be applied and what held, one event after the other, as §2 of the design says it."""
    blocked: set[str] = set()
    applied, held = [], []
    for nr, case in enumerate(cases):
        if case.discarded:
            continue
        if case.unreadable or blocked & set(case.subjects) or case.poison:
            held.append(nr)
            blocked |= set(case.subjects)
        else:
            applied.append(nr)
    return applied, held


@given(st.lists(CASE, max_size=10))
@settings(max_examples=300, deadline=None)
def test_quarantine_holds_exactly_the_poison_and_what_stands_behind_it(cases: list[Case]) -> None:
    log = made(len(cases))
    items = [
        quarantine_steps.Item(
            log[nr],
            case.subjects,
            None if case.unreadable else Recorded(None, None),  # type: ignore[arg-type]
            ("schema", "unreadable") if case.unreadable else None,
        )
        for nr, case in enumerate(cases)
    ]
    discarded = [(1, nr + 1) for nr, case in enumerate(cases) if case.discarded]
    applied: list[int] = []
    state, action = quarantine_steps.begin(items, {}, discarded)
    while isinstance(action, quarantine_steps.Apply):
        tried = [item.event.seq - 1 for item in action.items]
        if any(cases[nr].poison for nr in tried):
            said: quarantine_steps.Input = quarantine_steps.Poisoned("unfit", "a rule says no")
        else:
            applied += tried
            said = quarantine_steps.Applied()
        state, action = quarantine_steps.step(state, said)
    assert (applied, [one.item.event.seq - 1 for one in action.held]) == plainly(cases)
