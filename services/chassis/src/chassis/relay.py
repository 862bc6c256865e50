"""Carries the own log to a stream of NATS, in order and pipelined; ``relay_steps.py`` decides."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import nats.errors
import sqlalchemy as sa
from nats.aio.client import Client
from nats.js.errors import APIError, NotFoundError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chassis import log as logs
from chassis import relay_steps as steps
from chassis.crash_points import crash_point
from chassis.facts import Appended, Stored
from chassis.hot_path import HotPool
from chassis.patience import patiently, pause_seconds
from chassis.positions import Position
from chassis.publisher import Acknowledged, NotTaken, Publisher
from chassis.stream_end import is_own, opening, stream_end, stream_keeps
from chassis.tending import Tasks

T = TypeVar("T")
PAGE = 500
"""Events read at once, fewer when they are large: memory holds what is in flight and two pages at most."""
TICK_SECONDS = 0.5
"""How often the cursor moves while there is no end of work: each move is a commit beside those of commands."""
LOOK_SECONDS = 2.0
"""How often the stream is looked at, whether it still holds what it acknowledged."""
LOOK_PATIENCE = 2.0
LONGEST_PAUSE = 1.0
"""Between two tries while the stream is full or away: one look and one event each."""


async def cursor(engine: AsyncEngine, log: str, destination: str) -> Position:
    """The stored cursor of a destination; a new one stands before the first event."""
    start = Position.start(log)
    async with engine.begin() as db:
        await db.execute(
            sa.text(
                "INSERT INTO chassis.relay_cursor (destination, epoch, seq, hash)"
                " VALUES (:destination, :epoch, :seq, :hash) ON CONFLICT DO NOTHING"
            ),
            {"destination": destination, "epoch": start.epoch, "seq": start.seq, "hash": start.hash},
        )
        row = (
            await db.execute(
                sa.text("SELECT epoch, seq, hash FROM chassis.relay_cursor WHERE destination = :destination"),
                {"destination": destination},
            )
        ).one()
    return Position(row.epoch, row.seq, row.hash)


async def move_cursor(engine: AsyncEngine, destination: str, moved_from: Position, to: Position) -> bool:
    """Compare-and-set; False when somebody else moved it."""
    async with engine.begin() as db:
        moved = await db.execute(
            sa.text(
                "UPDATE chassis.relay_cursor SET epoch = :epoch, seq = :seq, hash = :hash"
                " WHERE destination = :destination AND epoch = :was_epoch AND seq = :was_seq AND hash = :was_hash"
            ),
            {
                "destination": destination,
                "epoch": to.epoch,
                "seq": to.seq,
                "hash": to.hash,
                "was_epoch": moved_from.epoch,
                "was_seq": moved_from.seq,
                "was_hash": moved_from.hash,
            },
        )
    return moved.rowcount == 1


class Relay:
    """The shell of one destination, of which a database may have several, each with its own cursor.

    ``committed()`` hands it what was just appended here, ``wake()`` says that there may be more, ``reconnected()`` that
    the server may be another one; ``run()`` works until cancelled. The destination is the name of the stream:
    ``<tree>-<service>``.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        log: str,
        connection: Client,
        tree: str,
        *,
        domain: str | None = None,
        in_flight: int = 32,
        poll_seconds: float = 0.1,
        look_seconds: float = LOOK_SECONDS,
        hot: HotPool | None = None,
        veil: Callable[[Stored], Stored] = lambda event: event,
        fell_idle: Callable[[], None] = lambda: None,
        trouble: Callable[[str | None], None] = lambda reason: None,
    ) -> None:
        self._veil = veil
        self._engine = engine
        self._hot = hot
        self._log = log
        self._tree = tree
        self._connection = connection
        self._domain = domain
        self._js = connection.jetstream(timeout=LOOK_PATIENCE, **({"domain": domain} if domain else {}))
        self._nudged = asyncio.Event()
        self._publisher = Publisher(connection, log, tree, self._nudged.set, domain=domain)
        self._in_flight = in_flight
        self._poll = poll_seconds
        self._look_seconds = look_seconds
        self._fell_idle = fell_idle
        self._trouble = trouble
        self._heard: list[steps.Input] = []
        self._said: str | None = None

    @property
    def stream(self) -> str:
        return self._publisher.stream

    def committed(self, appended: Appended) -> None:
        # Who has fallen behind reads what was committed meanwhile: memory does not fill with what waits here.
        self._hear(appended if len(self._heard) < self._in_flight else steps.Woken())

    def wake(self) -> None:
        self._hear(steps.Woken())

    def reconnected(self) -> None:
        self._hear(steps.Doubted())

    async def run(self) -> None:
        """Raises ``LogBroken`` when the own log does not continue; nothing is published past that."""
        at = await patiently(lambda: cursor(self._engine, self._log, self.stream), self._say)
        state = steps.begin(self.stream, self._in_flight, at)
        polled = ticked = looked = time.monotonic()
        await self._publisher.open()
        try:
            async with Tasks() as tasks:
                self.wake()
                while True:
                    if not self._heard:
                        await self._wait()
                    now = time.monotonic()
                    if now - polled >= self._poll:
                        polled = now
                        self._hear(*(steps.TimedOut(late.course, late.seqs) for late in self._publisher.late()))
                        self._hear(steps.Polled())
                    if now - ticked >= TICK_SECONDS:
                        ticked = now
                        self._hear(steps.Ticked())
                    if now - looked >= self._look_seconds:
                        looked = now
                        self._hear(steps.LookDue())
                    for heard in self._take():
                        state, actions = steps.step(state, heard)
                        for action in actions:
                            await self._do(action, tasks)
                    if state.trouble != self._said:
                        self._said = state.trouble
                        self._say(None)
        finally:
            await self._publisher.close()

    def _say(self, database: str | None) -> None:
        """What is wrong with the database, or else with the stream."""
        self._trouble(database or self._said)

    def _hear(self, *inputs: steps.Input) -> None:
        self._heard += inputs
        self._nudged.set()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._poll):
                await self._nudged.wait()
        except TimeoutError:
            return

    def _take(self) -> list[steps.Input]:
        """All that was heard, answers brought together: one step is for many of them."""
        self._nudged.clear()
        heard, self._heard = self._heard, []
        return [*self._sorted(self._publisher.answers()), *heard]

    def _sorted(self, answers: Iterable[Acknowledged | NotTaken]) -> list[steps.Input]:
        acked: dict[tuple[int, str], list[Acknowledged]] = {}
        refused: dict[tuple[int, str], list[int]] = {}
        for answer in answers:
            if isinstance(answer, NotTaken):
                refused.setdefault((answer.course, answer.reason), []).append(answer.seq)
            else:
                acked.setdefault((answer.course, answer.stream), []).append(answer)
        if acked:
            crash_point("relay.acknowledged")
        return [
            *(
                steps.Acked(
                    course,
                    tuple([answer.seq for answer in some]),
                    stream,
                    max(steps.Place(answer.stream_seq, answer.seq) for answer in some),
                    min((answer.stream_seq for answer in some if not answer.again), default=None),
                )
                for (course, stream), some in acked.items()
            ),
            *(steps.Failed(course, tuple(seqs), reason) for (course, reason), seqs in refused.items()),
        ]

    async def _do(self, action: steps.Action, tasks: Tasks) -> None:
        match action:
            case steps.Publish(course, events):
                await self._send(course, events)
            case steps.ReadPage(after):
                tasks.start(self._read(after))
            case steps.MoveCursor(moved_from, to):
                tasks.start(self._move(moved_from, to))
            case steps.LookAtStream(number, wanted, anchor):
                tasks.start(self._look(number, wanted, anchor))
            case steps.Pause(failures):
                asyncio.get_running_loop().call_later(
                    min(LONGEST_PAUSE, pause_seconds(failures)), self._hear, steps.Resumed()
                )
            case steps.FellIdle():
                self._fell_idle()

    async def _send(self, course: int, events: tuple[Stored, ...]) -> None:
        try:
            await self._publisher.send(course, [self._veil(event) for event in events])
        except nats.errors.Error as error:
            self._hear(steps.Failed(course, tuple(event.seq for event in events), f"{type(error).__name__}: {error}"))
            return
        crash_point("relay.published")

    async def _read(self, after: int) -> None:
        async def page_after() -> list[Stored]:
            async with self._hot.acquire() if self._hot else self._engine.connect() as db:
                return await logs.read_page(db, self._log, after, PAGE)

        page = await patiently(page_after, self._say)
        full = len(page) == PAGE or logs.fills_a_page(page)
        self._hear(steps.PageRead(after, tuple(page), full))

    async def _move(self, moved_from: Position, to: Position) -> None:
        async def move() -> steps.Input:
            if await move_cursor(self._engine, self.stream, moved_from, to):
                return steps.CursorMoved()
            return steps.CursorElsewhere(await cursor(self._engine, self._log, self.stream))

        moved = await patiently(move, self._say)
        crash_point("relay.cursor-moved")
        self._hear(moved)

    async def _look(self, number: int, wanted: Position, anchor: steps.Place | None) -> None:
        try:
            self._hear(await self._seen(number, wanted, anchor))
        except NotFoundError:
            away = f"stream {self.stream} is not there: an operator lays it with `thidua topology apply`"
            self._hear(steps.StreamAway(number, away))
        except (nats.errors.Error, APIError, TimeoutError) as error:
            self._hear(steps.StreamAway(number, f"stream {self.stream} does not answer: {error or type(error)}"))

    async def _seen(self, number: int, wanted: Position, anchor: steps.Place | None) -> steps.StreamEnds:
        found = await stream_end(
            self._connection, self._tree, self._log, anchor, wanted, LOOK_PATIENCE, domain=self._domain
        )
        end = found
        if found is not None and found != wanted and not await self._asked(lambda db: is_own(db, found)):
            end = None
        if end is not None and end.seq >= wanted.seq:
            return steps.StreamEnds(number, end, Position.start(self._log))
        keeps = await stream_keeps(self._js, self.stream)
        return steps.StreamEnds(number, end, await self._asked(lambda db: opening(db, wanted, keeps)))

    async def _asked(self, ask: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async def once() -> T:
            async with self._engine.connect() as db:
                return await ask(db)

        return await patiently(once, self._say)
