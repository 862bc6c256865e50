"""The one way in which events get to a stream: written many at once, acknowledged one by one, each with its span.

nats-py's ``publish_async`` loses the answer of a stream that refuses, and it and ``publish`` make a future, a random
token and a header block piece by piece for each message. Here one inbox hears all answers, the reply subject says
which event each belongs to, and one write takes a whole batch to the server.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import ConnectionClosedError
from opentelemetry.trace import SpanKind

from chassis import subjects
from chassis.facts import Stored
from chassis.telemetry import Promised, keep_promise, promise_span
from chassis.wire import WITHHELD, to_headers
from contracts import catalogue

ACK_SECONDS = 2.0
"""How long an acknowledgement may take; then the same message goes again with the same id."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The stream has it, as its message ``stream_seq``; ``again``: it had it before."""

    course: int
    seq: int
    stream: str
    stream_seq: int
    again: bool = False


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The stream refused it, nobody took it, or a stream in another domain did."""

    course: int
    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Late:
    """No acknowledgement within the deadline; the message may still land later."""

    course: int
    seqs: tuple[int, ...]


class Publisher:
    """Publishes one log to one stream, over a connection that others use, too.

    ``course`` is a number of the caller's that comes back with each answer. ``heard`` is called, without awaiting, when
    there are answers to take.
    """

    def __init__(
        self,
        connection: Client,
        log: str,
        tree: str,
        heard: Callable[[], None] = lambda: None,
        *,
        domain: str | None = None,
        seconds: float = ACK_SECONDS,
    ) -> None:
        self._nats = connection
        self._site, self._service = log.split(".")
        self._tree = tree
        self._heard = heard
        self._domain = domain
        self._seconds = seconds
        self.stream = subjects.stream(tree, self._service)
        self._subjects: dict[str, str] = {}
        self._spans: dict[tuple[int, int], tuple[str, Promised]] = {}
        """What is on its way: its span, by course and seq."""
        self._sent: deque[tuple[float, int, tuple[int, ...]]] = deque()
        """What was sent when, oldest first."""
        self._answers: list[Acknowledged | NotTaken] = []
        self._inbox = ""
        self._subscription: Subscription | None = None
        where = f'"domain":"{domain}",' if domain else ""
        self._plain = f'{{"stream":"{self.stream}",{where}"seq":'.encode()
        """How an acknowledgement begins that counts and says nothing special."""

    async def open(self) -> None:
        self._inbox = f"{self._nats.new_inbox()}."
        self._subscription = await self._nats.subscribe(f"{self._inbox}*", cb=self._answered)

    async def close(self) -> None:
        if self._subscription is not None and not self._nats.is_closed:
            await self._subscription.unsubscribe()

    async def send(self, course: int, events: Sequence[Stored]) -> None:
        """Put events on their way, in this order. Raises nats' errors when there is no connection: nothing went."""
        if not self._nats.is_connected:
            raise ConnectionClosedError
        began = time.time_ns()
        commands = []
        for event in events:
            place = promise_span(event.traceparent, began)
            kind, headers = to_headers(event, self.stream, place.traceparent)
            self._spans[course, event.seq] = (f"relay {kind}", place)
            length = len(headers)
            commands.append(
                f"HPUB {self._subject(kind)} {self._inbox}{course}-{event.seq} {length} {length + len(event.data)}\r\n"
                .encode() + headers + event.data + b"\r\n"
            )  # fmt: skip
        self._sent.append((time.monotonic(), course, tuple(event.seq for event in events)))
        # What Client.publish does with each message, done once for all of them.
        together = b"".join(commands)
        self._nats.stats["out_msgs"] += len(commands)
        self._nats.stats["out_bytes"] += len(together)
        await self._nats._send_command(together)
        await self._nats._flush_pending()

    def answers(self) -> list[Acknowledged | NotTaken]:
        """What was answered since the last call, in the order in which it came; their spans end here."""
        answers, self._answers = self._answers, []
        now = time.time_ns()
        for answer in answers:
            span = self._spans.pop((answer.course, answer.seq), None)
            if span is not None:
                failed = answer.reason if isinstance(answer, NotTaken) else None
                keep_promise(*span, now, SpanKind.PRODUCER, failed)
        return answers

    def late(self) -> list[Late]:
        """What was sent too long ago and has had no answer, once; an answer may still come."""
        found, now = [], time.monotonic()
        while self._sent and now - self._sent[0][0] > self._seconds:
            _, course, sent = self._sent.popleft()
            silent = {seq: span for seq in sent if (span := self._spans.pop((course, seq), None)) is not None}
            for span in silent.values():
                keep_promise(*span, time.time_ns(), SpanKind.PRODUCER, "no acknowledgement in time")
            if silent:
                found.append(Late(course, tuple(silent)))
        return found

    def _subject(self, kind: str) -> str:
        subject = self._subjects.get(kind)
        if subject is None:
            if kind == WITHHELD:
                subject = subjects.withheld(self._tree, self._site, self._service)
            else:
                subject = catalogue.entry(kind).subject(self._tree, self._site, self._service)
            self._subjects[kind] = subject
        return subject

    async def _answered(self, msg: Msg) -> None:
        course, _, seq = msg.subject[len(self._inbox) :].partition("-")
        self._answers.append(self._read(int(course), int(seq), msg))
        self._heard()

    def _read(self, course: int, seq: int, msg: Msg) -> Acknowledged | NotTaken:
        if msg.data.startswith(self._plain):
            number = msg.data[len(self._plain) : -1]
            if number.isdigit():
                return Acknowledged(course, seq, self.stream, int(number))
        if not msg.data:
            status = (msg.headers or {}).get("Status", "")
            return NotTaken(course, seq, f"no stream takes it ({status})")
        told = json.loads(msg.data)
        if "error" in told:
            return NotTaken(course, seq, f"{told['error'].get('description')} ({told['error'].get('err_code')})")
        if (told.get("domain") or None) != self._domain:
            return NotTaken(course, seq, f"acknowledged by {told['stream']} in {told.get('domain')}")
        return Acknowledged(course, seq, told["stream"], told["seq"], bool(told.get("duplicate")))
