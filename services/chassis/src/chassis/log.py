"""The log of this database: append, read, open. The stored function ``chassis.append`` is the only way in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from contracts.catalogue import Fact
from contracts.envelope import Header, Idempotency, seed_hash
from contracts.refusal import Refused
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.facts import Recorded, Stored, to_bytes
from contracts import catalogue


@dataclass(frozen=True, slots=True)
class Span:
    """The events that one transaction appended: inclusive seq range and the hash of the last."""

    log: str
    epoch: int
    first_seq: int
    last_seq: int
    hash: bytes


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


_APPEND = sa.text(
    "SELECT log, epoch, first_seq, last_seq, hash FROM chassis.append("
    ":types, :correlations, :headers, :datas, :subjects, :traceparent, :guarded, :versions,"
    ":scope, :key, :body_hash, :status)"
).bindparams(
    sa.bindparam("types", type_=pg.ARRAY(sa.Text)),
    sa.bindparam("correlations", type_=pg.ARRAY(sa.Text)),
    sa.bindparam("headers", type_=pg.ARRAY(pg.BYTEA)),
    sa.bindparam("datas", type_=pg.ARRAY(pg.BYTEA)),
    sa.bindparam("subjects", type_=pg.JSONB),
    sa.bindparam("traceparent", type_=sa.Text),
    sa.bindparam("guarded", type_=pg.ARRAY(sa.Text)),
    sa.bindparam("versions", type_=pg.ARRAY(sa.BigInteger)),
    sa.bindparam("scope", type_=sa.Text),
    sa.bindparam("key", type_=sa.Text),
    sa.bindparam("body_hash", type_=sa.Text),
    sa.bindparam("status", type_=sa.Integer),
)


async def append(
    db: AsyncConnection,
    facts: Sequence[Recorded[Fact]],
    *,
    guarded: dict[str, int] | None = None,
    idempotency: Idempotency | None = None,
    traceparent: str | None = None,
) -> Span:
    """Append facts as the last statement of the transaction in ``db``.

    ``guarded`` maps subjects to the seq at which they were read; raises ``Stale`` when one moved, ``Malformed`` for an
    event that is too large. The head row stays locked until the transaction ends: commit at once.
    """
    guarded = guarded or {}
    try:
        row = (
            await db.execute(
                _APPEND,
                {
                    "types": [fact.header.type for fact in facts],
                    "correlations": [fact.header.correlation for fact in facts],
                    "headers": [fact.header.to_bytes() for fact in facts],
                    "datas": [to_bytes(fact.data) for fact in facts],
                    "subjects": [list(fact.header.subjects) for fact in facts],
                    "traceparent": traceparent,
                    "guarded": list(guarded),
                    "versions": list(guarded.values()),
                    "scope": idempotency.scope if idempotency else None,
                    "key": idempotency.key if idempotency else None,
                    "body_hash": idempotency.body_hash if idempotency else None,
                    "status": idempotency.status if idempotency else None,
                },
            )
        ).one()
    except DBAPIError as error:
        sqlstate = getattr(error.orig, "sqlstate", None)
        if sqlstate == "TD001":
            raise Stale(_message(error)) from error
        if sqlstate == "TD002":
            raise Malformed(_message(error)) from error
        if sqlstate == "TD003":
            # The gate was shut, or the database was changed beneath us: this copy may not have heard of it yet.
            raise Refused("log-not-opened", log="này", silent=["đang đối chiếu"]) from error
        raise
    return Span(row.log, row.epoch, row.first_seq, row.last_seq, row.hash)


def _message(error: DBAPIError) -> str:
    cause = error.orig.__cause__ if error.orig is not None else None
    return getattr(cause, "message", None) or str(error.orig)


async def head(db: AsyncConnection) -> Head:
    row = (await db.execute(sa.text("SELECT log, epoch, seq, hash FROM chassis.log_head"))).one()
    return Head(row.log, row.epoch, row.seq, row.hash)


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


async def read_page(
    db: AsyncConnection, log: str, after: int, limit: int = 500, size: int = MAX_PAGE_BYTES
) -> list[Stored]:
    """Events of the own log with ``seq > after``, in order: ``limit`` or ``size`` bytes at most, but one at least."""
    rows = await db.execute(
        sa.text(
            f"SELECT {_COLUMNS} FROM ("
            " SELECT *, sum(length(header) + length(data)) OVER (ORDER BY seq) AS total FROM ("
            f" SELECT {_COLUMNS} FROM chassis.log WHERE seq > :after ORDER BY seq LIMIT :limit) AS next) AS page"
            " WHERE total <= :size OR seq = :after + 1 ORDER BY seq"
        ),
        {"after": after, "limit": limit, "size": size},
    )
    return [Stored(log, *row) for row in rows]


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
