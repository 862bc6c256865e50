"""The durable half of a simulated service: what a crash spares and a backup brings back, changed by transactions only.

The transactions are those of the shells (``held.py``, ``received.py``, ``relay.py``, ``reacting.py``, ``beacon.py``) in
plain state; what to do with poison is decided by the real ``quarantine_steps``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chassis import quarantine_steps
from chassis.facts import Recorded, Stored
from chassis.positions import Position

from tests.simulation.deeds import DISCARD, Deed, Table, chained, enter, told

Place = tuple[str, int, int]
"""Log, epoch, seq."""


@dataclass(frozen=True, slots=True)
class Held:
    """A row of quarantine."""

    event: Stored
    kind: str
    subjects: tuple[str, ...]


@dataclass
class Database:
    """``changes`` counts commits. Each public method that writes is one transaction."""

    log: str
    head: Position
    own: list[Stored] = field(default_factory=list)
    cursors: dict[str, Position] = field(default_factory=dict)
    marks: dict[str, Position] = field(default_factory=dict)
    received: dict[str, list[Stored]] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    held: dict[Place, Held] = field(default_factory=dict)
    discarded: frozenset[bytes] = frozenset()
    """Hashes of events that people left out for good."""
    done: frozenset[str] = frozenset()
    """Keys of reactions whose facts lie in the own log."""
    reacted: dict[tuple[str, str], int] = field(default_factory=dict)
    waits: dict[tuple[str, Place], str] = field(default_factory=dict)
    follower_marks: dict[str, Position] = field(default_factory=dict)
    changes: int = 0
    restoring: int | None = None
    """How far a restore that is not finished yet has come, by its record; None when none is, as in every backup."""

    @staticmethod
    def empty(log: str, destinations: Iterable[str], follows: Iterable[str]) -> Database:
        return Database(
            log,
            Position.start(log),
            cursors={stream: Position.start(log) for stream in destinations},
            marks={followed: Position.start(followed) for followed in follows},
            received={followed: [] for followed in follows},
            tables={one: {} for one in (log, *follows)},
        )

    def copied(self) -> Database:
        """A backup: equal now, apart from now on."""
        return Database(
            self.log,
            self.head,
            list(self.own),
            dict(self.cursors),
            dict(self.marks),
            {log: list(events) for log, events in self.received.items()},
            {log: dict(table) for log, table in self.tables.items()},
            dict(self.held),
            self.discarded,
            self.done,
            dict(self.reacted),
            dict(self.waits),
            dict(self.follower_marks),
            self.changes,
        )

    # The own log

    def append(self, deeds: Sequence[Deed]) -> list[Stored]:
        """A unit of work: its facts applied and appended at once."""
        events = chained(self.log, self.head.epoch, (self.head.seq, self.head.hash), deeds)
        self.take_own(events)
        return events

    def take_own(self, events: Sequence[Stored]) -> None:
        for event in events:
            about = told(event)
            enter(self.tables[self.log], event)
            if about.type == DISCARD:
                self.discarded |= {bytes.fromhex(str(about.data["hash"]))}
            if about.key is not None:
                self.done |= {about.key}
        self.own += events
        self.head = Position.of(events[-1])
        self.changes += 1

    def begin_restore(self) -> None:
        """One that was begun before is taken up again."""
        if self.restoring is None:
            self.restoring = self.head.seq

    # Relay

    def move_cursor(self, stream: str, moved_from: Position, to: Position) -> bool:
        if self.cursors[stream] != moved_from:
            return False
        self.cursors[stream] = to
        self.changes += 1
        return True

    def keep_mark(self, follower: str, at: Position) -> bool:
        """Only if that is the own hash there."""
        if at.seq < 1 or at.seq > len(self.own) or Position.of(self.own[at.seq - 1]) != at:
            return False
        self.follower_marks[follower] = at
        self.changes += 1
        return True

    # Followers

    def take_batch(
        self, log: str, mark: Position, events: Sequence[Stored], refuses: Refuses, newer: frozenset[bytes]
    ) -> bool:
        """Mark by compare-and-set, received, apply what is not poison. False when somebody else moved the mark."""
        if self.marks[log] != mark:
            return False
        self.marks[log] = Position.of(events[-1])
        self.received[log] += events
        batch = [_item(event, newer) for event in events]
        blocked: dict[str, str] = {}
        for _, row in sorted((place, row) for place, row in self.held.items() if place[0] == log):
            for subject in row.subjects:
                blocked.setdefault(subject, row.event.key)
        self._hold(log, self._tried(log, batch, blocked, refuses))
        self.changes += 1
        return True

    def redrive(self, log: str, refuses: Refuses, newer: frozenset[bytes]) -> int:
        """Try again what is held of a log, in order. Returns how many are not held any more."""
        places = sorted(place for place in self.held if place[0] == log)
        if not places:
            return 0
        batch = [_item(self.held[place].event, newer) for place in places]
        found = self._tried(log, batch, {}, refuses)
        for place in places:
            del self.held[place]
        self._hold(log, found)
        self.changes += 1
        return len(places) - len(found)

    def _tried(
        self, log: str, batch: Sequence[quarantine_steps.Item], blocked: Mapping[str, str], refuses: Refuses
    ) -> tuple[quarantine_steps.Held, ...]:
        state, action = quarantine_steps.begin(batch, blocked, self.discarded)
        while isinstance(action, quarantine_steps.Apply):
            savepoint = dict(self.tables[log])
            said: quarantine_steps.Input = quarantine_steps.Applied()
            for item in action.items:
                if refuses(item.event):
                    self.tables[log] = savepoint
                    said = quarantine_steps.Poisoned("simulated", f"{item.event.key} is refused")
                    break
                enter(self.tables[log], item.event)
            state, action = quarantine_steps.step(state, said)
        return action.held

    def _hold(self, log: str, found: Sequence[quarantine_steps.Held]) -> None:
        for one in found:
            event = one.item.event
            self.held[log, event.epoch, event.seq] = Held(event, one.kind, one.item.subjects)

    # Reactions

    def pass_by(self, reaction: str, log: str, seq: int, waiting: tuple[Place, str] | None = None) -> None:
        if waiting is not None:
            self.waits.setdefault((reaction, waiting[0]), waiting[1])
        self.reacted[reaction, log] = max(seq, self.reacted.get((reaction, log), 0))
        self.changes += 1

    def end_wait(self, reaction: str, place: Place) -> None:
        self.waits.pop((reaction, place), None)
        self.changes += 1


Refuses = Callable[[Stored], bool]


def _item(event: Stored, newer: frozenset[bytes]) -> quarantine_steps.Item:
    """As today's models read it, or, for hashes in ``newer``, as a later version of the service does."""
    read = quarantine_steps.item(event)
    if read.poison is not None and event.hash in newer:
        return quarantine_steps.Item(event, read.subjects, Recorded(None, None))  # type: ignore[arg-type]
    return read
