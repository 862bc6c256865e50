"""The log of this database: append, read, open. The stored function ``chassis.append`` is the only way in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import asyncpg
import sqlalchemy as sa
from contracts.catalogue import Fact
from contracts.envelope import MAX_EVENT_BYTES, Header, Idempotency, seed_hash
from contracts.refusal import Refused
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import message, sqlstate
from chassis.facts import Appended, Recorded, Span, Stored, to_bytes
from chassis.projection import Rows, values_of
from chassis.statements import CACHED, Connected, beside, fetch_row, fetch_rows
from contracts import catalogue


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log ends."""

    log: str
    epoch: int
    seq: int
    hash: bytes


class Stale(Exception):
    """Something that a command had read was changed by somebody else before it could commit."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        super().__init__(subject)


class Malformed(Exception):
    """An event that no log takes: over 256 KiB, or a header that is not one line of JSON."""


class StillRunning(Exception):
    """The same key is being written at this moment, by a transaction that has not ended."""


_APPEND = """
SELECT log, epoch, first_seq, last_seq, hash FROM chassis.append_once({applied},
    CAST(:types AS text[]), CAST(:correlations AS text[]), CAST(:headers AS bytea[]), CAST(:datas AS bytea[]),
    CAST(:subjects AS jsonb), CAST(:traceparent AS text), CAST(:guarded AS text[]), CAST(:versions AS bigint[]),
    CAST(:scope AS text), CAST(:key AS text), CAST(:body_hash AS text), CAST(:status AS integer))
"""
_APPEND_ALONE = sa.text(_APPEND.format(applied="0"))


async def append(
    db: AsyncConnection,
    facts: Sequence[Recorded[Fact]],
    *,
    guarded: Mapping[str, int] | None = None,
    idempotency: Idempotency | None = None,
    traceparent: str | None = None,
) -> Appended:
    """Append facts as the last statement of the transaction in ``db``.

    ``guarded`` maps subjects to the seq at which they were read; raises ``Stale`` when one moved, ``Malformed`` for an
    event that is too large, ``StillRunning``. The head row stays locked until the transaction ends: commit at once.
    """
    contents = _contents(facts)
    try:
        row = (await db.execute(_APPEND_ALONE, _values(facts, contents, guarded, idempotency, traceparent))).one()
    except DBAPIError as error:
        raise _meant(error) from None
    return Appended(Span(*row), contents, traceparent)


async def apply_and_append(
    db: Connected,
    rows: Sequence[Rows],
    facts: Sequence[Recorded[Fact]],
    *,
    guarded: Mapping[str, int] | None = None,
    idempotency: Idempotency | None = None,
    traceparent: str | None = None,
) -> Appended:
    """Write rows and append in one statement, which on a connection that stands in no transaction commits by itself.

    No round trip lies between the lock of the head and its commit. Raises as ``append``, and the driver's own errors.
    """
    contents = _contents(facts)
    values = _values(facts, contents, guarded, idempotency, traceparent) | values_of(rows)
    try:
        row = await fetch_row(db, _one_statement(tuple(one.statement for one in rows)), **values)
    except asyncpg.PostgresError as error:
        raise _meant(error) from None
    assert row is not None
    return Appended(Span(**row), contents, traceparent)


@lru_cache(CACHED)
def _one_statement(statements: tuple[str, ...]) -> str:
    """Append with statements that write rows before it: counting what they wrote is what makes them go first."""
    applied = " + ".join(f"(SELECT count(*) FROM r{nr})" for nr in range(len(statements)))
    return beside(statements) + _APPEND.format(applied=applied or "0")


def _contents(facts: Sequence[Recorded[Fact]]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((fact.header.to_bytes(), to_bytes(fact.data)) for fact in facts)


def _values(
    facts: Sequence[Recorded[Fact]],
    contents: Sequence[tuple[bytes, bytes]],
    guarded: Mapping[str, int] | None,
    idempotency: Idempotency | None,
    traceparent: str | None,
) -> dict[str, Any]:
    guarded = guarded or {}
    return {
        "types": [fact.header.type for fact in facts],
        "correlations": [fact.header.correlation for fact in facts],
        "headers": [header for header, _ in contents],
        "datas": [data for _, data in contents],
        "subjects": json.dumps([fact.header.subjects for fact in facts]),
        "traceparent": traceparent,
        "guarded": list(guarded),
        "versions": list(guarded.values()),
        "scope": idempotency.scope if idempotency else None,
        "key": idempotency.key if idempotency else None,
        "body_hash": idempotency.body_hash if idempotency else None,
        "status": idempotency.status if idempotency else None,
    }


def _meant(error: Exception) -> Exception:
    """What append itself says by a SQLSTATE of its own; anything else as it is."""
    state = sqlstate(error)
    if state == "TD001":
        return Stale(message(error))
    if state == "TD002":
        return Malformed(message(error))
    if state == "TD003":
        # The gate was shut, or the database was changed beneath us: this copy may not have heard of it yet.
        return Refused("log-not-opened", log="này", silent=["đang đối chiếu"])
    if state == "TD004":
        return StillRunning(message(error))
    return error


async def head(db: AsyncConnection) -> Head:
    row = (await db.execute(sa.text("SELECT log, epoch, seq, hash FROM chassis.log_head"))).one()
    return Head(row.log, row.epoch, row.seq, row.hash)


async def head_seq(db: AsyncConnection) -> int:
    """The seq of the last event of the own log; 0 before it is opened."""
    row = await fetch_row(db, "SELECT seq FROM chassis.log_head")
    return 0 if row is None else row["seq"]


async def is_open(db: AsyncConnection) -> bool:
    return (await db.execute(sa.text("SELECT 1 FROM chassis.log_head"))).first() is not None


async def open_head(db: AsyncConnection, log: str) -> None:
    """Put the empty head of a new log in place: epoch 1, seq 0, the log's own seed as ``prev`` of seq 1."""
    await db.execute(
        sa.text("INSERT INTO chassis.log_head (log, epoch, seq, hash) VALUES (:log, 1, 0, :seed)"),
        {"log": log, "seed": seed_hash(log)},
    )


MAX_PAGE_BYTES = 4 * 1024 * 1024
_COLUMNS = "epoch, seq, prev, hash, header, data, traceparent"
_PAGE = (
    f"SELECT {_COLUMNS} FROM ("
    " SELECT *, sum(length(header) + length(data)) OVER (ORDER BY seq) AS total FROM ("
    f" SELECT {_COLUMNS} FROM chassis.log WHERE seq > :after ORDER BY seq LIMIT :limit) AS next) AS page"
    " WHERE total <= :size OR seq = CAST(:after AS bigint) + 1 ORDER BY seq"
)


async def read_page(db: Connected, log: str, after: int, limit: int = 500, size: int = MAX_PAGE_BYTES) -> list[Stored]:
    """Events of the own log with ``seq > after``, in order: ``limit`` or ``size`` bytes at most, but one at least."""
    rows = await fetch_rows(db, _PAGE, after=after, limit=limit, size=size)
    return [Stored(log, *row) for row in rows]


def fills_a_page(page: Sequence[Stored]) -> bool:
    """Whether another event may not have had room in it."""
    return sum(len(event.header) + len(event.data) for event in page) > MAX_PAGE_BYTES - MAX_EVENT_BYTES


async def read_received(db: AsyncConnection, log: str, after: int, limit: int = 500) -> list[Stored]:
    """Events kept as received of a followed log with ``seq > after``, in order, at most ``limit``."""
    rows = await db.execute(
        sa.text(f"SELECT {_COLUMNS} FROM chassis.received WHERE log = :log AND seq > :after ORDER BY seq LIMIT :limit"),
        {"log": log, "after": after, "limit": limit},
    )
    return [Stored(log, *row) for row in rows]


async def version(db: AsyncConnection, subject: str) -> int:
    """The seq of the last event that changed an aggregate; 0 when none did."""
    found = await db.scalar(sa.text("SELECT seq FROM chassis.aggregate WHERE subject = :subject"), {"subject": subject})
    return found or 0


def header_for(fact: Fact, **fields: object) -> Header:
    """A header for a fact; ``type`` comes from the catalogue."""
    return Header.model_validate({"type": catalogue.entry(type(fact)).type, **fields})


def pretty(stored: Stored) -> dict[str, object]:
    """One event for people: header and data as JSON beside its key and hash."""
    return {
        "key": stored.key,
        "hash": stored.hash.hex(),
        "header": json.loads(stored.header),
        "data": json.loads(stored.data),
        "traceparent": stored.traceparent,
    }
