"""The volatile half of a simulated service: one running copy, whose shells do one thing at a time and may die between.

A shell is a generator that stops wherever the real one waits: between two stops nothing else happens, at a stop
anything may. It is sent how the next part goes. What the real steps ask for becomes such a shell; what comes of it is
heard by the steps again.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chassis import follower_steps, relay_steps
from chassis.facts import Appended, Stored
from chassis.positions import Position

if TYPE_CHECKING:
    from tests.simulation.service import Reaction, Service
    from tests.simulation.world import World

How = Literal["well", "late", "lost", "elsewhere", "refused"]
HOWS: tuple[How, ...] = ("well", "late", "lost", "elsewhere", "refused")
Shell = Generator[None, How, None]
RELAY_IN_FLIGHT = 4
RELAY_PAGE = 5
BATCH_EVENTS = 4
FETCH_PAGE = 5
REACTION_PAGE = 3
IN_HAND = 2
"""Deliveries of one log that a copy keeps unacknowledged: one in hand, one that the server sent again meanwhile."""


@dataclass
class Doing:
    """Something under way. ``patience``: 0 for work, 1 for a pause, 2 for a wait longer than any message takes."""

    what: str
    shell: Shell
    patience: int = 0


@dataclass
class InHand:
    """A delivered batch, by its last place in the stream."""

    log: str
    last: int
    events: tuple[Stored, ...]


class Copy:
    """One process. Dropping the object is the crash."""

    def __init__(self, world: World, service: Service, nr: int) -> None:
        self.world = world
        self.service = service
        self.nr = nr
        self.name = f"copy {nr} of {service.log}"
        self.doing: list[Doing] = []
        self.relays: dict[str, relay_steps.Relay] = {}
        self.followers: dict[str, follower_steps.Follower] = {}
        self.in_hand: dict[int, InHand] = {}
        self.holders: dict[str, set[str]] = {log: set() for log in service.follows}
        self._tokens = 0
        self._reacting: dict[str, bool] = {}
        """Reactions at work; True when something changed since they began to look."""

    def start(self) -> None:
        database = self.service.database
        for stream in self.service.destinations:
            self.relays[stream] = relay_steps.begin(stream, RELAY_IN_FLIGHT, database.cursors[stream])
            self.tell_relay(stream, relay_steps.Woken())
        for log in self.service.follows:
            mark = database.marks[log]
            self.followers[log] = follower_steps.begin(log, BATCH_EVENTS, mark)
            self.tell_follower(log, follower_steps.MarkRead(mark))
        self.changed()

    def go_on(self, which: int, how: How) -> str:
        """Let one shell do its next part. Returns what it was at."""
        doing = self.doing.pop(which)
        where = len(self.doing)
        try:
            doing.shell.send(how)
        except StopIteration:
            return doing.what
        self.doing.insert(min(which, where), doing)
        return doing.what

    def _begin(self, what: str, shell: Shell, patience: int = 0) -> None:
        next(shell)
        self.doing.append(Doing(what, shell, patience))

    def changed(self) -> None:
        """Something was committed here: the relay looks, the reactions look."""
        for reaction in self.service.reactions:
            if reaction.name in self._reacting:
                self._reacting[reaction.name] = True
            else:
                self._reacting[reaction.name] = False
                self._begin(f"{reaction.name} looks for causes", self._react(reaction))

    def committed(self, appended: Appended) -> None:
        """A command was committed in this copy: its relays are handed the events, or only woken when there are many."""
        for stream in self.relays:
            last = f"{appended.span.log}:{appended.span.epoch}:{appended.span.last_seq}"
            self._begin(f"hand what ends with {last} on to {stream}", self._hand_on(stream, appended))

    def _hand_on(self, stream: str, appended: Appended) -> Shell:
        how = yield
        self.tell_relay(stream, relay_steps.Woken() if how == "lost" else appended)

    def woken(self) -> None:
        for stream in self.relays:
            self.tell_relay(stream, relay_steps.Woken())

    def ticked(self) -> None:
        """A while has passed: relays look for new events, and whether their streams still hold what they had."""
        for stream in self.relays:
            self.tell_relay(stream, relay_steps.Polled())
            self.tell_relay(stream, relay_steps.Ticked())
            self.tell_relay(stream, relay_steps.LookDue())

    def polled(self) -> bool:
        """A moment has passed. False when no relay has waited for that."""
        waiting = [
            stream
            for stream, relay in self.relays.items()
            if relay.moved and relay.moving is None and relay.cursor != relay.reached
        ]
        for stream in waiting:
            self.tell_relay(stream, relay_steps.Polled())
        return bool(waiting)

    def reconnected(self) -> None:
        for stream in self.relays:
            self.tell_relay(stream, relay_steps.Doubted())

    # Relay

    def tell_relay(self, stream: str, said: relay_steps.Input) -> None:
        self.relays[stream], actions = relay_steps.step(self.relays[stream], said)
        for action in actions:
            match action:
                case relay_steps.Publish(course, events):
                    what = f"publish {', '.join(event.key for event in events)} to {stream}"
                    self._begin(what, self._publish(stream, course, events))
                case relay_steps.ReadPage(after):
                    self._begin(f"read the log after {after} for {stream}", self._read_page(stream, after))
                case relay_steps.MoveCursor(moved_from, to):
                    what = f"move the cursor of {stream} from {moved_from.seq} to {to.seq}"
                    self._begin(what, self._move_cursor(stream, moved_from, to))
                case relay_steps.LookAtStream(number, wanted, anchor):
                    self._begin(f"look what {stream} holds", self._look(stream, number, wanted, anchor))
                case relay_steps.Pause():
                    self._begin(f"pause before {stream} is tried again", self._relay_pause(stream), 1)
                case relay_steps.FellIdle():
                    self.world.say_beacon(self.service, stream)

    def _reaches(self, stream: str) -> bool:
        to = self.world.streams[stream]
        return to.there and self.world.connected(self.service.site, to.site)

    def _publish(self, stream: str, course: int, events: tuple[Stored, ...]) -> Shell:
        """One event after the other goes out; each answer is a shell of its own."""
        for nr, event in enumerate(events):
            how = yield
            to = self.world.streams[stream]
            seqs = (event.seq,)
            if how == "elsewhere":
                # A leaf of the same account answers for the hub: it has a stream of that subject, too.
                said: relay_steps.Input = relay_steps.Acked(course, seqs, f"another {stream}")
            elif not self._reaches(stream):
                unsent = tuple(event.seq for event in events[nr:])
                self.tell_relay(stream, relay_steps.Failed(course, unsent, "nobody answers"))
                return
            elif how == "refused":
                said = relay_steps.Failed(course, seqs, "the stream is full")
            elif how == "lost":
                said = relay_steps.TimedOut(course, seqs)
            else:
                place, new = to.store(event)
                self.world.sent.add(event.hash)
                farthest = relay_steps.Place(place, event.seq)
                said = relay_steps.Acked(course, seqs, stream, farthest, place if new else None)
                if how == "late":
                    said = relay_steps.TimedOut(course, seqs)
            self._begin(f"hear what became of {event.key} on {stream}", self._answered(stream, said))

    def _answered(self, stream: str, said: relay_steps.Input) -> Shell:
        yield
        self.tell_relay(stream, said)

    def _look(self, stream: str, number: int, wanted: Position, anchor: relay_steps.Place | None) -> Shell:
        how = yield
        to = self.world.streams[stream]
        said: relay_steps.Input = relay_steps.StreamAway(number, "does not answer")
        if how not in ("refused", "lost") and self._reaches(stream):
            found = to.holds(anchor, wanted)
            yield
            own = self.service.database.own
            is_own = found is not None and found.seq <= len(own) and Position.of(own[found.seq - 1]) == found
            start = Position.start(self.service.log)
            said = relay_steps.StreamEnds(number, found if is_own or found == start else None, start)
        yield
        self.tell_relay(stream, said)

    def _read_page(self, stream: str, after: int) -> Shell:
        yield
        events = tuple(self.service.database.own[after : after + RELAY_PAGE])
        yield
        self.tell_relay(stream, relay_steps.PageRead(after, events, len(events) == RELAY_PAGE))

    def _move_cursor(self, stream: str, moved_from: Position, to: Position) -> Shell:
        how = yield
        database = self.service.database
        moved = database.move_cursor(stream, moved_from, to)
        if moved and how == "late":
            # The answer to COMMIT was lost: the shell does it again and finds its own doing.
            yield
            moved = database.move_cursor(stream, moved_from, to)
        yield
        if moved:
            self.tell_relay(stream, relay_steps.CursorMoved())
        else:
            self.tell_relay(stream, relay_steps.CursorElsewhere(database.cursors[stream]))

    def _relay_pause(self, stream: str) -> Shell:
        yield
        self.tell_relay(stream, relay_steps.Resumed())

    # Followers

    def take(self, log: str, messages: list[tuple[int, Stored]], last: int) -> None:
        """A batch is delivered; ``last`` is the place in the stream that its acknowledgement names."""
        self._tokens += 1
        events = tuple(event for _, event in messages)
        self.in_hand[self._tokens] = InHand(log, last, events)
        self.tell_follower(log, follower_steps.Delivered(self._tokens, events))

    def has_room(self, log: str) -> bool:
        stopped = self.followers[log].fork is not None
        return not stopped and sum(one.log == log for one in self.in_hand.values()) < IN_HAND

    def tell_follower(self, log: str, said: follower_steps.Input) -> None:
        self.followers[log], actions = follower_steps.step(self.followers[log], said)
        for action in actions:
            match action:
                case follower_steps.Ack(token):
                    self._begin(f"acknowledge a delivery of {log}", self._acknowledge(log, token))
                case follower_steps.TellMark(at):
                    self.world.say_mark(self.service, log, at)
                case follower_steps.Stop(reason):
                    self.world.stopped(self, log, reason)
                case follower_steps.Commit(mark, events):
                    what = f"commit {log} {mark.seq + 1} to {mark.seq + len(events)}"
                    self._begin(what, self._commit(log, mark, events))
                case follower_steps.Compare(seqs):
                    self._begin(f"compare {log} {list(seqs)} with what was received", self._compare(log, seqs))
                case follower_steps.Fetch(after):
                    self._begin(f"fetch {log} after {after}", self._fetch(log, after))
                case follower_steps.ReloadMark():
                    self._begin(f"read the mark of {log}", self._reload(log))
                case follower_steps.Redrive():
                    self._begin(f"try again what is held of {log}", self._redrive(log))
                case follower_steps.Pause(_, fetching):
                    self._begin(f"pause before {log} is tried again", self._follower_pause(log, fetching), 1)
                case follower_steps.Watch(mark_then):
                    self._begin(f"watch {log} at {mark_then}", self._watch(log, mark_then), 2)

    def _acknowledge(self, log: str, token: int) -> Shell:
        how = yield
        batch = self.in_hand.pop(token)
        self.world.acknowledging(self, batch)
        if how != "lost":
            self.service.follows[log].acknowledge(batch.last)

    def _commit(self, log: str, mark: Position, events: tuple[Stored, ...]) -> Shell:
        how = yield
        if how == "refused":
            said: follower_steps.Input = follower_steps.DidFail("40001")
        elif self.service.database.take_batch(log, mark, events, self.service.refuses, self.service.newer):
            self.changed()
            said = follower_steps.Committed(Position.of(events[-1]))
            if how == "late":
                said = follower_steps.DidFail("the answer to COMMIT was lost")
        else:
            yield
            said = follower_steps.MarkRead(self.service.database.marks[log])
        yield
        self.tell_follower(log, said)

    def _compare(self, log: str, seqs: tuple[int, ...]) -> Shell:
        how = yield
        held = {
            event.seq: (event.epoch, event.hash) for event in self.service.database.received[log] if event.seq in seqs
        }
        yield
        said = follower_steps.DidFail("connection lost") if how == "refused" else follower_steps.HeldRead(seqs, held)
        self.tell_follower(log, said)

    def _fetch(self, log: str, after: int) -> Shell:
        """The producer first, then who is known to hold it; the head is read before the events."""
        how = yield
        said: follower_steps.Input = follower_steps.DidFail("nobody has it")
        for name in (log, *sorted(self.holders[log] - {self.service.log})):
            asked = self.world.services[name]
            if how in ("lost", "elsewhere") or not self.world.answers(asked, self.service.site):
                # "elsewhere": only the first asked was silent.
                how = "well" if how == "elsewhere" else how
                continue
            # Shut, its log may yet be brought back to more than its head says: nobody is to judge by it.
            head = asked.database.head if name == log and not asked.shut else None
            yield
            events = asked.database.own[after:] if name == log else _after(asked.database.received[log], after)
            self.world.sent.update(event.hash for event in events)
            if events or head is not None:
                said = follower_steps.Fetched(tuple(events[:FETCH_PAGE]), head)
                break
        yield
        self.tell_follower(log, said)

    def _reload(self, log: str) -> Shell:
        how = yield
        at = self.service.database.marks[log]
        yield
        said = follower_steps.DidFail("connection lost") if how == "refused" else follower_steps.MarkRead(at)
        self.tell_follower(log, said)

    def _redrive(self, log: str) -> Shell:
        how = yield
        said: follower_steps.Input = follower_steps.DidFail("40P01")
        if how != "refused":
            if self.service.database.redrive(log, self.service.refuses, self.service.newer):
                self.changed()
            if how != "late":
                said = follower_steps.Redriven()
        yield
        self.tell_follower(log, said)

    def _follower_pause(self, log: str, fetching: bool) -> Shell:
        yield
        self.tell_follower(log, follower_steps.Resumed(fetching))

    def _watch(self, log: str, mark_then: int) -> Shell:
        yield
        self.tell_follower(log, follower_steps.GapDue(mark_then))

    # Reactions, as ``reacting.py`` runs them

    def _react(self, reaction: Reaction) -> Shell:
        database, log = self.service.database, reaction.log
        while True:
            yield
            self._reacting[reaction.name] = False
            cursor = database.reacted.get((reaction.name, log), 0)
            page = _after(database.received[log], cursor)[:REACTION_PAGE]
            passed = 0
            for event in page:
                if not reaction.takes(event):
                    continue
                yield
                outcome = yield from self._answer(reaction, event)
                if outcome == "dropped":
                    continue
                place = (log, event.epoch, event.seq)
                database.pass_by(reaction.name, log, event.seq, (place, outcome) if outcome != "done" else None)
                passed = event.seq
            if page and passed < page[-1].seq:
                yield
                database.pass_by(reaction.name, log, page[-1].seq)
            if len(page) == REACTION_PAGE:
                continue
            yield
            for (name, place), waited_for in sorted(database.waits.items()):
                if name != reaction.name:
                    continue
                waiting = next((one for one in database.received[log] if (one.epoch, one.seq) == place[1:]), None)
                if waiting is None:
                    continue
                outcome = yield from self._answer(reaction, waiting)
                if outcome in ("done", "dropped"):
                    database.end_wait(reaction.name, place)
                elif outcome != waited_for and (name, place) in database.waits:
                    database.waits[name, place] = outcome
            if not self._reacting[reaction.name]:
                del self._reacting[reaction.name]
                return

    def _answer(self, reaction: Reaction, event: Stored) -> Generator[None, How, str]:
        """One unit of work under its key. Returns done, dropped, or what it waits for."""
        database = self.service.database
        place = (event.log, event.epoch, event.seq)
        if event.hash in database.discarded:
            return "dropped"
        if place in database.held:
            return "quarantine"
        yield
        outcome = self.world.perform_reaction(self.service, reaction, event)
        yield
        return outcome


def _after(received: list[Stored], seq: int) -> list[Stored]:
    """Events of ``received`` above ``seq``, in order."""
    return [event for event in received if event.seq > seq]
