"""Carries the own log to a stream of NATS, in order and pipelined; ``relay_steps.py`` decides."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Protocol

import sqlalchemy as sa
from nats.js import JetStreamContext
from opentelemetry.trace import SpanKind
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import log as logs
from chassis import relay_steps as steps
from chassis import subjects
from chassis.broker import NotAccepted
from chassis.facts import Stored
from chassis.patience import patiently, pause
from chassis.positions import Position
from chassis.telemetry import current_traceparent, span
from chassis.tending import Tasks
from chassis.wire import Wire, to_headers
from contracts import catalogue

PAGE = 500
ACK_SECONDS = 2.0
"""How long a PubAck may take; then the same message goes again with the same id."""


class Publish(Protocol):
    async def __call__(self, event: Stored) -> str:
        """Publish and return the stream that acknowledged. Raises TimeoutError, or any other error for *not now*."""


def to_stream(js: JetStreamContext, tree: str, domain: str | None = None, seconds: float = ACK_SECONDS) -> Publish:
    """Publish on ``tree``; the message id is the hash, so that repeating a message is harmless."""

    async def publish(event: Stored) -> str:
        kind = json.loads(event.header)["type"]
        with span(f"relay {kind}", SpanKind.PRODUCER, parent=event.traceparent, root=event.traceparent is None):
            wire = Wire(
                event.log,
                event.epoch,
                event.seq,
                event.prev,
                event.hash,
                event.header,
                event.data,
                current_traceparent(),
            )
            site, service = event.log.split(".")
            subject = catalogue.entry(kind).subject(tree, site, service)
            # Not publish_async: nats-py 2.16 loses the answer of a stream that refuses, and says nothing.
            stream = subjects.stream(tree, service)
            ack = await js.publish(subject, event.data, timeout=seconds, stream=stream, headers=to_headers(wire))
            if (ack.domain or None) != domain:
                raise NotAccepted(f"acknowledged by {ack.stream} in domain {ack.domain}")
            return ack.stream

    return publish


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
    """The shell of one destination. ``wake()`` says that there may be more; ``run()`` works until cancelled."""

    def __init__(
        self,
        engine: AsyncEngine,
        log: str,
        stream: str,
        publish: Publish,
        *,
        in_flight: int = 32,
        poll_seconds: float = 0.1,
        fell_idle: Callable[[], None] = lambda: None,
        trouble: Callable[[str | None], None] = lambda reason: None,
    ) -> None:
        self._engine = engine
        self._log = log
        self._stream = stream
        self._publish = publish
        self._in_flight = in_flight
        self._poll = poll_seconds
        self._fell_idle = fell_idle
        self._trouble = trouble
        self._inbox: asyncio.Queue[steps.Input] = asyncio.Queue()

    def wake(self) -> None:
        self._inbox.put_nowait(steps.Woken())

    async def run(self) -> None:
        """Raises ``LogBroken`` when the own log does not continue; nothing is published past that."""
        at = await patiently(lambda: cursor(self._engine, self._log, self._stream), self._say)
        state = steps.begin(self._stream, self._in_flight, at)
        said: str | None = None
        async with Tasks() as tasks:
            self.wake()
            while True:
                try:
                    async with asyncio.timeout(self._poll):
                        heard = await self._inbox.get()
                except TimeoutError:
                    heard = steps.Woken()
                state, actions = steps.step(state, heard)
                for action in actions:
                    tasks.start(self._do(action))
                if state.trouble != said:
                    said = state.trouble
                    self._trouble(said)

    def _say(self, reason: str | None) -> None:
        self._trouble(reason)

    async def _do(self, action: steps.Action) -> None:
        match action:
            case steps.Publish(event):
                self._inbox.put_nowait(await self._send(event))
            case steps.ReadPage(after):
                events = await patiently(lambda: self._read(after), self._say)
                self._inbox.put_nowait(steps.PageRead(after, tuple(events)))
            case steps.MoveCursor(moved_from, to):
                self._inbox.put_nowait(await patiently(lambda: self._move(moved_from, to), self._say))
            case steps.Pause(failures):
                await pause(failures)
                self._inbox.put_nowait(steps.Resumed())
            case steps.FellIdle():
                self._fell_idle()

    async def _send(self, event: Stored) -> steps.Input:
        try:
            return steps.Acked(event.seq, await self._publish(event))
        except TimeoutError:
            return steps.TimedOut(event.seq)
        except Exception as error:
            # A full stream, nobody answering, no connection: whatever it is, the event stays in its log.
            return steps.Failed(event.seq, f"{type(error).__name__}: {error}")

    async def _read(self, after: int) -> list[Stored]:
        async with self._engine.connect() as db:
            return await logs.read_page(db, self._log, after, PAGE)

    async def _move(self, moved_from: Position, to: Position) -> steps.Input:
        if await move_cursor(self._engine, self._stream, moved_from, to):
            return steps.CursorMoved()
        return steps.CursorElsewhere(await cursor(self._engine, self._log, self._stream))
