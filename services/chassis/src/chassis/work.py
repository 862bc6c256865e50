"""The unit of work as a handler sees it: what is asked, by whom, a connection to read with, a place to record facts.

What becomes of the facts (apply, append, commit, once per key) is in ``chassis.performing``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from contracts.catalogue import Fact
from contracts.envelope import Act, Header, Idempotency
from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import log as logs
from chassis.facts import Recorded, Span
from chassis.ids import new_id
from chassis.statements import Connected
from contracts import catalogue

Handler = Callable[..., Awaitable[None]]
H = TypeVar("H", bound=Handler)


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
    span: Span
    status: int
    repeated: bool = False
    """True when the same key and body had been answered before."""


class NothingRecorded(Exception):
    """A unit of work that ended without a fact."""


class Unusual(Exception):
    """A ``hot`` handler needs more than the usual case does; nothing was done yet."""


def beside_the_log(handler: H) -> H:
    """Mark a handler that itself writes to tables which no event feeds: it runs in one transaction with its facts."""
    handler.beside_the_log = True  # type: ignore[attr-defined]
    return handler


def hot(handler: H) -> H:
    """Mark a handler of the hot path: all that it reads goes by keys, so each statement is planned once for all.

    What it reads in the usual case it reads by ``statements.fetch_row(work.reads, …)``; where it asks for ``work.db``,
    it is run again from the beginning as any other. It reads the versions that it guards itself, in the statement
    that reads what it judges: nothing is asked before.
    """
    handler.hot = True  # type: ignore[attr-defined]
    return handler


class Work:
    """What a handler holds: a connection to read with, the act, and a place to record facts."""

    def __init__(self, db: Connected, command: Command, began: int | None) -> None:
        """``began``: the seq at which the own log stood before anything was read; None for a ``hot`` handler."""
        self.reads = db
        """What ``statements.fetch_row`` reads with."""
        self.act = command.act
        self.person = command.person
        self.cause = command.cause
        self._command = command
        self._began = began
        self._facts: list[Recorded[Fact]] = []
        self._guarded: dict[str, int] = {}

    @property
    def db(self) -> AsyncConnection:
        """A connection for any statement. Raises Unusual in the usual case of a ``hot`` handler, which needs none."""
        if not isinstance(self.reads, AsyncConnection):
            raise Unusual
        return self.reads

    @property
    def now(self) -> datetime:
        """The instant of recording, UTC, from the clock port; the same throughout one unit of work."""
        return self.act.recorded

    def new_id(self) -> str:
        return new_id()

    def act_as(self, **changes: Any) -> None:
        """Say more of the act once it is known, e.g. whose it is."""
        self.act = self.act.model_copy(update=changes)

    async def guard(self, subject: str, *, read: int | None = None) -> int:
        """Note the version of an aggregate that the decision relies on; it must not move before commit.

        ``read``: the version, where a statement of the handler's own has read it; else it is looked up now. Raises
        ``log.Stale`` when it is younger than this unit of work: what was read before may be of an older state, which
        append could not tell from the version. The command then runs again.
        """
        if subject not in self._guarded:
            if read is None:
                assert self._began is not None, f"a hot handler reads the version of {subject} itself"
                read = await logs.version(self.db, subject)
            if self._began is not None and read > self._began:
                raise logs.Stale(subject)
            self._guarded[subject] = read
        return self._guarded[subject]

    async def expect(self, subject: str, *, read: int | None = None) -> int:
        """An existing aggregate is about to be changed: If-Match must name its present version (``read`` as above).

        Raises Refused ``precondition-required`` (428) without the header and ``precondition-failed`` (412), telling
        which event changed it since. Reactions and timers carry no If-Match; for them it only guards.
        """
        version = await self.guard(subject, read=read)
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

    @property
    def guarded(self) -> dict[str, int]:
        """Versions that must not have moved when the facts are appended."""
        return self._guarded


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


def body_hash(body: bytes) -> str:
    """SHA-256 of a request body as sent, hex."""
    return hashlib.sha256(body).hexdigest()


def service_act(service: str, now: datetime) -> Act:
    """The act of a reaction or a timer: the service's own, online, made, received and recorded at one instant."""
    name = f"service:{service}"
    return Act(whose=name, typed_by=name, made=now, received=now, recorded=now)


def for_cause(service: str, now: datetime, reaction: str, cause: Recorded[Fact], hash: bytes) -> Command:
    """What a reaction is asked: once per cause, its facts in the case of the cause.

    ``hash``, of the event that is the cause, is part of the key: where a log forks, two events stand at one place.
    """
    assert cause.cause is not None
    return Command(
        scope="reaction",
        key=f"{reaction}:{cause.cause}#{hash.hex()[:16]}",
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
