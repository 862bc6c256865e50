"""The unit of work: one transaction in which a command, a reaction or a timer reads, decides, applies and appends.

Order inside the transaction: idempotency, the handler's reading and deciding, apply of its facts by the service's own
projection, append, commit. Guards catch what moved between reading and appending; then the command runs again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from contracts.catalogue import Fact
from contracts.envelope import Act, Header, Idempotency
from contracts.refusal import Refused
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chassis import log as logs
from chassis.facts import Recorded
from chassis.ids import new_id
from chassis.metrics import Metrics
from chassis.projection import Projection
from chassis.telemetry import current_traceparent, span
from contracts import catalogue

Handler = Callable[..., Awaitable[None]]
RETRIES = 5


@dataclass(frozen=True, slots=True)
class Command:
    """What is asked of the service, by whom and under which key. ``scope`` + ``key`` are done once, ever."""

    scope: str
    key: str
    body_hash: str
    act: Act
    person: str | None = None
    causation: str | None = None
    correlation: str | None = None
    if_match: str | None = None
    status: int = 200
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the log says of a write: built from facts, so a replayed log gives the same answer."""

    subject: str
    version: int
    """Seq of the last event of this write that changed the subject: its new version."""
    events: tuple[tuple[str, str], ...]
    span: logs.Span
    status: int
    repeated: bool = False
    """True when the same key and body had been answered before."""


class NothingRecorded(Exception):
    """A unit of work that ended without a fact."""


class Work:
    """What a handler holds: the transaction, the act, and a place to record facts."""

    def __init__(self, db: AsyncConnection, command: Command) -> None:
        self.db = db
        self.act = command.act
        self.person = command.person
        self.cause = command.cause
        self._command = command
        self._facts: list[Recorded[Fact]] = []
        self._guarded: dict[str, int] = {}

    @property
    def now(self) -> datetime:
        """The instant of recording, UTC, from the clock port; the same throughout one unit of work."""
        return self.act.recorded

    def new_id(self) -> str:
        return new_id()

    def act_as(self, **changes: Any) -> None:
        """Say more of the act once it is known, e.g. whose it is."""
        self.act = self.act.model_copy(update=changes)

    async def guard(self, subject: str) -> int:
        """Read the version of an aggregate that the decision relies on; it must not move before commit."""
        if subject not in self._guarded:
            self._guarded[subject] = await logs.version(self.db, subject)
        return self._guarded[subject]

    async def expect(self, subject: str) -> int:
        """An existing aggregate is about to be changed: If-Match must name its present version.

        Raises Refused ``precondition-required`` (428) without the header and ``precondition-failed`` (412), telling
        which event changed it since. Reactions and timers carry no If-Match; for them it only guards.
        """
        version = await self.guard(subject)
        if self._command.scope in ("reaction", "timer"):
            return version
        if self._command.if_match is None:
            raise Refused("precondition-required", subject=subject)
        if self._command.if_match not in (etag(version), "*"):
            raise Refused("precondition-failed", subject=subject, **await changed_since(self.db, subject, version))
        return version

    def record(self, fact: Fact, *subjects: str, correlation: str | None = None, id: str | None = None) -> None:
        """Record a fact. The first subject is the aggregate it is about; all are those whose state it changes."""
        header = Header(
            id=id or new_id(),
            type=catalogue.entry(type(fact)).type,
            occurred=self.act.made,
            act=self.act,
            correlation=correlation or self._command.correlation or new_id(),
            causation=self._command.causation,
            subjects=subjects,
            idempotency=Idempotency(
                scope=self._command.scope,
                key=self._command.key,
                body_hash=self._command.body_hash,
                status=self._command.status,
            ),
        )
        self._facts.append(Recorded(header, fact))

    @property
    def facts(self) -> list[Recorded[Fact]]:
        return self._facts

    async def _commit(self, own: Projection) -> logs.Span:
        await own.apply(self.db, self._facts)
        return await logs.append(
            self.db,
            self._facts,
            guarded=self._guarded,
            idempotency=self._facts[0].header.idempotency,
            traceparent=current_traceparent(),
        )


def etag(version: int) -> str:
    """The ETag of an aggregate at a version."""
    return f'"{version}"'


async def changed_since(db: AsyncConnection, subject: str, version: int) -> dict[str, Any]:
    """Which event stands at the present version of an aggregate, and who typed it."""
    row = (await db.execute(sa.text("SELECT header FROM chassis.log WHERE seq = :seq"), {"seq": version})).first()
    if row is None:
        return {"etag": etag(version), "changed_by": None, "changed_at": None, "event": None}
    header = Header.model_validate_json(row.header)
    return {
        "etag": etag(version),
        "changed_by": header.act.typed_by,
        "changed_at": header.act.recorded,
        "event": header.type,
    }


class Performer:
    """Runs units of work on one service's database. ``committed`` is called after each commit (wakes the relay)."""

    def __init__(
        self,
        engine: AsyncEngine,
        own: Projection,
        committed: Callable[[], None],
        metrics: Metrics | None = None,
    ) -> None:
        self._engine = engine
        self._own = own
        self._committed = committed
        self._metrics = metrics or Metrics()

    async def perform(
        self, command: Command, handler: Handler, *args: Any, allow_nothing: bool = False
    ) -> Answer | None:
        """Do what is asked once. Runs again by itself when something it read moved meanwhile.

        Raises Refused (also ``idempotency-key-reused``, ``still-running``, ``busy``), and NothingRecorded unless
        ``allow_nothing``; then None says that nothing was to be recorded.
        """
        name = getattr(handler, "__name__", "handler")
        with span(f"handle {name}"), self._metrics.handled(name):
            for _ in range(RETRIES):
                try:
                    return await self._once(command, handler, args, allow_nothing)
                except logs.Stale as stale:
                    if command.if_match is not None and command.if_match != "*":
                        # Next round reads the new version and tells precisely what changed.
                        continue
                    reason = stale.subject
                except IntegrityError as error:
                    reason = _constraint(error)
                except DBAPIError as error:
                    if getattr(error.orig, "sqlstate", None) not in ("40001", "40P01", "55P03"):
                        raise
                    reason = "lock"
                except logs.Malformed as error:
                    raise Refused("event-too-large", told=str(error)) from error
            raise Refused("busy", about=reason)

    async def _once(
        self, command: Command, handler: Handler, args: tuple[Any, ...], allow_nothing: bool
    ) -> Answer | None:
        async with self._engine.connect() as db, db.begin() as transaction:
            known = await self._known(db, command)
            if known is not None:
                return known
            work = Work(db, command)
            await handler(work, *args)
            if not work.facts:
                if allow_nothing:
                    return None
                raise NothingRecorded(getattr(handler, "__name__", "handler"))
            written = await work._commit(self._own)
            await transaction.commit()
        self._committed()
        return _answer(written, [fact.header for fact in work.facts], command.status)

    async def _known(self, db: AsyncConnection, command: Command) -> Answer | None:
        """The stored answer of the same key, if there is one. An uncommitted row is invisible: hence the lock first."""
        row = (
            await db.execute(
                sa.text(
                    "SELECT pg_try_advisory_xact_lock(hashtextextended(:scope || chr(31) || :key, 0)) AS free,"
                    " i.body_hash, i.status, i.epoch, i.first_seq, i.last_seq FROM (SELECT 1) AS one"
                    " LEFT JOIN chassis.idempotency i ON i.scope = :scope AND i.key = :key"
                ),
                {"scope": command.scope, "key": command.key},
            )
        ).one()
        if not row.free:
            raise Refused("still-running", key=command.key)
        if row.body_hash is None:
            return None
        if row.body_hash != command.body_hash:
            raise Refused("idempotency-key-reused", key=command.key)
        return await stored_answer(db, row.epoch, row.first_seq, row.last_seq, row.status)


async def stored_answer(db: AsyncConnection, epoch: int, first: int, last: int, status: int) -> Answer:
    """The answer of a write that lies in the log between two seqs."""
    rows = (
        await db.execute(
            sa.text("SELECT hash, header FROM chassis.log WHERE seq BETWEEN :first AND :last ORDER BY seq"),
            {"first": first, "last": last},
        )
    ).all()
    written = logs.Span((await logs.head(db)).log, epoch, first, last, rows[-1].hash)
    return _answer(written, [Header.model_validate_json(row.header) for row in rows], status, repeated=True)


def _answer(written: logs.Span, headers: list[Header], status: int, repeated: bool = False) -> Answer:
    subject = headers[0].subjects[0]
    numbered = list(enumerate(headers, written.first_seq))
    return Answer(
        subject=subject,
        version=max(seq for seq, header in numbered if subject in header.subjects),
        events=tuple((f"{written.log}:{written.epoch}:{seq}", header.type) for seq, header in numbered),
        span=written,
        status=status,
        repeated=repeated,
    )


def _constraint(error: IntegrityError) -> str:
    cause = error.orig.__cause__ if error.orig is not None else None
    return getattr(cause, "constraint_name", None) or "key"


def body_hash(body: bytes) -> str:
    """SHA-256 of a request body as sent, hex."""
    return hashlib.sha256(body).hexdigest()


def service_act(service: str, now: datetime) -> Act:
    """The act of a reaction or a timer: the service's own, online, made, received and recorded at one instant."""
    name = f"service:{service}"
    return Act(whose=name, typed_by=name, made=now, received=now, recorded=now)


def for_cause(service: str, now: datetime, reaction: str, cause: Recorded[Fact]) -> Command:
    """What a reaction is asked: once per cause, its facts in the case of the cause."""
    assert cause.cause is not None
    return Command(
        scope="reaction",
        key=f"{reaction}:{cause.cause}",
        body_hash=body_hash(cause.cause.encode()),
        act=service_act(service, now),
        causation=cause.cause,
        correlation=cause.header.correlation,
        cause=cause.cause,
    )


def for_timer(service: str, now: datetime, timer: str, key: str) -> Command:
    """What a timer is asked: once per key."""
    return Command(
        scope="timer",
        key=f"{timer}:{key}",
        body_hash=body_hash(key.encode()),
        act=service_act(service, now),
        causation=f"timer:{timer}",
    )


def with_status(command: Command, status: int) -> Command:
    return replace(command, status=status)
