"""What stands in the databases at the end, read with the role that may only read: logs, received, tables, notices."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import asyncpg

from chaos.commands import EFFECTS

Place = tuple[int, int, str]
"""Epoch, seq and hash (hex) of one event."""


@dataclass(frozen=True)
class Row:
    """One event of a producer's own log; ``key`` is the idempotency key of its command, if it had one."""

    epoch: int
    seq: int
    hash: str
    prev: str
    key: str | None

    @property
    def place(self) -> Place:
        return self.epoch, self.seq, self.hash


@dataclass
class Book:
    """One service's database."""

    log: list[Row]
    received: dict[str, list[Place]] = field(default_factory=dict)
    """By log, in the order in which the events were taken."""
    tables: dict[str, Counter[str]] = field(default_factory=dict)
    """How many rows bear each id, by table."""
    notices: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    """Of notify alone: how often each cause was told to each recipient by each channel under each topic."""


Books = dict[str, Book]


async def read(databases: Mapping[str, str]) -> Books:
    """The books of every service; ``databases``: a DSN (postgresql://…) for each."""
    found = await asyncio.gather(*(_book(name, dsn) for name, dsn in databases.items()))
    return dict(zip(databases, found, strict=True))


async def _book(service: str, dsn: str) -> Book:
    db = await asyncpg.connect(dsn, timeout=10)
    try:
        log = await db.fetch(
            "SELECT epoch, seq, encode(hash, 'hex') AS hash, encode(prev, 'hex') AS prev,"
            " convert_from(header, 'UTF8')::jsonb #>> '{idempotency,key}' AS key FROM chassis.log ORDER BY seq"
        )
        book = Book([Row(*row) for row in log])
        taken = await db.fetch(
            "SELECT log, epoch, seq, encode(hash, 'hex') AS hash FROM chassis.received ORDER BY log, received_at, seq"
        )
        for row in taken:
            book.received.setdefault(row["log"], []).append((row["epoch"], row["seq"], row["hash"]))
        for effect in (effect for effects in EFFECTS.values() for effect in effects if effect.service == service):
            rows = await db.fetch(f"SELECT {effect.column} AS id FROM live.{effect.table}")
            book.tables[effect.table] = Counter(row["id"] for row in rows)
        if service == "notify":
            told = await db.fetch("SELECT cause, recipient, channel, topic FROM live.notification")
            book.notices = Counter(tuple(row) for row in told)
        return book
    finally:
        await db.close()
