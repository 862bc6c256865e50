"""A database comes back from a backup: the real gate judges it, the real plan brings its log back from who holds it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from chassis import gate_steps, restore_plan
from chassis.facts import Stored
from chassis.positions import Position

from tests.simulation.deeds import OPENED, deed

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


def bring_back(world: World, service: Service) -> Restored | None:
    """Take in what others hold past the own head, and open an epoch. None while somebody is silent."""
    database = service.database
    followers = [other for other in world.services.values() if service.log in other.follows]
    if not all(world.answers(other, service.site) for other in followers):
        return None
    own = database.head
    marks = {other.log: other.database.marks[service.log] for other in followers}
    holders = [restore_plan.Holder(name, tip, _common(world, service, name)) for name, tip in marks.items()]
    plan = restore_plan.plan(own, False, holders, None, False)
    for name in plan.sources:
        held = world.services[name].database.received[service.log]
        _take_in(database, restore_plan.continuing(database.head, held[database.head.seq :]))
    following = {
        event.prev: event for stream in service.destinations for event in world.streams[stream].messages.values()
    }
    tail: list[Stored] = []
    while (event := following.get(tail[-1].hash if tail else database.head.hash)) is not None:
        tail.append(event)
    _take_in(database, restore_plan.continuing(database.head, tail))
    proved = [at for at in (*marks.values(), service.head_file) if at is not None]
    reported = tuple(restore_plan.not_recovered(database.head, proved))
    lost = tuple(event for event in world.recorded[service.log] if event.seq > database.head.seq)
    _open_epoch(world, service)
    return Restored(lost, reported)


def _common(world: World, service: Service, name: str) -> int:
    own, held = service.database.own, world.services[name].database.received[service.log]
    return sum(mine.hash == theirs.hash for mine, theirs in zip(own, held, strict=False))


def _take_in(database: Database, events: list[Stored]) -> None:
    if events:
        database.take_own(events)


def _open_epoch(world: World, service: Service) -> None:
    was = service.database.head
    data = {
        "log": service.log,
        "previous_epoch": was.epoch,
        "last_seq": was.seq,
        "last_hash": was.hash.hex(),
        "reason": "simulated",
    }
    service.database.head = Position(was.epoch + 1, was.seq, was.hash)
    name = service.log.split(".")[1]
    made = deed(world.next_number(), name, (f"log:{service.log}",), type_name=OPENED, data=data)
    world.append(service, [made], f"opens epoch {was.epoch + 1}")
