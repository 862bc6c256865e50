"""What must hold of the simulated world: after each step whatever happens, and at rest when faults are over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from chassis.facts import Stored
from chassis.positions import Position
from contracts.envelope import event_hash

from tests.simulation.deeds import Table, enter, reaction_key, told

if TYPE_CHECKING:
    from tests.simulation.database import Database, Place
    from tests.simulation.restoring import Restored
    from tests.simulation.running import Copy, InHand
    from tests.simulation.service import Service
    from tests.simulation.world import World


class Broken(AssertionError):
    """A promise does not hold; the text says which and where."""


def check(world: World) -> None:
    """After each step. A database is looked at when something was committed in it."""
    for service in world.services.values():
        if world.looked_at.get(service.log) == service.database.changes:
            continue
        world.looked_at[service.log] = service.database.changes
        _own_log_is_a_chain(service.database)
        _tables_are_folds(service.database)
        _what_is_held_is_poison_or_behind(service)
        _reactions_happened_at_most_once(service.database)
        _relay_passed_nothing_that_was_not_acknowledged(world, service)
        _accepted_receipts_stand(world, service)
        for log in service.follows:
            _received_is_what_was_sent(world, service, log)


def fold(events: Iterable[Stored]) -> Table:
    """A table from its log alone, event by event."""
    table: Table = {}
    for event in events:
        enter(table, event)
    return table


def _own_log_is_a_chain(database: Database) -> None:
    _is_a_chain(database.log, database.own)
    if database.head != (Position.of(database.own[-1]) if database.own else Position.start(database.log)):
        raise Broken(f"the head of {database.log} is not its last event")


_sound: set[bytes] = set()
"""Hashes that were recomputed from the bytes once."""


def _is_a_chain(log: str, events: list[Stored]) -> None:
    at = Position.start(log)
    for event in events:
        if event.seq != at.seq + 1 or event.prev != at.hash or event.epoch < at.epoch:
            raise Broken(f"{event.key} does not follow {at.epoch}:{at.seq}")
        if event.hash not in _sound:
            if event_hash(event.prev, event.epoch, event.seq, event.header, event.data) != event.hash:
                raise Broken(f"the bytes of {event.key} do not give its hash")
            _sound.add(event.hash)
        at = Position.of(event)


def _tables_are_folds(database: Database) -> None:
    """Each table is the fold of its one log's accepted events: each once, in order."""
    if database.tables[database.log] != fold(database.own):
        raise Broken(f"the tables of {database.log} are not the fold of its log")
    for log, events in database.received.items():
        accepted = [
            event
            for event in events
            if (log, event.epoch, event.seq) not in database.held and event.hash not in database.discarded
        ]
        if database.tables[log] != fold(accepted):
            raise Broken(f"the tables that {database.log} keeps of {log} are not the fold of what it accepted")


def _what_is_held_is_poison_or_behind(service: Service) -> None:
    database = service.database
    held_before: Counter[tuple[str, str]] = Counter()
    for (log, _, _), row in sorted(database.held.items()):
        subjects = told(row.event).subjects
        if row.kind == "behind":
            if not any(held_before[log, subject] for subject in subjects):
                raise Broken(f"{row.event.key} is held in {service.log} behind nothing")
        elif told(row.event).nature == "sound":
            raise Broken(f"{row.event.key} is held in {service.log} and is not poison")
        held_before.update((log, subject) for subject in subjects)


def _reactions_happened_at_most_once(database: Database) -> None:
    keys = Counter(told(event).key for event in database.own)
    for key, times in keys.items():
        if key is not None and times > 1:
            raise Broken(f"{database.log} reacted {times} times: {key}")


def _relay_passed_nothing_that_was_not_acknowledged(world: World, service: Service) -> None:
    for stream, cursor in service.database.cursors.items():
        for event in service.database.own[: cursor.seq]:
            if event.hash not in world.streams[stream].acknowledged:
                raise Broken(f"the relay passed {event.key}, which {stream} never acknowledged")
        if cursor.seq and Position.of(service.database.own[cursor.seq - 1]) != cursor:
            raise Broken(f"the cursor of {stream} is not on {service.log}")


def _accepted_receipts_stand(world: World, service: Service) -> None:
    own = {event.seq: event.hash for event in service.database.own}
    if service.shut:
        return
    for seq, hash_ in world.accepted[service.log].items():
        if own.get(seq) != hash_:
            raise Broken(f"{service.log}:{seq} was accepted and is gone")
    for seq, hash_ in world.centre[service.log].items():
        if own.get(seq) != hash_:
            raise Broken(f"{service.log}:{seq} read at the centre and is gone")


def _received_is_what_was_sent(world: World, service: Service, log: str) -> None:
    """Each event once, in order, byte for byte; on one branch only."""
    received = service.database.received[log]
    _is_a_chain(log, received)
    mark = service.database.marks[log]
    if mark != (Position.of(received[-1]) if received else Position.start(log)):
        raise Broken(f"the mark of {log} in {service.log} is not the last event received")
    for event in received:
        if event.hash not in world.ever[log].get(event.seq, ()):
            raise Broken(f"{service.log} received {event.key}, which nobody recorded")


def no_receipt_names_two_events(world: World, event: Stored) -> None:
    if event.log not in world.unnoticed and world.keys.get(event.key, event.hash) != event.hash:
        raise Broken(f"{event.key} names a second event")


def only_what_was_here_only_is_lost(world: World, service: Service, restored: Restored) -> None:
    """Nothing that read *at the centre*, and every lost receipt lies in a range that was reported."""
    centre = set(world.centre[service.log].values())
    for event in restored.lost:
        if event.hash in centre:
            raise Broken(f"{event.key} read at the centre and was not recovered")
        if not any(one.epoch >= event.epoch and event.seq >= one.from_seq for one in restored.reported):
            raise Broken(f"{event.key} was lost and is not reported: {restored.reported}")


def nothing_lost_is_held(world: World, service: Service, restored: Restored) -> None:
    """What anybody who was asked holds is brought back; in a stream only what continues the log can be told."""
    lost = {event.hash for event in restored.lost}
    for other in world.services.values():
        for event in other.database.received.get(service.log, ()):
            if event.hash in lost:
                raise Broken(f"{event.key} was not recovered, and {other.log} holds it")
    for event in restored.lost[:1]:
        for name in service.destinations:
            if event in world.streams[name].messages.values():
                raise Broken(f"{event.key} was not recovered, and {name} holds it")


def no_restore_is_left_unfinished(service: Service) -> None:
    """Only the end of a restore opens a gate behind which one was begun."""
    if service.database.restoring is not None:
        raise Broken(f"the gate of {service.log} opened amid a restore, at {service.database.head.seq}")


def nobody_who_answered_knew(world: World, service: Service, gone: list[Stored]) -> None:
    """The gate may open on a log that lies behind only if nobody who could be asked had any of it."""
    hashes = {event.hash for event in gone}
    for other in world.services.values():
        if world.answers(other, service.site):
            for event in other.database.received.get(service.log, ()):
                if event.hash in hashes:
                    raise Broken(f"the gate of {service.log} opened, and {other.log} holds {event.key}")
    known = service.head_file.seq if service.head_file is not None else 0
    if known > service.database.head.seq:
        raise Broken(f"the gate of {service.log} opened at {service.database.head.seq}; its head file says {known}")


def nothing_acknowledged_before_it_is_committed(service: Service, batch: InHand) -> None:
    """Damaged messages are as if they had not come, and what an epoch left behind is nothing to be committed."""
    mark = service.database.marks[batch.log]
    for event in batch.events:
        if event.seq > mark.seq and event.epoch >= mark.epoch and event.data != b"?":
            raise Broken(f"{service.log} acknowledged {event.key} with its mark at {mark.seq}")


def no_fork_where_there_is_one_branch(world: World, copy: Copy, log: str, reason: str) -> None:
    """A log that came back from a backup is behind its followers until it is brought back: that stops them, too."""
    follower, producer = copy.followers[log], world.services[log]
    gone_back = (
        follower.fork_kind == "head-behind"
        and follower.fork_seen is not None
        and follower.fork_seen.epoch < producer.database.head.epoch
    )
    if not gone_back and not forked(world, log):
        raise Broken(f"a fork of {log} was declared, and there is one branch: {reason}")


def forked(world: World, log: str) -> bool:
    """Whether there are two branches: two events under one seq, or a log that went on without what others may hold."""
    return log in world.left_behind or any(len(hashes) > 1 for hashes in world.ever[log].values())


def short_of_rest(world: World) -> str | None:
    """What is still to come when nothing moves any more; None when all has come."""
    for service in world.services.values():
        database = service.database
        for stream, cursor in database.cursors.items():
            if cursor != database.head:
                return f"the relay of {stream} at {cursor.seq} of {database.head.seq}"
        for log in service.follows:
            producer = world.services[log].database
            if _stopped(service, log):
                continue
            mark = database.marks[log]
            if mark.seq and (mark.seq > len(producer.own) or Position.of(producer.own[mark.seq - 1]) != mark):
                return f"{service.log} on another branch of {log}, at {mark.epoch}:{mark.seq}, and no fork found"
            if database.marks[log] != producer.head:
                return f"{service.log} at {database.marks[log].seq} of {log}, which is at {producer.head.seq}"
            if producer.head.seq and producer.follower_marks.get(service.log) != producer.head:
                return f"{log} not told how far {service.log} has come"
            if any(batch.log == log for copy in service.copies.values() for batch in copy.in_hand.values()):
                return f"a delivery of {log} in {service.log} that was never acknowledged"
        for copy in service.copies.values():
            if copy.doing:
                return f"{copy.name} at work on {[doing.what for doing in copy.doing]}"
        for reaction in service.reactions:
            for event in database.received[reaction.log]:
                if reaction.takes(event) and not _answered(service, reaction.name, event):
                    return f"{reaction.name} not done for {event.key}"
    return None


def _stopped(service: Service, log: str) -> bool:
    """Whether a fork stopped a follower of that log: people choose first."""
    return any(copy.followers[log].fork for copy in service.copies.values())


def _answered(service: Service, reaction: str, event: Stored) -> bool:
    """Done, or left out for good, or waiting for what this service holds or does not get before people have chosen."""
    database = service.database
    place = (event.log, event.epoch, event.seq)
    if reaction_key(reaction, event) in database.done or event.hash in database.discarded or place in database.held:
        return True
    waiting = database.waits.get((reaction, place), "")
    if not waiting.startswith("event:"):
        return False
    log, epoch, seq = waiting.removeprefix("event:").split(":")
    needed = (log, int(epoch), int(seq))
    received = database.received[log]
    discarded = len(received) >= int(seq) and received[int(seq) - 1].hash in database.discarded
    return discarded or needed in database.held or _stopped(service, log)


def check_at_rest(world: World) -> None:
    for service in world.services.values():
        for log, events in service.database.received.items():
            _quarantine_is_exact(service, log, events)


def _quarantine_is_exact(service: Service, log: str, events: list[Stored]) -> None:
    """One event after the other: poison is held, and all that shares a subject with what is held before it."""
    held: set[Place] = set()
    blocked: set[str] = set()
    for event in events:
        place = (log, event.epoch, event.seq)
        if event.hash in service.database.discarded:
            continue
        subjects = set(told(event).subjects)
        if service.is_poison(event) or blocked & subjects:
            held.add(place)
            blocked |= subjects
    found = {place for place in service.database.held if place[0] == log}
    if found != held:
        raise Broken(f"{service.log} holds {sorted(found)} of {log}, not {sorted(held)}")
