"""The simulated world: three services on two sites, what people and faults do to them, and coming to rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import count
from typing import Any, Literal

from chassis import follower_steps
from chassis.facts import Appended, Span, Stored
from chassis.positions import Position

from tests.simulation import promises, restoring
from tests.simulation.courier import Consumer, Stream, Word
from tests.simulation.database import Database
from tests.simulation.deeds import DISCARD, Deed, Nature, deed, enter, reaction_key, told
from tests.simulation.promises import Broken
from tests.simulation.running import BATCH_EVENTS, Copy, How, InHand
from tests.simulation.service import Reaction, Service

REGISTRY, SCORING, AWARDS = "cb.registry", "vn.scoring", "vn.awards"
LOGS = (REGISTRY, SCORING, AWARDS)
STREAMS = {"up-registry": "vn", "loc-scoring": "vn", "down-scoring": "cb", "loc-awards": "vn"}
"""Each stream and the site that it lies in."""
AGGREGATES = ("cluster:a", "cluster:b", "cluster:c")
WORDS_IN_THE_AIR = 40
Delivery = Literal["well", "shuffled", "doubled", "damaged"]
Course = How | Literal["killed"]
DELIVERIES: Mapping[How, Delivery] = {
    "well": "well",
    "late": "shuffled",
    "lost": "damaged",
    "elsewhere": "doubled",
    "refused": "well",
}
PATIENCE = 20_000
"""Parts of shells after which a world that moves without coming to rest has no rest."""


class World:
    """``story`` tells in sentences what was done; ``actions`` counts what shells did."""

    def __init__(self) -> None:
        self.streams = {name: Stream(name, site) for name, site in STREAMS.items()}
        answer = Reaction("answer-deed", REGISTRY)
        second = Reaction("follow-up", SCORING, needs=REGISTRY)
        self.services = {
            REGISTRY: self._service(REGISTRY, "cb", ("up-registry",), {SCORING: "down-scoring"}, ()),
            SCORING: self._service(
                SCORING,
                "vn",
                ("loc-scoring", "down-scoring"),
                {REGISTRY: "up-registry", AWARDS: "loc-awards"},
                (answer,),
            ),
            AWARDS: self._service(
                AWARDS, "vn", ("loc-awards",), {REGISTRY: "up-registry", SCORING: "loc-scoring"}, (second,)
            ),
        }
        self.air: list[Word] = []
        self.cut = False
        self.story: list[str] = []
        self.actions = 0
        self.ever: dict[str, dict[int, set[bytes]]] = {log: {} for log in LOGS}
        """Hashes that a log ever had under a seq: two of them are two branches."""
        self.keys: dict[str, bytes] = {}
        """The event that each receipt ever named."""
        self.unnoticed: set[str] = set()
        """Logs that went back while nobody could know: the one way to two branches of one epoch."""
        self.left_behind: set[str] = set()
        """Those that went back behind events which somebody had in hand, committed nowhere when the gate asked."""
        self.sent: set[bytes] = set()
        """Hashes of what ever left its database, published or fetched: it may turn up anywhere, at any time."""
        self.centre: dict[str, dict[int, bytes]] = {log: {} for log in LOGS}
        """What read *at the centre* once."""
        self.accepted: dict[str, dict[int, bytes]] = {log: {} for log in LOGS}
        """The clients' book: every receipt given, but those reported as not recovered."""
        self.recorded: dict[str, list[Stored]] = {log: [] for log in LOGS}
        """The same events whole, in the order in which they were accepted."""
        self.looked_at: dict[str, int] = {}
        """How many changes of a database were looked at last."""
        self._numbers: Iterator[int] = count(1)
        for service in self.services.values():
            self._start(service)

    def _service(
        self,
        log: str,
        site: str,
        destinations: tuple[str, ...],
        follows: dict[str, str],
        reactions: tuple[Reaction, ...],
    ) -> Service:
        consumers = {followed: Consumer(self.streams[stream]) for followed, stream in follows.items()}
        return Service(log, site, destinations, consumers, reactions, Database.empty(log, destinations, follows))

    def next_number(self) -> int:
        return next(self._numbers)

    def tell(self, sentence: str) -> None:
        self.story.append(sentence)

    def connected(self, one: str, other: str) -> bool:
        return one == other or not self.cut

    def answers(self, asked: Service, site: str) -> bool:
        return (asked.at_work or asked.shut) and self.connected(asked.site, site)

    # What people do

    def commit(self, service: Service, aggregates: tuple[str, ...], events: int, nature: Nature = "sound") -> None:
        """One command that is accepted: ``events`` facts about the same aggregates, the first of ``nature``."""
        if not service.at_work:
            return
        deeds = [
            deed(self.next_number(), service.log.split(".")[1], aggregates, nature=nature, hours_off=service.hours_off)
            for nature in _natures(nature, events)
        ]
        self.append(service, deeds, f"accepts a command about {' and '.join(aggregates)}", nature)

    def append(self, service: Service, deeds: list[Deed], what: str, nature: Nature = "sound") -> None:
        written = service.database.append(deeds)
        for event in written:
            promises.no_receipt_names_two_events(self, event)
            self.keys[event.key] = event.hash
            self.ever[service.log].setdefault(event.seq, set()).add(event.hash)
            self.accepted[service.log][event.seq] = event.hash
            self.recorded[service.log].append(event)
        span = f"{written[0].seq}" if len(written) == 1 else f"{written[0].seq} to {written[-1].seq}"
        poison = "" if nature == "sound" else f", the first of them poison ({nature})"
        self.tell(f"{service.log} {what}: {span}{poison}.")
        last = written[-1]
        contents = tuple((event.header, event.data) for event in written)
        appended = Appended(Span(last.log, last.epoch, written[0].seq, last.seq, last.hash), contents, None)
        for nr, copy in enumerate(service.copies.values()):
            copy.woken() if nr else copy.committed(appended)

    def discard(self, service: Service, which: int) -> None:
        """A person leaves a held event out for good."""
        places = sorted(service.database.held)
        if not places or not service.at_work:
            return
        log, epoch, seq = places[which % len(places)]
        data = {
            "log": log,
            "epoch": epoch,
            "seq": seq,
            "hash": service.database.held[log, epoch, seq].event.hash.hex(),
            "reason": "simulated",
            "by": "person:p1",
        }
        subjects = (f"quarantined:{log}.{epoch}.{seq}",)
        made = deed(self.next_number(), service.log.split(".")[1], subjects, type_name=DISCARD, data=data)
        self.append(service, [made], f"discards {log}:{epoch}:{seq}")
        for copy in service.copies.values():
            copy.changed()

    def mend(self, service: Service) -> None:
        """The rule or the model that made held events poison is put right, and what is held is tried again."""
        self.tell(f"The code of {service.log} is mended for what it holds.")
        service.newer |= {row.event.hash for row in service.database.held.values()}
        self.redrive(service)

    def redrive(self, service: Service) -> None:
        self.tell(f"Somebody asks {service.log} to try again what it holds.")
        for copy in service.copies.values():
            for log in service.follows:
                copy.tell_follower(log, follower_steps.RedriveAsked())

    def perform_reaction(self, service: Service, reaction: Reaction, event: Stored) -> str:
        """The unit of work of a reaction, one transaction. Returns done, or what it waits for."""
        key = reaction_key(reaction.name, event)
        if key in service.database.done:
            return "done"
        cause = told(event).causation
        if reaction.needs is not None and cause is not None and not _stands(service, reaction, cause):
            return f"event:{cause}"
        subject = f"answer:{event.log}.{event.epoch}.{event.seq}"
        number, name = self.next_number(), service.log.split(".")[1]
        made = deed(number, name, (subject,), hours_off=service.hours_off, causation=event.key, key=key)
        self.append(service, [made], f"reacts to {event.key}")
        return "done"

    # What copies say of themselves on core NATS

    def say_beacon(self, service: Service, stream: str) -> None:
        at = service.database.cursors[stream]
        for other in self.services.values():
            if service.log in other.follows and other.follows[service.log].stream.name == stream:
                self._say(service, Word(other.log, "beacon", service.log, at, service.log))

    def say_mark(self, service: Service, log: str, at: Position) -> None:
        for other in self.services.values():
            if other is not service and (other.log == log or log in other.follows):
                self._say(service, Word(other.log, "mark", log, at, service.log))

    def _say(self, service: Service, word: Word) -> None:
        if self.connected(service.site, self.services[word.to].site) and len(self.air) < WORDS_IN_THE_AIR:
            self.air.append(word)

    def hear(self, which: int) -> None:
        """A word arrives, at every copy of the service it is for."""
        if not self.air:
            return
        word = self.air.pop(which % len(self.air))
        service = self.services[word.to]
        self.tell(f"{word.to} hears the {word.kind} of {word.said_by}: {word.log} at {word.at.epoch}:{word.at.seq}.")
        for copy in list(service.copies.values()):
            if word.kind == "beacon":
                copy.tell_follower(word.log, follower_steps.Beacon(word.at))
            elif word.log == service.log:
                if service.database.keep_mark(word.said_by, word.at):
                    for event in service.database.own[: word.at.seq]:
                        self.centre[service.log][event.seq] = event.hash
            else:
                copy.holders[word.log].add(word.said_by)
                copy.tell_follower(word.log, follower_steps.HeldElsewhere(word.at))

    def lose_word(self, which: int) -> None:
        if self.air:
            word = self.air.pop(which % len(self.air))
            self.tell(f"The {word.kind} of {word.said_by} about {word.log} never reaches {word.to}.")

    def speak(self, service: Service) -> None:
        """The few seconds are over: beacons and marks, and a look at what was discarded and is still held."""
        if not service.at_work:
            return
        self.tell(f"A while passes in {service.log}: it looks at what it holds, and says its beacons and marks.")
        service.head_file = service.database.head
        for copy in service.copies.values():
            copy.ticked()
        for log in {
            row.event.log for row in service.database.held.values() if row.event.hash in service.database.discarded
        }:
            for copy in service.copies.values():
                copy.tell_follower(log, follower_steps.RedriveAsked())
        for stream in service.destinations:
            self.say_beacon(service, stream)
        for log, at in service.database.marks.items():
            if at.seq > 0:
                self.say_mark(service, log, at)

    # What NATS does

    def deliver(self, service: Service, log: str, count: int, how: Delivery = "well", nr: int | None = None) -> bool:
        """A pull request is answered: in order, shuffled, doubled, or with a damaged message. False when nothing is."""
        copies = [copy for at, copy in sorted(service.copies.items()) if nr is None or at == nr]
        copies = [copy for copy in copies if copy.has_room(log)]
        if not copies:
            return False
        consumer = service.follows[log]
        pulled = consumer.pull(count)
        if not pulled:
            return False
        last = pulled[-1][0]
        match how:
            case "shuffled":
                pulled = pulled[1::2] + pulled[::2][::-1]
            case "doubled":
                pulled = [*pulled, *pulled]
            case "damaged":
                place, event = pulled[0]
                spoilt = Stored(event.log, event.epoch, event.seq, event.prev, event.hash, event.header, b"?", None)
                pulled = [(place, spoilt), *pulled[1:]]
        seqs = [event.seq for _, event in pulled]
        self.tell(f"{consumer.stream.name} delivers {seqs} to {copies[0].name}{'' if how == 'well' else f' ({how})'}.")
        copies[0].take(log, pulled, last)
        return True

    def deliver_again(self, service: Service, log: str) -> None:
        service.follows[log].deliver_again()
        self.tell(f"{service.follows[log].stream.name} will deliver again what {service.log} has not acknowledged.")

    def lose_tail(self, stream: Stream, count: int) -> None:
        self.tell(f"{stream.name} loses its last {stream.lose_tail(count)} messages.")

    def lose_one(self, stream: Stream, which: int) -> None:
        lost = stream.lose_one(which)
        if lost is not None:
            self.tell(f"{stream.name} loses {lost.key}, which it had acknowledged.")

    def forget_ids(self, stream: Stream) -> None:
        stream.forget_ids()
        self.tell(f"The time within which {stream.name} knows duplicates is over.")

    def lose_stream(self, stream: Stream) -> None:
        stream.vanish()
        self.tell(f"{stream.name} is gone with all it held.")

    def lay_stream(self, stream: Stream) -> None:
        """Made again, empty, and with it its consumers."""
        if stream.there:
            return
        stream.there = True
        self.tell(f"{stream.name} is laid anew.")
        for service in self.services.values():
            for log, consumer in service.follows.items():
                if consumer.stream is stream:
                    self.lose_consumer(service, log)

    def lose_consumer(self, service: Service, log: str) -> None:
        """It vanishes, and is made again with *new*; the copies are told that they may have missed something."""
        consumer = service.follows[log]
        consumer.make_again()
        self.tell(f"The consumer of {service.log} on {consumer.stream.name} vanishes and is made again.")
        for copy in service.copies.values():
            copy.tell_follower(log, follower_steps.Missed())

    def remake_consumer(self, service: Service, log: str) -> None:
        """An operator has it made again, as ``topology apply`` does where it cannot be changed: no copy notices."""
        consumer = service.follows[log]
        consumer.make_again()
        self.tell(f"An operator makes the consumer of {service.log} on {consumer.stream.name} again.")

    # What machines do

    def part(self, copy: Copy, which: int, how: How = "well") -> None:
        """One shell of a copy does its next part."""
        which %= len(copy.doing)
        self.actions += 1
        what = copy.go_on(which, how)
        self.tell(f"{copy.name} goes on with: {what}{'' if how == 'well' else f' ({how})'}.")

    def anything(self, which: int, course: Course) -> None:
        """Whatever may happen next by itself happens: a part of a shell, a delivery, a word that arrives.

        ``killed``: all goes well, but the copy that did it is killed right after, and starts again.
        """
        how: How = "well" if course == "killed" else course
        may: list[partial[Any]] = [
            partial(self.part, copy, at, how)
            for service in self.services.values()
            for copy in service.copies.values()
            for at in range(len(copy.doing))
        ]
        may += [
            partial(self.deliver, service, log, 1 + which % BATCH_EVENTS, DELIVERIES[how])
            for service in self.services.values()
            for log, consumer in service.follows.items()
            if consumer.has_more and any(copy.has_room(log) for copy in service.copies.values())
        ]
        may += [partial(self.lose_word if how == "lost" else self.hear, at) for at in range(len(self.air))]
        may += [partial(self.restore_on, service) for service in self.services.values() if service.restore]
        may += [partial(self.tick, copy) for service in self.services.values() for copy in service.copies.values()]
        if which % 8:
            # Ticks come seldom, or they would be all that ever happens.
            may = [one for one in may if one.func != self.tick] or may
        if not may:
            return
        chosen = may[which % len(may)]
        chosen()
        if course == "killed" and chosen.args and isinstance(chosen.args[0], Copy):
            killed = chosen.args[0]
            self.crash(killed.service, killed.nr)
            self.start(killed.service, killed.nr)
        elif course == "killed" and chosen.func == self.restore_on:
            self.crash(chosen.args[0], 1)

    def tick(self, copy: Copy) -> None:
        self.tell(f"{copy.name} looks after its streams.")
        copy.ticked()

    def crash(self, service: Service, nr: int) -> None:
        if service.restore is not None:
            service.restore = None
            self.tell(f"The restore of {service.log} is killed.")
        if service.copies.pop(nr, None) is not None:
            self.tell(f"Copy {nr} of {service.log} is killed.")
            if not service.at_work:
                for consumer in service.follows.values():
                    consumer.deliver_again()

    def start(self, service: Service, nr: int) -> None:
        if nr not in service.copies and not service.shut:
            self.tell(f"Copy {nr} of {service.log} starts.")
            self._start(service, nr)

    def _start(self, service: Service, nr: int = 1) -> None:
        service.copies[nr] = Copy(self, service, nr)
        service.copies[nr].start()

    def cut_off(self) -> None:
        self.cut = True
        self.tell("Site cb is cut off.")

    def heal(self) -> None:
        self.cut = False
        self.tell("Site cb is reached again.")
        for service in self.services.values():
            for copy in service.copies.values():
                copy.reconnected()

    # Backups

    def back_up(self, service: Service) -> None:
        if not service.shut:
            service.backups = [*service.backups[-1:], service.database.copied()]
            self.tell(f"{service.log} is backed up at {service.database.head.seq}.")

    def restore(self, service: Service, which: int, *, file_too: bool) -> None:
        """The database comes back from a backup, without WAL; ``file_too``: the whole machine, head file and all.

        One such disaster at a time: what reads *at the centre* is held by others, and survives one loss, not two. Nor
        where there are two branches already: people choose between them first, which is not played here.
        """
        if not service.backups or any(other.shut for other in self.services.values()):
            return
        if service.log in self.unnoticed or promises.forked(self, service.log):
            return
        database = service.backups[which % len(service.backups)].copied()
        if not self._held_elsewhere(service, database):
            return
        service.copies.clear()
        database.changes = service.database.changes + 1
        service.database = database
        if file_too:
            service.head_file = database.head if database.head.seq else None
        for consumer in service.follows.values():
            consumer.deliver_again()
        self.tell(f"{service.log} comes back from a backup at {database.head.seq}{', its machine too' * file_too}.")
        service.shut = True
        self.judge(service)

    def _held_elsewhere(self, service: Service, database: Database) -> bool:
        held = {
            event.hash
            for other in self.services.values()
            if service.log in other.follows
            for event in other.database.received[service.log]
        }
        return all(hash_ in held for seq, hash_ in self.centre[service.log].items() if seq > database.head.seq)

    def judge(self, service: Service) -> None:
        """The gate of a shut service is asked."""
        if restoring.unfinished(service.database):
            self.tell(f"The gate of {service.log} stays shut: a restore is not finished.")
            return
        gate = restoring.judge(self, service)
        if gate.verdict == "open":
            promises.no_restore_is_left_unfinished(service)
            service.shut = False
            self.tell(f"The gate of {service.log} opens at {service.database.head.seq}.")
            gone = [event for event in self.recorded[service.log] if event.seq > service.database.head.seq]
            if gone:
                self._gate_let_pass(service, gone)
            self._start(service)
        else:
            found = ", ".join(f"{one.by} knows {one.at.seq}" for one in gate.findings)
            self.tell(f"The gate of {service.log} stays shut: {found or 'too few have answered'}.")

    def _gate_let_pass(self, service: Service, gone: list[Stored]) -> None:
        """Nobody who answered knew of these events: the log goes on without them, as another branch if anybody did."""
        promises.nobody_who_answered_knew(self, service, gone)
        self.unnoticed.add(service.log)
        if any(event.hash in self.sent for event in gone):
            self.left_behind.add(service.log)
        self._forget(service, gone)

    def _forget(self, service: Service, gone: list[Stored]) -> None:
        """They are in nobody's book any more. What was never sent to anybody is no branch, either, and a backup that
        has them is thrown away."""
        hashes = {event.hash for event in gone}
        service.backups = [one for one in service.backups if hashes.isdisjoint(event.hash for event in one.own)]
        self.recorded[service.log] = [one for one in self.recorded[service.log] if one.hash not in hashes]
        for book in (self.accepted, self.centre):
            for seq in [seq for seq, hash_ in book[service.log].items() if hash_ in hashes]:
                del book[service.log][seq]
        for event in gone:
            if event.hash not in self.sent:
                self.ever[service.log][event.seq].discard(event.hash)

    def bring_back(self, service: Service, parts: int | None = None) -> None:
        """People restore a log whose gate found it behind, or go on with it: so many parts, or to its end."""
        if not service.shut:
            return
        if service.restore is None:
            self.judge(service)
            if not service.shut:
                return
            self.tell(f"People have {service.log} brought back.")
            service.restore = restoring.bring_back(self, service)
        while service.restore is not None and parts != 0:
            self.restore_on(service)
            parts = parts - 1 if parts is not None else None

    def restore_on(self, service: Service) -> None:
        """The restore of a service does its next part; its end, the gate and the first copy are one."""
        assert service.restore is not None
        self.actions += 1
        try:
            self.tell(f"The restore of {service.log} {next(service.restore)}.")
        except restoring.Silent as silent:
            service.restore = None
            self.tell(f"The restore of {service.log} stops: {silent} does not answer.")
        except StopIteration as end:
            service.restore = None
            self._restored(service, end.value)
        self.check()

    def _restored(self, service: Service, restored: restoring.Restored) -> None:
        lost = [event.key for event in restored.lost]
        self.tell(f"{service.log} is brought back; not recovered: {lost or 'nothing'}.")
        promises.only_what_was_here_only_is_lost(self, service, restored)
        promises.nothing_lost_is_held(self, service, restored)
        self._forget(service, list(restored.lost))
        service.shut = False
        service.head_file = service.database.head
        self._start(service)

    def skew(self, service: Service, hours: int) -> None:
        service.hours_off = hours
        self.tell(f"The clock of {service.log} is {hours:+} hours off.")

    # What the promises want to know while it happens

    def acknowledging(self, copy: Copy, batch: InHand) -> None:
        """Called before an acknowledgement leaves: all of the batch must be durable here."""
        promises.nothing_acknowledged_before_it_is_committed(copy.service, batch)

    def stopped(self, copy: Copy, log: str, reason: str) -> None:
        self.tell(f"{copy.name} stops following {log}: {reason}.")
        promises.no_fork_where_there_is_one_branch(self, copy, log, reason)

    def check(self) -> None:
        promises.check(self)

    # Rest

    def work(self, parts: int) -> int:
        """All goes well for a while, without waits: so many parts at most. Returns how many were done."""
        done = 0
        while done < parts:
            moved = self._shells(parts - done)
            while self.air:
                self.hear(0)
                moved += 1
            for service in self.services.values():
                for log in service.follows:
                    moved += self.deliver(service, log, BATCH_EVENTS)
                if service.restore is not None:
                    self.restore_on(service)
                    moved += 1
            if not moved:
                break
            done += moved
        return done

    def work_on(self, parts: int) -> None:
        """The same, told in one sentence."""
        told_so_far = len(self.story)
        done = self.work(parts)
        del self.story[told_so_far:]
        self.tell(f"All goes well for {done} parts of work.")

    def _shells(self, parts: int, patience: int = 0) -> int:
        """Shells go on, in turn, as long as there are any of this patience. Returns how many parts were done."""
        done = 0
        while done < parts:
            busy = [
                (copy, at)
                for service in self.services.values()
                for copy in service.copies.values()
                for at, doing in enumerate(copy.doing)
                if doing.patience <= patience
            ]
            if not busy:
                return done
            copy, at = busy[done % len(busy)]
            self.actions += 1
            copy.go_on(at, "well")
            done += 1
        return done

    def rest(self) -> None:
        """Faults are over: everything starts, heals, speaks and works until nothing is left to do.

        Raises Broken when it never comes to rest, or comes to rest short of the promise.
        """
        if self.cut:
            self.heal()
        for stream in self.streams.values():
            self.lay_stream(stream)
        for service in self.services.values():
            if not service.at_work and not service.shut:
                self._start(service)
        for service in self.services.values():
            self.bring_back(service)
        self.tell("All faults are over; the world comes to rest.")
        told_so_far = len(self.story)
        try:
            self._come_to_rest()
        finally:
            del self.story[told_so_far:]
        self.check()
        promises.check_at_rest(self)

    def _come_to_rest(self) -> None:
        said, worked = 0, 0
        while True:
            moved = self.work(500) or self._shells(1, patience=1) or self._a_moment() or self._shells(1, patience=2)
            worked += moved
            if worked > PATIENCE:
                raise Broken(f"no rest after {worked} parts of work: {self._doing()}")
            if moved or self._keep_the_one_branch():
                continue
            wrong = promises.short_of_rest(self)
            if wrong is None and said:
                break
            if said == 8:
                raise Broken(f"comes to rest with {wrong}")
            said += 1
            for service in self.services.values():
                for log in service.follows:
                    service.follows[log].deliver_again()
                self.speak(service)

    def _a_moment(self) -> int:
        """A moment passes. Returns how many copies had waited for it."""
        return sum(copy.polled() for service in self.services.values() for copy in service.copies.values())

    def _keep_the_one_branch(self) -> bool:
        """People decide on forks that are none any more since the producer was brought back. False when none is."""
        stopped = [
            (service, nr)
            for service in self.services.values()
            for nr, copy in service.copies.items()
            for log, follower in copy.followers.items()
            if follower.fork and not self.services[log].shut and not promises.forked(self, log)
        ]
        for service, nr in stopped:
            self.crash(service, nr)
            self.start(service, nr)
        return bool(stopped)

    def _doing(self) -> str:
        return "; ".join(
            f"{copy.name}: {[doing.what for doing in copy.doing]}"
            for service in self.services.values()
            for copy in service.copies.values()
        )


def _natures(first: Nature, events: int) -> list[Nature]:
    more: list[Nature] = ["sound"] * (events - 1)
    return [first, *more]


def _stands(service: Service, reaction: Reaction, cause: str) -> bool:
    """Whether the event ``cause`` stands in the table of the log that the reaction needs."""
    assert reaction.needs is not None
    for event in service.database.received[reaction.needs]:
        if event.key == cause:
            about = told(event)
            table: dict[str, tuple[str, ...]] = {}
            enter(table, event)
            subject = next(iter(table))
            return about.id in service.database.tables[reaction.needs].get(subject, ())
    return False
