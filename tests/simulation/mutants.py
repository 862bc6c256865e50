"""Steps and transactions made wrong on purpose: each must break a promise, or the simulation proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

from chassis import follower_steps, gate_steps, quarantine_steps, relay_steps
from chassis.facts import Appended, Stored
from chassis.positions import Position
from contracts.envelope import event_hash

from tests.simulation import database, restoring, running, world


@dataclass(frozen=True, slots=True)
class Mutant:
    """``where.name`` is replaced by ``wrong``, which gets the right one."""

    title: str
    where: Any
    name: str
    wrong: Callable[[Any], Any]

    def at_large(self) -> Any:
        return mock.patch.object(self.where, self.name, self.wrong(getattr(self.where, self.name)))


def _any_ack_moves(right: Any) -> Any:
    def acked(state: relay_steps.Relay, said: relay_steps.Acked, actions: list[Any]) -> relay_steps.Relay:
        return right(state, replace(said, seqs=tuple(range(state.reached.seq + 1, max(said.seqs) + 1))), actions)

    return acked


def _any_stream_counts(right: Any) -> Any:
    return lambda state, said, actions: right(state, replace(said, stream=state.stream), actions)


def _late_is_done(right: Any) -> Any:
    def step(state: relay_steps.Relay, said: relay_steps.Input) -> Any:
        if isinstance(said, relay_steps.TimedOut):
            said = relay_steps.Acked(said.course, said.seqs, state.stream)
        return right(state, said)

    return step


def _no_second_try(right: Any) -> Any:
    return lambda state, said: (state, []) if isinstance(said, relay_steps.TimedOut) else right(state, said)


def _handed_unchecked(right: Any) -> Any:
    def handed(state: relay_steps.Relay, appended: Appended) -> relay_steps.Relay:
        prev, events = appended.span.hash, []
        for seq, (header, data) in enumerate(appended.contents, appended.span.first_seq):
            told = event_hash(prev, appended.span.epoch, seq, header, data)
            events.append(Stored(appended.span.log, appended.span.epoch, seq, prev, told, header, data, None))
            prev = told
        return replace(state, ahead=(*state.ahead, *events))

    return handed


def _handed_beside_a_page(right: Any) -> Any:
    def handed(state: relay_steps.Relay, appended: Appended) -> relay_steps.Relay:
        return replace(right(replace(state, reading=False), appended), reading=state.reading)

    return handed


def _cursor_elsewhere_ignored(right: Any) -> Any:
    def step(state: relay_steps.Relay, said: relay_steps.Input) -> Any:
        return right(state, relay_steps.CursorMoved() if isinstance(said, relay_steps.CursorElsewhere) else said)

    return step


def _prev_unchecked(right: Any) -> Any:
    def run(state: follower_steps.Follower) -> tuple[Stored, ...]:
        found: list[Stored] = []
        while len(found) < state.limit and (following := state.ahead.get(state.mark.seq + len(found) + 1)):
            found.append(following[0])
        return tuple(found)

    return run


def _holes_skipped(right: Any) -> Any:
    def run(state: follower_steps.Follower) -> tuple[Stored, ...]:
        return tuple(state.ahead[seq][0] for seq in sorted(state.ahead))[: state.limit]

    return run


def _bytes_unchecked(right: Any) -> Any:
    return lambda event: True


def _ack_at_once(right: Any) -> Any:
    def step(state: follower_steps.Follower, said: follower_steps.Input) -> Any:
        state, actions = right(state, said)
        if isinstance(said, follower_steps.Delivered) and follower_steps.Ack(said.token) not in actions:
            batches = tuple(batch for batch in state.batches if batch.token != said.token)
            return replace(state, batches=batches), [follower_steps.Ack(said.token), *actions]
        return state, actions

    return step


def _failure_counts_as_commit(right: Any) -> Any:
    def step(state: follower_steps.Follower, said: follower_steps.Input) -> Any:
        if isinstance(said, follower_steps.DidFail) and state.doing == "commit":
            at = Position.of(follower_steps._run(state)[-1])
            return right(state, follower_steps.Committed(at))
        return right(state, said)

    return step


def _deaf_to(*kinds: Any) -> Callable[[Any], Any]:
    def wrong(right: Any) -> Any:
        return lambda state, said: (state, []) if isinstance(said, kinds) else right(state, said)

    return wrong


def _beacon_behind_is_a_fork(right: Any) -> Any:
    def beacon(state: follower_steps.Follower, at: Position) -> follower_steps.Follower:
        return replace(state, fork="a beacon behind the mark") if at.seq < state.mark.seq else right(state, at)

    return beacon


def _fetched_head_trusted(right: Any) -> Any:
    """A head at or below the mark is taken for *nothing new* and forgets what is ahead."""

    def fetched(state: Any, events: Any, head: Any, actions: Any) -> Any:
        state = right(state, events, head, actions)
        return replace(state, ahead={}) if head is not None else state

    return fetched


def _serialisation_failure_is_poison(right: Any) -> Any:
    def commit(self: running.Copy, log: str, mark: Position, events: tuple[Stored, ...]) -> running.Shell:
        how = yield
        if how != "refused":
            shell = right(self, log, mark, events)
            next(shell)
            while True:
                try:
                    shell.send(how)
                except StopIteration:
                    return
                how = yield
        base = self.service.database
        if base.take_batch(log, mark, events, lambda event: True, self.service.newer):
            self.changed()
        self.tell_follower(log, follower_steps.MarkRead(base.marks[log]))

    return commit


def _mark_without_compare(right: Any) -> Any:
    return lambda self, log, mark, events, *more: right(self, log, self.marks[log], events, *more)


def _nothing_waits_behind(right: Any) -> Any:
    return lambda state, found: replace(state, held=(*state.held, found))


def _blocked_of_the_batch_only(right: Any) -> Any:
    return lambda batch, blocked, discarded: right(batch, {}, discarded)


def _discards_forgotten(right: Any) -> Any:
    return lambda batch, blocked, discarded: right(batch, blocked, ())


def _set_refused_as_one(right: Any) -> Any:
    def step(state: quarantine_steps.Trial, said: quarantine_steps.Input) -> Any:
        if isinstance(said, quarantine_steps.Poisoned) and state.as_set:
            held = tuple(quarantine_steps.Held(one, "refused", said.rule, said.reason) for one in state.todo)
            return state, quarantine_steps.Done(held)
        return right(state, said)

    return step


def _reactions_again(right: Any) -> Any:
    def perform(self: world.World, service: Any, reaction: Any, event: Stored) -> str:
        done, service.database.done = service.database.done, frozenset()
        try:
            return right(self, service, reaction, event)
        finally:
            service.database.done |= done

    return perform


def _reaction_after_its_cursor(right: Any) -> Any:
    def answer(self: running.Copy, reaction: Any, event: Stored) -> Any:
        self.service.database.pass_by(reaction.name, event.log, event.seq)
        yield
        return (yield from right(self, reaction, event))

    return answer


def _waits_forgotten(right: Any) -> Any:
    return lambda self, reaction, log, seq, waiting=None: right(self, reaction, log, seq)


def _no_proof_counts(right: Any) -> Any:
    return lambda proof, head, held, ends: None


def _no_epoch(right: Any) -> Any:
    return lambda world, service, epoch: None


def _nothing_taken_in(right: Any) -> Any:
    return lambda database, events: None


def _goes_on_from_its_record(right: Any) -> Any:
    """After a crash between a page and its note that page is taken in a second time."""

    def goes_on_from(base: database.Database) -> Position:
        return Position.of(base.own[base.restoring - 1]) if base.restoring else right(base)

    return goes_on_from


def _a_page_is_passed_over(right: Any) -> Any:
    def take_in(base: database.Database, events: list[Stored]) -> None:
        if base.restoring == base.head.seq:
            right(base, events)
        else:
            base.head = Position.of(events[-1])

    return take_in


def _never_unfinished(right: Any) -> Any:
    return lambda base: False


def _epoch_leaves_nothing_behind(right: Any) -> Any:
    def marked(state: follower_steps.Follower, at: Position) -> follower_steps.Follower:
        return right(replace(state, mark=replace(state.mark, epoch=at.epoch)), at)

    return marked


MUTANTS: Mapping[str, Mutant] = {
    mutant.title: mutant
    for mutant in (
        Mutant("the relay's cursor moves on any acknowledgement", relay_steps, "_acked", _any_ack_moves),
        Mutant("an acknowledgement of any stream counts", relay_steps, "_acked", _any_stream_counts),
        Mutant("a publish without answer counts as done", relay_steps, "step", _late_is_done),
        Mutant("a publish without answer is not repeated", relay_steps, "step", _no_second_try),
        Mutant("what is handed on goes out whatever lies before it", relay_steps, "_handed", _handed_unchecked),
        Mutant("what is handed on goes beside a page that is read", relay_steps, "_handed", _handed_beside_a_page),
        Mutant("a cursor moved elsewhere is taken for the own", relay_steps, "step", _cursor_elsewhere_ignored),
        Mutant("prev is not checked", follower_steps, "_run", _prev_unchecked),
        Mutant("holes are skipped", follower_steps, "_run", _holes_skipped),
        Mutant("the bytes are not checked", Stored, "hash_fits", _bytes_unchecked),
        Mutant("acknowledged before it is committed", follower_steps, "step", _ack_at_once),
        Mutant("a failed commit counts as done", follower_steps, "step", _failure_counts_as_commit),
        Mutant("the follower is deaf to beacons", follower_steps, "step", _deaf_to(follower_steps.Beacon)),
        Mutant("the cursor moves only once", relay_steps, "step", _deaf_to(relay_steps.Polled, relay_steps.Ticked)),
        Mutant("the watch over a gap never ends", follower_steps, "step", _deaf_to(follower_steps.GapDue)),
        Mutant("the pause after a failure never ends", follower_steps, "step", _deaf_to(follower_steps.Resumed)),
        Mutant("a redrive asked for is not done", follower_steps, "step", _deaf_to(follower_steps.RedriveAsked)),
        Mutant("a beacon behind the mark is a fork", follower_steps, "_beacon", _beacon_behind_is_a_fork),
        Mutant("a fetched page forgets what is ahead", follower_steps, "_fetched", _fetched_head_trusted),
        Mutant("40001 is taken for poison", running.Copy, "_commit", _serialisation_failure_is_poison),
        Mutant("the mark is moved without compare-and-set", database.Database, "take_batch", _mark_without_compare),
        Mutant("nothing waits behind what is held", quarantine_steps, "_hold", _nothing_waits_behind),
        Mutant("a batch does not see what was held before", quarantine_steps, "begin", _blocked_of_the_batch_only),
        Mutant("what was discarded is tried again", quarantine_steps, "begin", _discards_forgotten),
        Mutant("one refusal holds the whole batch", quarantine_steps, "step", _set_refused_as_one),
        Mutant("no proof counts at the gate", gate_steps, "_against", _no_proof_counts),
        Mutant("a restore takes in nothing that others hold", restoring, "_take_in", _nothing_taken_in),
        Mutant("a restore opens no epoch", restoring, "_open_epoch", _no_epoch),
        Mutant("a restore goes on from its record", restoring, "_goes_on_from", _goes_on_from_its_record),
        Mutant("a restore passes a page over after a crash", restoring, "_take_in", _a_page_is_passed_over),
        Mutant("a restore that was cut off does not shut", restoring, "unfinished", _never_unfinished),
        Mutant("a new epoch leaves nothing behind", follower_steps, "_marked", _epoch_leaves_nothing_behind),
        Mutant("a reaction does not know its own facts", world.World, "perform_reaction", _reactions_again),
        Mutant("a reaction's cursor goes before its work", running.Copy, "_answer", _reaction_after_its_cursor),
        Mutant("a reaction that waits is forgotten", database.Database, "pass_by", _waits_forgotten),
    )
}
