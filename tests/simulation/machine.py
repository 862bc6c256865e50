"""Everything that may happen to the simulated world, as a state machine that Hypothesis drives and shortens."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.simulation.deeds import Nature
from tests.simulation.promises import Broken
from tests.simulation.running import HOWS, Copy, How
from tests.simulation.service import Service
from tests.simulation.world import AGGREGATES, LOGS, Delivery, World

SERVICE = st.integers(0, len(LOGS) - 1)
COPY = st.integers(1, 2)
WHICH = st.integers(0, 7)
SOME = st.integers(1, 4)
ABOUT = st.lists(st.sampled_from(AGGREGATES), min_size=1, max_size=2, unique=True).map(tuple)
HOW: st.SearchStrategy[How] = st.sampled_from(HOWS)
NATURE: st.SearchStrategy[Nature] = st.sampled_from(
    ["sound", "sound", "sound", "sound", "refused", "schema", "version", "unreadable"]
)
DELIVERED: st.SearchStrategy[Delivery] = st.sampled_from(["well", "shuffled", "doubled", "damaged"])


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

    def _copy(self, service: int, nr: int) -> Copy | None:
        copies = self._service(service).copies
        return copies.get(nr) or next(iter(copies.values()), None)

    def _followed(self, service: Service, which: int) -> str:
        return list(service.follows)[which % len(service.follows)]

    @rule(service=SERVICE, about=ABOUT, events=st.integers(1, 3), nature=NATURE)
    def commit(self, service: int, about: tuple[str, ...], events: int, nature: Nature) -> None:
        self.world.commit(self._service(service), about, events, nature)

    @rule(parts=st.integers(1, 60))
    def work(self, parts: int) -> None:
        self.world.work_on(parts)

    @rule(service=SERVICE, nr=COPY, which=WHICH, how=HOW)
    def part(self, service: int, nr: int, which: int, how: How) -> None:
        copy = self._copy(service, nr)
        if copy is not None and copy.doing:
            self.world.part(copy, which, how)

    @rule(courses=st.lists(st.tuples(st.integers(0, 40), HOW), min_size=1, max_size=25))
    def turmoil(self, courses: list[tuple[int, How]]) -> None:
        for which, how in courses:
            self.world.anything(which, how)
            self._watching(self.world.check)

    @rule(service=SERVICE, log=st.integers(0, 1), count=SOME, how=DELIVERED, nr=COPY)
    def deliver(self, service: int, log: int, count: int, how: Delivery, nr: int) -> None:
        on = self._service(service)
        self.world.deliver(on, self._followed(on, log), count, how, nr if len(on.copies) > 1 else None)

    @rule(service=SERVICE, log=st.integers(0, 1))
    def deliver_again(self, service: int, log: int) -> None:
        on = self._service(service)
        self.world.deliver_again(on, self._followed(on, log))

    @rule(service=SERVICE)
    def speak(self, service: int) -> None:
        self.world.speak(self._service(service))

    @precondition(lambda self: self.world.air)
    @rule(which=WHICH)
    def hear(self, which: int) -> None:
        self.world.hear(which)

    @precondition(lambda self: self.world.air)
    @rule(which=WHICH)
    def lose_word(self, which: int) -> None:
        self.world.lose_word(which)

    @rule(stream=st.integers(0, 3), count=SOME)
    def lose_tail(self, stream: int, count: int) -> None:
        self.world.lose_tail(list(self.world.streams.values())[stream], count)

    @rule(stream=st.integers(0, 3), which=WHICH)
    def lose_one(self, stream: int, which: int) -> None:
        self.world.lose_one(list(self.world.streams.values())[stream], which)

    @rule(stream=st.integers(0, 3))
    def forget_ids(self, stream: int) -> None:
        on = list(self.world.streams.values())[stream]
        on.forget_ids()
        self.world.tell(f"The time within which {on.name} knows duplicates is over.")

    @rule(service=SERVICE, log=st.integers(0, 1))
    def lose_consumer(self, service: int, log: int) -> None:
        on = self._service(service)
        self.world.lose_consumer(on, self._followed(on, log))

    @rule(service=SERVICE, nr=COPY)
    def crash(self, service: int, nr: int) -> None:
        self.world.crash(self._service(service), nr)

    @rule(service=SERVICE, nr=COPY)
    def start(self, service: int, nr: int) -> None:
        self.world.start(self._service(service), nr)

    @precondition(lambda self: not self.world.cut)
    @rule()
    def cut_off(self) -> None:
        self.world.cut_off()

    @precondition(lambda self: self.world.cut)
    @rule()
    def heal(self) -> None:
        self.world.heal()

    @rule(service=SERVICE, hours=st.integers(-30, 30))
    def skew(self, service: int, hours: int) -> None:
        self.world.skew(self._service(service), hours)

    @precondition(lambda self: any(one.database.held for one in self.world.services.values()))
    @rule(service=SERVICE, which=WHICH)
    def discard(self, service: int, which: int) -> None:
        self.world.discard(self._service(service), which)

    @precondition(lambda self: any(one.database.held for one in self.world.services.values()))
    @rule(service=SERVICE)
    def mend(self, service: int) -> None:
        self.world.mend(self._service(service))

    @rule(service=SERVICE)
    def redrive(self, service: int) -> None:
        self.world.redrive(self._service(service))

    @rule()
    def rest(self) -> None:
        self._watching(self.world.rest)

    @invariant()
    def promises_hold(self) -> None:
        self._watching(self.world.check)

    def _watching(self, do) -> None:
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


__all__ = ["Broken", "Machine"]
