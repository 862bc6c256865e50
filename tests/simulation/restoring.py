"""A database comes back from a backup: the real gate judges it, the real plan brings its log back from who holds it.

The restore is a generator that stops wherever the real one (``restore.py``) waits for others or has committed; it may
be killed at each stop, and what its transactions left is all that the next one knows.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from chassis import gate_steps, restore_plan
from chassis.facts import Stored
from chassis.positions import Position

from tests.simulation.deeds import OPENED, deed

PAGE = 2
"""Events that a follower gives at once."""

if TYPE_CHECKING:
    from tests.simulation.database import Database
    from tests.simulation.service import Service
    from tests.simulation.world import World


@dataclass(frozen=True, slots=True)
class Restored:
    """``lost``: what was accepted and nobody held; ``reported``: the ranges that people are told of."""

    lost: tuple[Stored, ...]
    reported: tuple[restore_plan.NotRecovered, ...]


def judge(world: World, service: Service) -> gate_steps.Gate:
    """Ask the head file, the stream and every follower that answers, until patience is over."""
    followers = [other for other in world.services.values() if service.log in other.follows]
    state = gate_steps.begin(other.log for other in followers)
    inputs: list[gate_steps.Input] = [gate_steps.FileRead(service.head_file)]
    streams = [world.streams[name] for name in service.destinations]
    seen = [stream for stream in streams if stream.there and world.connected(service.site, stream.site)]
    if seen:
        last = seen[0].messages.get(seen[0].last)
        inputs.append(gate_steps.Told(gate_steps.STREAM, Position.of(last) if last else None))
    for other in followers:
        if world.answers(other, service.site):
            mark = other.database.marks[service.log]
            inputs.append(gate_steps.Told(other.log, mark if mark.seq else None))
    inputs.append(gate_steps.PatienceOver())
    for said in inputs:
        state, actions = gate_steps.step(state, said)
        for action in actions:
            if isinstance(action, gate_steps.Compare):
                state, _ = gate_steps.step(state, _own_word(service.database, action.seqs))
    return state


def _own_word(database: Database, seqs: tuple[int, ...]) -> gate_steps.Compared:
    own = database.own
    held = {seq: own[seq - 1].hash for seq in seqs if 0 < seq <= len(own)}
    ends = {before.epoch: before.seq for before, after in pairwise(own) if after.epoch > before.epoch}
    return gate_steps.Compared(database.head, held, ends)


class Silent(Exception):
    """Somebody who is asked does not answer: the restore stops, and the gate stays shut."""


Shell = Generator[str, None, Restored]
"""Says what it did. Raises Silent."""


def unfinished(database: Database) -> bool:
    """Whether a restore was begun and did not come to its end: then only the end of one opens the gate."""
    return database.restoring is not None


def bring_back(world: World, service: Service) -> Shell:
    """Take in what others hold past the own head, and open an epoch."""
    database = service.database
    followers = [other for other in world.services.values() if service.log in other.follows]
    marks: dict[str, Position] = {}
    for other in followers:
        _must_answer(world, service, other)
        marks[other.log] = other.database.marks[service.log]
        yield f"hears that {other.log} has {marks[other.log].seq}"
    own = database.head
    holders = [restore_plan.Holder(name, tip, _common(world, service, name)) for name, tip in marks.items()]
    plan = restore_plan.plan(own, False, holders, None, False)
    database.begin_restore()
    yield f"begins at {own.seq}"
    yield from _gather(world, service, plan.sources)
    tail = _tail(world, service)
    yield f"has read the streams after {database.head.seq}"
    yield from _take_in_noted(database, restore_plan.continuing(database.head, tail))
    # What a follower took while this went on, a stream may have lost before it was read.
    yield from _gather(world, service, tuple(marks))
    proved = [at for at in (*marks.values(), service.head_file) if at is not None]
    reported = tuple(restore_plan.not_recovered(database.head, proved))
    held = {event.hash for event in database.own}
    lost = tuple(event for event in world.recorded[service.log] if event.hash not in held)
    epoch = max([database.head.epoch, *(at.epoch for at in proved)]) + 1
    if any(event.epoch >= epoch for event in lost):
        # Of that epoch only the machine that was lost had known: its number is given a second time.
        world.unnoticed.add(service.log)
    _open_epoch(world, service, epoch)
    return Restored(lost, reported)


def _must_answer(world: World, service: Service, other: Service) -> None:
    if not world.answers(other, service.site):
        raise Silent(other.log)


def _gather(world: World, service: Service, sources: Sequence[str]) -> Generator[str, None, None]:
    """Page by page, from whoever has more; the place to go on from is read before each page."""
    database = service.database
    for name in sources:
        while True:
            other = world.services[name]
            _must_answer(world, service, other)
            at = _goes_on_from(database)
            page = other.database.received[service.log][at.seq : at.seq + PAGE]
            yield f"has asked {name} for what follows {at.seq}"
            if not (ready := restore_plan.continuing(at, page)):
                break
            yield from _take_in_noted(database, ready)


def _goes_on_from(database: Database) -> Position:
    """The end of the log, and not what the record of a restore says of it: that is written afterwards."""
    return database.head


def _take_in_noted(database: Database, events: list[Stored]) -> Generator[str, None, None]:
    """A transaction, and after it the record that people watch."""
    if events:
        _take_in(database, events)
        yield f"takes in {events[0].seq} to {events[-1].seq}"
        database.restoring = events[-1].seq


def _tail(world: World, service: Service) -> list[Stored]:
    """What the streams hold after the own head, link by link."""
    following: dict[bytes, Stored] = {}
    for name in service.destinations:
        stream = world.streams[name]
        if not world.connected(service.site, stream.site):
            raise Silent(name)
        following |= {event.prev: event for event in stream.messages.values()}
    tail: list[Stored] = []
    while (event := following.get(tail[-1].hash if tail else service.database.head.hash)) is not None:
        tail.append(event)
    return tail


def _common(world: World, service: Service, name: str) -> int:
    own, held = service.database.own, world.services[name].database.received[service.log]
    return sum(mine.hash == theirs.hash for mine, theirs in zip(own, held, strict=False))


def _take_in(database: Database, events: list[Stored]) -> None:
    database.take_own(events)


def _open_epoch(world: World, service: Service, epoch: int) -> None:
    was = service.database.head
    data = {
        "log": service.log,
        "previous_epoch": was.epoch,
        "last_seq": was.seq,
        "last_hash": was.hash.hex(),
        "reason": "simulated",
    }
    service.database.head = Position(epoch, was.seq, was.hash)
    service.database.restoring = None
    name = service.log.split(".")[1]
    made = deed(world.next_number(), name, (f"log:{service.log}",), type_name=OPENED, data=data)
    world.append(service, [made], f"opens epoch {epoch}")
