"""Takes one whole log into this database, batch by batch; decides nothing itself (``follower_steps.py`` does).

The transaction of a batch, in this order: move the mark by compare-and-set, keep the events as received, apply what
is not poison. Acknowledged after commit, once a batch. It never naks: in trouble it keeps the batch and tries again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from contracts.refusal import Refused
from opentelemetry.trace import SpanKind
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import follower_steps as steps
from chassis import held, received
from chassis.crash_points import crash_point
from chassis.database import DATABASE_ERRORS, message
from chassis.facts import Stored
from chassis.hot_path import HotPool
from chassis.logread import Page
from chassis.logs import get_logger
from chassis.patience import patiently, pause
from chassis.positions import Position
from chassis.projection import Projection
from chassis.quarantine_steps import Item, item
from chassis.telemetry import record_span
from chassis.tending import Tasks

_log = get_logger(__name__)
READ_AT_ONCE = 25
"""Events decoded before others have their turn: some milliseconds."""


class Stopped(Exception):
    """The follower stopped with a batch in hand: it must not be acknowledged."""


class FetchPage(Protocol):
    async def __call__(self, log: str, after: int) -> Page:
        """A page after a seq from the producer or, if it is silent, from who holds it. Any error: nobody has it now."""


class Follower:
    """The shell of one followed log. ``run()`` works until cancelled; ``take()`` returns once a batch is settled.

    ``trouble`` hears what is wrong and None when it is over; ``told`` the mark whenever it stands still;
    ``applied`` is called after each commit.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        log: str,
        projection: Projection,
        fetch: FetchPage,
        *,
        hot: HotPool | None = None,
        batch_events: int = 500,
        gap_seconds: float = 5.0,
        applied: Callable[[], None] = lambda: None,
        told: Callable[[Position], None] = lambda at: None,
        trouble: Callable[[str | None], None] = lambda reason: None,
    ) -> None:
        self.log = log
        self.fork: str | None = None
        """Why it stopped for good, once it did; people choose the branch."""
        self.branches: tuple[steps.ForkKind, Position, Position] | None = None
        """In which way the fork showed, the mark, and where the other branch was seen."""
        self.stopped = asyncio.Event()
        self._begun = asyncio.Event()
        """What people decided is known: before that, a late message of a branch not kept would pass for a new fork."""
        self.known = 0
        """The highest seq that the log is known to have."""
        self._engine = engine
        self._hot = hot
        self._projection = projection
        self._takes = projection.events()
        self._fetch = fetch
        self._batch_events = batch_events
        self._gap_seconds = gap_seconds
        self._applied = applied
        self._told = told
        self._trouble = trouble
        self._inbox: asyncio.Queue[steps.Input] = asyncio.Queue()
        self._settled: dict[int, asyncio.Future[None]] = {}
        self._tokens = 0
        self._voided: set[bytes] = set()
        self._read: dict[bytes, Item] = {}
        """What was decoded ahead, by hash; no more than what ``take`` has in hand and the next batch."""

    async def read(self, events: Sequence[Stored]) -> None:
        """Decode events that will be handed to ``take``, while the database is busy with those before them.

        Others have their turn in between: a batch of long events takes a while.
        """
        for nr, event in enumerate(events):
            self._read[event.hash] = item(event, self._takes)
            if nr % READ_AT_ONCE == READ_AT_ONCE - 1:
                await asyncio.sleep(0)

    async def take(self, events: Sequence[Stored]) -> None:
        """Return when the mark covers all of ``events``: now the messages may be acknowledged.

        Raises ``Stopped`` when that will not be.
        """
        await self._begun.wait()
        if self.stopped.is_set():
            raise Stopped(self.fork)
        # Of a branch that people did not keep nothing is news, however often it is delivered.
        events = [event for event in events if event.hash not in self._voided]
        self._tokens += 1
        token = self._tokens
        self._settled[token] = asyncio.get_running_loop().create_future()
        self._inbox.put_nowait(steps.Delivered(token, tuple(events)))
        try:
            await self._settled[token]
        finally:
            del self._settled[token]
            for event in events:
                self._read.pop(event.hash, None)

    @property
    def in_hand(self) -> int:
        """Events decoded and not settled yet."""
        return len(self._read)

    def beacon(self, at: Position) -> None:
        self._inbox.put_nowait(steps.Beacon(at))

    def held_elsewhere(self, at: Position) -> None:
        """Another follower says how far it holds the log."""
        self._inbox.put_nowait(steps.HeldElsewhere(at))

    def missed(self) -> None:
        """Ask the producer whether there is more than was delivered."""
        self._inbox.put_nowait(steps.Missed())

    def redrive(self) -> None:
        """Try again what is held, in order, between two batches."""
        self._inbox.put_nowait(steps.RedriveAsked())

    async def run(self) -> None:
        try:
            await self._run()
        finally:
            self._stop()

    async def _run(self) -> None:
        at = await patiently(self._start, self._trouble)
        self._begun.set()
        state = steps.begin(self.log, self._batch_events, at)
        said: str | None = None
        async with Tasks() as tasks:
            heard: steps.Input = steps.MarkRead(at)
            while True:
                state, actions = steps.step(state, heard)
                self.known = state.wanted
                for action in actions:
                    if isinstance(action, steps.Stop):
                        self.branches = (action.kind, state.mark, action.seen)
                    self._start_doing(tasks, action)
                wrong = state.fork or (state.trouble if state.failures > 1 else None)
                if wrong != said:
                    said = wrong
                    self._trouble(said)
                heard = await self._inbox.get()

    async def _start(self) -> Position:
        async with self._engine.begin() as db:
            await received.place_mark(db, self.log)
            self._voided = await received.voided(db, self.log)
            return await received.mark(db, self.log)

    def _start_doing(self, tasks: Tasks, action: steps.Action) -> None:
        match action:
            case steps.Ack(token):
                if token in self._settled and not self._settled[token].done():
                    self._settled[token].set_result(None)
            case steps.TellMark(at):
                self._told(at)
            case steps.Stop(reason):
                self.fork = reason
                _log.error("fork", log=self.log, reason=reason)
                self._stop()
            case _:
                tasks.start(self._do(action))

    def _stop(self) -> None:
        self.stopped.set()
        self._begun.set()
        for batch in self._settled.values():
            if not batch.done():
                batch.set_exception(Stopped(self.fork))

    async def _do(self, action: steps.Action) -> None:
        match action:
            case steps.Pause(failures, fetching):
                await pause(failures)
                self._inbox.put_nowait(steps.Resumed(fetching))
                return
            case steps.Watch(mark):
                await asyncio.sleep(self._gap_seconds)
                self._inbox.put_nowait(steps.GapDue(mark))
                return
        try:
            answer = await self._attempt(action)
        except Exception as error:
            answer = self._failed(action, error)
        self._inbox.put_nowait(answer)

    def _failed(self, action: steps.Action, error: Exception) -> steps.DidFail:
        """Nobody's event is to blame, and nothing is skipped: it is tried again."""
        if isinstance(action, steps.Fetch):
            _log.info("nothing_fetched", log=self.log, after=action.after, reason=str(error))
        elif isinstance(error, DATABASE_ERRORS):
            # A deadlock, a serialisation failure, a lock or connection that was lost.
            _log.warning("follower_again", log=self.log, error=message(error))
            return steps.DidFail(f"{type(error).__name__}: {message(error)}")
        else:
            _log.error("follower_failed", log=self.log, exc_info=error)
        return steps.DidFail(f"{type(error).__name__}: {error}")

    async def _attempt(self, action: steps.Action) -> steps.Input:
        match action:
            case steps.Commit(mark, events):
                return await self._commit(mark, events)
            case steps.Compare(seqs):
                async with self._engine.connect() as db:
                    return steps.HeldRead(seqs, await received.hashes(db, self.log, seqs))
            case steps.Fetch(after):
                page = await self._fetch(self.log, after)
                return steps.Fetched(page.events, page.head)
            case steps.ReloadMark():
                async with self._engine.connect() as db:
                    return steps.MarkRead(await received.mark(db, self.log))
            case steps.Redrive():
                tried = held.Redriven()
                while not tried.whole:
                    freed = tried.freed
                    async with self._engine.begin() as db:
                        tried = await held.redrive(db, self.log, self._projection, tried)
                    if tried.freed > freed:
                        self._applied()  # at once: a later page may fail
                return steps.Redriven()
        raise TypeError(action)

    async def _commit(self, mark: Position, events: tuple[Stored, ...]) -> steps.Input:
        began = time.time_ns()
        batch = [self._read.get(event.hash) or item(event, self._takes) for event in events]
        try:
            moved = await self._write_at_once(mark, events, batch)
            if moved is None:
                moved = await self._write(mark, events, batch, as_set=True)
        except Refused:
            # Something in it is poison. It is found event by event, under savepoints; the usual batch needs none.
            moved = await self._write(mark, events, batch, as_set=False)
        if not moved:
            async with self._engine.connect() as db:
                return steps.MarkRead(await received.mark(db, self.log))
        ended = time.time_ns()
        for one in batch:
            if one.event.traceparent:
                about: dict[str, str | int] = {"event": one.event.key, "batch": len(batch)}
                parent = one.event.traceparent
                record_span(f"follow {one.type}", began, ended, SpanKind.CONSUMER, about, parent=parent)
        return steps.Committed(Position.of(events[-1]))

    async def _write_at_once(self, mark: Position, events: Sequence[Stored], batch: list[Item]) -> bool | None:
        """One statement for a batch in which all is well. None: it takes a transaction, and nothing was written."""
        if any(one.poison for one in batch):
            return None
        rows = self._projection.rows_of([one.fact for one in batch if one.fact is not None])
        if rows is None:
            return None
        subjects = {subject for one in batch for subject in one.subjects}
        try:
            async with self._hot.acquire() if self._hot else self._engine.connect() as db:
                await received.keep_and_apply(db, self.log, mark, events, subjects, rows)
                self._committed()
        except received.Bound:
            return None
        except received.MarkElsewhere:
            return False
        return True

    async def _write(self, mark: Position, events: Sequence[Stored], batch: list[Item], *, as_set: bool) -> bool:
        """One transaction. False: the mark stands elsewhere, and nothing was written."""
        subjects = {subject for one in batch for subject in one.subjects}
        async with self._engine.begin() as db:
            binding = await received.keep_batch(db, self.log, mark, events, subjects)
            if binding is None:
                return False
            crash_point("follower.marked")
            await held.apply(db, self.log, self._projection, batch, binding, as_set=as_set)
            crash_point("follower.applied")
        self._committed()
        return True

    def _committed(self) -> None:
        crash_point("follower.committed")
        self._applied()
