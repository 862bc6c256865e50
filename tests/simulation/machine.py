"""Everything that may happen to the simulated world, as a state machine that Hypothesis drives and shortens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.simulation.deeds import Nature
from tests.simulation.service import Service
from tests.simulation.world import AGGREGATES, LOGS, STREAMS, Course, World

SERVICE = st.integers(0, len(LOGS) - 1)
COPY = st.integers(1, 2)
WHICH = st.integers(0, 7)
SOME = st.integers(1, 4)
ABOUT = st.lists(st.sampled_from(AGGREGATES), min_size=1, max_size=2, unique=True).map(tuple)
NATURE: st.SearchStrategy[Nature] = st.sampled_from(
    ["sound", "sound", "sound", "sound", "refused", "schema", "version", "unreadable"]
)
_WELL: tuple[Course, ...] = ("well",)
_FAULTS: tuple[Course, ...] = ("late", "lost", "elsewhere", "refused")
COURSES: tuple[Course, ...] = (*_WELL * 18, *_FAULTS * 3, "killed", "killed")
COMMANDS = 216
"""From here on the first byte means a command."""
TURMOIL = st.integers(1, 60).flatmap(lambda length: st.binary(min_size=2 * length, max_size=2 * length))
"""Two bytes for each thing that happens: which it is, and the course that it takes."""
OF_NATS = Literal["tail", "one", "store", "lay", "ids", "consumer", "remake", "again", "word"]
OF_PEOPLE = Literal["discard", "mend", "redrive", "skew"]
OF_MACHINES = Literal["crash", "start", "cut", "heal"]


class Machine(RuleBasedStateMachine):
    """One world. At the end of every story it must come to rest with nothing lost and nothing twice."""

    last: World
    """The world made last: after a failure the one of the shortest story."""
    parts = 0
    """Parts of shells done by all worlds."""

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).last = World()
        self.broken = False

    def _service(self, which: int) -> Service:
        return self.world.services[LOGS[which]]

    @initialize(twice=st.tuples(*[st.booleans()] * len(LOGS)))
    def copies(self, twice: tuple[bool, ...]) -> None:
        for service, two in enumerate(twice):
            if two:
                self.world.start(self._service(service), 2)

    @rule(service=SERVICE, about=ABOUT, events=st.integers(1, 3), nature=NATURE)
    def commit(self, service: int, about: tuple[str, ...], events: int, nature: Nature) -> None:
        self.world.commit(self._service(service), about, events, nature)

    @rule(parts=st.integers(1, 60))
    def work(self, parts: int) -> None:
        self.world.work_on(parts)

    @rule(courses=TURMOIL)
    def turmoil(self, courses: bytes) -> None:
        for which, course in zip(courses[::2], courses[1::2], strict=True):
            if which >= COMMANDS:
                nature: Nature = "sound" if course % 8 else "refused"
                self.world.commit(self._service(which % 3), (AGGREGATES[course % 3],), 1, nature)
            else:
                self.world.anything(which, COURSES[course % len(COURSES)])
            self._watching(self.world.check)

    @rule(courses=TURMOIL)
    def more_turmoil(self, courses: bytes) -> None:
        self.turmoil(courses)

    @rule(service=SERVICE)
    def speak(self, service: int) -> None:
        self.world.speak(self._service(service))

    @rule(what=st.sampled_from(get_args(OF_NATS)), stream=st.integers(0, 3), which=WHICH, count=SOME)
    def nats_fails(self, what: OF_NATS, stream: int, which: int, count: int) -> None:
        world, on = self.world, self.world.streams[list(STREAMS)[stream]]
        service, log = [(one, log) for one in world.services.values() for log in one.follows][which % 5]
        match what:
            case "tail":
                world.lose_tail(on, count)
            case "one":
                world.lose_one(on, which)
            case "store":
                world.lose_stream(on)
            case "lay":
                world.lay_stream(on)
            case "ids":
                world.forget_ids(on)
            case "consumer":
                world.lose_consumer(service, log)
            case "remake":
                world.remake_consumer(service, log)
            case "again":
                world.deliver_again(service, log)
            case "word":
                world.lose_word(which)

    @rule(what=st.sampled_from(get_args(OF_MACHINES)), service=SERVICE, nr=COPY)
    def machines_fail(self, what: OF_MACHINES, service: int, nr: int) -> None:
        match what:
            case "crash":
                self.world.crash(self._service(service), nr)
            case "start":
                self.world.start(self._service(service), nr)
            case "cut":
                self.world.cut_off()
            case "heal":
                self.world.heal()

    @rule(what=st.sampled_from(get_args(OF_PEOPLE)), service=SERVICE, which=WHICH)
    def people_act(self, what: OF_PEOPLE, service: int, which: int) -> None:
        on = self._service(service)
        match what:
            case "discard":
                self.world.discard(on, which)
            case "mend":
                self.world.mend(on)
            case "redrive":
                self.world.redrive(on)
            case "skew":
                self.world.skew(on, which * 7 - 24)

    @rule(service=SERVICE)
    def back_up(self, service: int) -> None:
        self.world.back_up(self._service(service))

    @rule(service=SERVICE, which=st.integers(0, 1), file_too=st.booleans())
    def restore(self, service: int, which: int, file_too: bool) -> None:
        self._watching(lambda: self.world.restore(self._service(service), which, file_too=file_too))

    @precondition(lambda self: any(service.shut for service in self.world.services.values()))
    @rule(parts=st.integers(0, 12), killed=st.booleans())
    def bring_back(self, parts: int, killed: bool) -> None:
        (shut,) = [service for service in self.world.services.values() if service.shut]
        self._watching(lambda: self.world.bring_back(shut, parts))
        if killed:
            self.world.crash(shut, 1)

    @rule()
    def rest(self) -> None:
        self._watching(self.world.rest)

    @invariant()
    def promises_hold(self) -> None:
        self._watching(self.world.check)

    def _watching(self, do: Callable[[], None]) -> None:
        try:
            do()
        except BaseException:
            self.broken = True
            raise

    def teardown(self) -> None:
        try:
            if not self.broken:
                self.world.rest()
        finally:
            type(self).parts += self.world.actions
