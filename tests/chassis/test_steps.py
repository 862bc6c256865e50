"""The decisions of relay, follower and quarantine against a courier that loses, repeats, reorders and crashes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from chassis import follower_steps, quarantine_steps, relay_steps
from chassis.facts import Appended, Recorded, Span, Stored
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


def appended(*events: Stored) -> Appended:
    """What append tells of events that it has just written."""
    first, last = events[0], events[-1]
    contents = tuple((event.header, event.data) for event in events)
    return Appended(Span(LOG, last.epoch, first.seq, last.seq, last.hash), contents, None)


EVENTS = made(LENGTH)
HEAD = Position.of(EVENTS[-1])
EMPTY = Position.start(LOG)


@dataclass
class RelayWorld:
    """A database with a log and a cursor, a stream that may lose what it acknowledged, and a relay whose actions are
    carried out when the test says."""

    cursor: Position = EMPTY
    stream: list[int] = field(default_factory=list)
    """Seqs in the order in which the stream holds them."""
    opens: Position = EMPTY
    """What is too old for the stream to hold."""
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
        assert self.state.sent - self.state.reached.seq <= 4
        assert len(self.state.ahead) <= 4 + 4 + 5, "memory is not bounded"

    def do(self, which: int, how: str) -> None:
        action = self.under_way[which % len(self.under_way)]
        if isinstance(action, relay_steps.Publish):  # one connection: what was sent first arrives first
            action = next(one for one in self.under_way if isinstance(one, relay_steps.Publish))
        self.under_way.remove(action)
        match action:
            case relay_steps.Publish(course, events):
                for event in events:
                    self.publish(course, event.seq, how)
            case relay_steps.ReadPage(after):
                page = tuple(EVENTS[after : after + 5])
                self.hear(relay_steps.PageRead(after, page, len(page) == 5))
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
            case relay_steps.LookAtStream(number, wanted, anchor):
                if how in ("lost", "late"):
                    self.hear(relay_steps.StreamAway(number, "no answer"))
                    return
                self.hear(relay_steps.StreamEnds(number, self.end(wanted, anchor), self.opens))

    def end(self, wanted: Position, anchor: relay_steps.Place | None) -> Position | None:
        if anchor and self.stream[anchor.stream_seq - 1 : anchor.stream_seq] == [anchor.seq]:
            return wanted
        last = self.stream[-1] if self.stream else 0
        return None if not last or (anchor and last > min(anchor.seq, wanted.seq)) else Position.of(EVENTS[last - 1])

    def publish(self, course: int, seq: int, how: str) -> None:
        again = seq in self.stream
        if how in ("well", "late", "twice") and not again:
            self.stream.append(seq)
        if how in ("well", "twice"):
            place = self.stream.index(seq) + 1
            farthest, new = relay_steps.Place(place, seq), None if again else place
            self.hear(relay_steps.Acked(course, (seq,), "loc-registry", farthest, new))
        if how == "twice":
            self.hear(relay_steps.Acked(course, (seq,), "loc-registry", farthest, None))
        if how in ("late", "lost"):
            self.hear(relay_steps.TimedOut(course, (seq,)))
        if how == "elsewhere":
            self.hear(relay_steps.Acked(course, (seq,), "loc-other"))
        if how == "refused":
            self.hear(relay_steps.Failed(course, (seq,), "the stream is full"))

    def settle(self) -> None:
        for _ in range(2000):
            self.do(0, "well") if self.under_way else self.hear(relay_steps.Ticked())
            if self.cursor == HEAD and not self.under_way and self.state.seen and self.state.trouble is None:
                return
        raise AssertionError(f"never settled: {self.state}")


HOW = st.sampled_from(["well", "late", "lost", "twice", "elsewhere", "refused", "crash", "handed"])
COURSE = st.lists(st.tuples(st.integers(0, 50), HOW), max_size=80)
SURE = st.lists(st.tuples(st.integers(0, 50), st.sampled_from(["well", "twice"])), max_size=80)
"""Nothing lost on the way, no restart: the relay knows where in the stream its events stand."""


def go(world: RelayWorld, course: list[tuple[int, str]]) -> None:
    for which, how in course:
        if how == "crash":
            world.restart()
        elif how == "handed":  # what was committed a moment or a while ago, and may have been read meanwhile
            world.hear(appended(*EVENTS[which % LENGTH : which % LENGTH + 1 + which % 3]))
        elif world.under_way:
            world.do(which, how)
        else:
            world.hear(relay_steps.Ticked())


@given(COURSE)
@settings(max_examples=200, deadline=None)
def test_the_cursor_never_passes_an_event_that_the_stream_lacks_and_all_arrive_in_the_end(
    course: list[tuple[int, str]],
) -> None:
    world = RelayWorld()
    for turn in course:
        go(world, [turn])
        assert all(seq in world.stream for seq in range(1, world.cursor.seq + 1)), "the cursor passed a lost event"
    world.settle()
    assert set(world.stream) == set(range(1, LENGTH + 1))


@given(SURE, st.integers(0, LENGTH), SURE)
@settings(max_examples=200, deadline=None)
def test_a_stream_that_lost_its_tail_is_filled_again_though_it_took_younger_events_since(
    before: list[tuple[int, str]], kept: int, after: list[tuple[int, str]]
) -> None:
    world = RelayWorld()
    go(world, before)
    del world.stream[kept:]
    go(world, after)
    world.settle()
    world.hear(relay_steps.LookDue())
    world.settle()
    assert set(world.stream) == set(range(1, LENGTH + 1))


@given(COURSE, st.integers(0, LENGTH), SURE, st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_stream_that_came_back_shorter_is_filled_again_from_where_it_ends(
    before: list[tuple[int, str]], kept: int, after: list[tuple[int, str]], restarted: bool
) -> None:
    # Not with a crash while what was on its way lands in the shorter stream: who begins anew sees a younger event at
    # its end and cannot tell that older ones are missing. Followers can, by the hole, and fetch them.
    world = RelayWorld()
    go(world, before)
    del world.stream[kept:]
    world.restart() if restarted else world.hear(relay_steps.Doubted())
    go(world, after)
    world.settle()
    assert set(world.stream) == set(range(1, LENGTH + 1))


def test_a_relay_reads_on_past_a_full_page_only_and_moves_its_cursor_once_between_polls() -> None:
    def begun(state: relay_steps.Relay, *said: relay_steps.Input) -> tuple[relay_steps.Relay, list[relay_steps.Action]]:
        done: list[relay_steps.Action] = []
        for one in said:
            state, actions = relay_steps.step(state, one)
            done += actions
        return state, done

    seen = relay_steps.StreamEnds(1, EMPTY, EMPTY)
    state, _ = begun(relay_steps.begin("loc-registry", 500, EMPTY), relay_steps.Woken(), seen)
    state, done = begun(state, relay_steps.PageRead(0, tuple(EVENTS[:5]), full=True))
    assert relay_steps.ReadPage(5) in done
    state, done = begun(state, relay_steps.PageRead(5, tuple(EVENTS[5:8]), full=False))
    assert not any(isinstance(one, relay_steps.ReadPage) for one in done)
    acked = relay_steps.Acked(0, tuple(range(1, 9)), "loc-registry")
    state, done = begun(state, acked, relay_steps.CursorMoved())
    assert relay_steps.MoveCursor(EMPTY, Position.of(EVENTS[7])) in done
    more = relay_steps.PageRead(8, tuple(EVENTS[8:]), full=False)
    state, done = begun(state, relay_steps.Woken(), more, relay_steps.Acked(0, (9, 10, 11, 12), "loc-registry"))
    assert relay_steps.ReadPage(8) in done
    assert state.reached == HEAD
    assert not any(isinstance(one, relay_steps.MoveCursor) for one in done)
    _, done = begun(state, relay_steps.Polled())
    assert relay_steps.MoveCursor(Position.of(EVENTS[7]), HEAD) in done


def test_what_was_just_committed_is_published_without_being_read_unless_something_lies_before_it() -> None:
    idle = relay_steps.begin("loc-registry", 4, EMPTY)
    for said in (relay_steps.Woken(), relay_steps.StreamEnds(1, EMPTY, EMPTY), relay_steps.PageRead(0, (), False)):
        idle, _ = relay_steps.step(idle, said)
    went, actions = relay_steps.step(idle, appended(*EVENTS[:2]))
    assert actions == [relay_steps.Publish(0, tuple(EVENTS[:2]))]
    assert relay_steps.step(went, appended(EVENTS[2]))[1] == [relay_steps.Publish(0, (EVENTS[2],))]
    for elsewhere in (appended(EVENTS[1]), replace(appended(EVENTS[0]), contents=((b"{}", b"other"),))):
        state, actions = relay_steps.step(idle, elsewhere)
        assert (state.ahead, actions) == ((), [relay_steps.ReadPage(0)])
    reading, _ = relay_steps.step(idle, relay_steps.Woken())
    state, actions = relay_steps.step(reading, appended(EVENTS[0]))
    assert (state.ahead, actions) == ((), [])
    assert relay_steps.ReadPage(0) in relay_steps.step(state, relay_steps.PageRead(0, (), False))[1]


def test_a_stream_laid_anew_gets_the_retained_window_and_nothing_older() -> None:
    world = RelayWorld()
    world.settle()
    world.stream.clear()
    world.opens = Position.of(EVENTS[6])
    world.hear(relay_steps.LookDue())
    world.settle()
    assert world.stream == list(range(8, LENGTH + 1))


def test_an_empty_stream_whose_window_holds_nothing_is_no_loss() -> None:
    world = RelayWorld()
    world.settle()
    world.stream.clear()
    world.opens = HEAD
    world.hear(relay_steps.LookDue())
    world.settle()
    assert world.stream == []


def test_an_event_that_gets_a_number_given_before_shows_that_what_stood_there_is_gone() -> None:
    world = RelayWorld(cursor=EMPTY)
    while world.state.reached.seq < 6:
        world.do(0, "well")
    world.stream.clear()  # and before anybody looks, the next events are acknowledged by what came instead
    world.settle()
    assert set(world.stream) == set(range(1, LENGTH + 1))


def test_a_full_stream_is_asked_with_one_event_at_a_time_until_it_takes_one() -> None:
    world = RelayWorld()
    tries = []
    for _ in range(40):
        if world.under_way and isinstance(world.under_way[0], relay_steps.Publish):
            tries.append(len(world.under_way[0].events))
        world.do(0, "refused") if world.under_way else world.hear(relay_steps.Ticked())
    assert tries[0] == 4
    assert len(tries) > 5
    assert set(tries[1:]) == {1}
    assert world.state.trouble == "the stream is full"
    world.settle()
    assert world.stream == list(range(1, LENGTH + 1)), "out of order"


def test_what_the_relay_was_told_before_it_stepped_back_does_not_count() -> None:
    world = RelayWorld()
    world.settle()
    world.stream.clear()
    world.hear(relay_steps.LookDue())
    while not (world.under_way and isinstance(world.under_way[0], relay_steps.Publish)):
        world.do(0, "well")
    world.hear(relay_steps.Acked(0, (1, 2, 3), "loc-registry"))
    assert world.state.reached == EMPTY


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
    discarded = [log[nr].hash for nr, case in enumerate(cases) if case.discarded]
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
