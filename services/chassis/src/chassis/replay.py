"""Replays logs into an empty schema, page by page, and compares what comes of it with the live tables, row by row.

The same for the proof that replay equals live (``differences``) and for a rebuild beside the running service
(``rebuild.py``): the same order, the same binding of discards and of what is held, the same comparison.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
from contracts.catalogue import Fact
from contracts.events.chassis import EventDiscarded
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chassis import log as logs
from chassis.facts import Recorded, Stored, Unreadable, read
from chassis.migrate import LIVE, upgrade
from chassis.projection import Projection
from chassis.service import Service
from chassis.tending import Tasks

PAGE = 1000
FOLLOWING = 50
"""Events read at once when a page ends within a transaction."""
READ_AT_ONCE = 25
"""Events decoded before others have their turn: a running service answers meanwhile."""
SHOWN = 5
"""Differing rows of a table that are shown, of each side."""

Key = tuple[int, int]
"""Epoch and seq."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A table whose replayed rows are not its live rows: how many rows each side has that the other has not, and the
    first of them as text."""

    table: str
    only_live: int
    only_replayed: int
    live_rows: tuple[str, ...] = ()
    replayed_rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """One log as this database has it, and the tables that it feeds: the own log or one that is followed."""

    log: str
    projection: Projection
    own: bool

    async def page(self, db: AsyncConnection, after: int, limit: int) -> list[Stored]:
        """Events after a seq, in order, ``limit`` of them; of the own log the last transaction whole.

        What a command wrote at once need not hold together (deferred keys) when only half of it stands there.
        """
        if not self.own:
            return await logs.read_received(db, self.log, after, limit)
        page = await logs.read_page(db, self.log, after, limit)
        while page and (write := _write_of(page[-1])) is not None:
            following = await logs.read_page(db, self.log, page[-1].seq, FOLLOWING)
            same = list(takewhile(lambda stored: _write_of(stored) == write, following))
            page += same
            if len(same) < FOLLOWING:
                break
        return page

    async def end(self, db: AsyncConnection) -> int:
        """The seq up to which the live tables hold the log: its head, or the mark."""
        query = "SELECT seq FROM chassis.log_head" if self.own else "SELECT seq FROM chassis.mark WHERE log = :log"
        return await db.scalar(sa.text(query), {} if self.own else {"log": self.log}) or 0

    async def left_out(self, db: AsyncConnection) -> set[Key]:
        """What is held in quarantine or was discarded by name."""
        if self.own:
            return set()
        rows = await db.execute(
            sa.text(
                "SELECT epoch, seq FROM chassis.quarantine WHERE log = :log"
                " UNION SELECT r.epoch, r.seq FROM chassis.discarded d JOIN chassis.received r"
                " ON (r.log, r.seq, r.hash) = (d.log, d.seq, d.hash) WHERE d.log = :log"
            ),
            {"log": self.log},
        )
        return {(row.epoch, row.seq) for row in rows}

    def fact(self, stored: Stored) -> Recorded[Fact] | None:
        """What ``apply`` got when the event happened; None for what it never gets."""
        if stored.withheld:
            return None
        if not self.own:
            try:
                return read(stored)
            except Unreadable:
                return None
        fact = read(stored)
        # Discards stand in the chassis' own table, which no replay begins anew.
        return None if isinstance(fact.data, EventDiscarded) else Recorded(fact.header, fact.data)


def _write_of(stored: Stored) -> Any:
    """Scope and key of the write that recorded an own event; None for what no write recorded."""
    return json.loads(stored.header).get("idempotency")


def feeds(service: Service, site: str, above: str = "") -> list[Feed]:
    """The own log, then those that are followed; ``above`` is the site above, where there is one."""
    followed = [Feed(f"{one.site or site}.{one.log}", one, own=False) for one in service.followed(above)]
    return [Feed(f"{site}.{service.name}", service.own, own=True), *followed]


@dataclass
class Replay:
    """One log on its way into a schema: how far it is, and what was left out so far."""

    feed: Feed
    schema: str
    at: int = 0
    left_out: set[Key] = field(default_factory=set)

    async def read_page(self, source: AsyncConnection) -> list[Recorded[Fact]] | None:
        """The facts of the next page; None at the end. What is held or discarded now is left out, and noted."""
        without = await self.feed.left_out(source)
        page = await self.feed.page(source, self.at, PAGE)
        if not page:
            return None
        self.at = page[-1].seq
        keys = {(stored.epoch, stored.seq) for stored in page}
        self.left_out |= keys & without
        return await self._facts(stored for stored in page if (stored.epoch, stored.seq) not in without)

    async def read_released(self, source: AsyncConnection) -> list[Recorded[Fact]]:
        """What was held when its page was read and has been applied to the live tables since, in order."""
        released = self.left_out - await self.feed.left_out(source)
        if not released:
            return []
        self.left_out -= released
        rows = await source.execute(
            sa.text(
                "SELECT epoch, seq, prev, hash, header, data, traceparent FROM chassis.received"
                " WHERE log = :log AND seq = ANY(:seqs) ORDER BY seq"
            ).bindparams(sa.bindparam("seqs", type_=pg.ARRAY(sa.BigInteger))),
            {"log": self.feed.log, "seqs": [seq for _, seq in released]},
        )
        return await self._facts(Stored(self.feed.log, *row) for row in rows)

    async def _facts(self, page: Iterable[Stored]) -> list[Recorded[Fact]]:
        facts = []
        for nr, stored in enumerate(page):
            fact = self.feed.fact(stored)
            if fact is not None:
                facts.append(fact)
            if nr % READ_AT_ONCE == READ_AT_ONCE - 1:
                await asyncio.sleep(0)
        return facts

    async def write(self, target: AsyncConnection, facts: list[Recorded[Fact]]) -> None:
        """Apply in the transaction of ``target``, to the tables of the schema."""
        await target.execute(sa.text(f'SET LOCAL search_path = "{self.schema}", public'))
        await self.feed.projection.apply(target, facts)

    async def rest(self, db: AsyncConnection) -> None:
        """All that there is, in one transaction that sees one state of the database."""
        while (facts := await self.read_page(db)) is not None:
            await self.write(db, facts)
        await self.write(db, await self.read_released(db))

    async def pages(self, source: AsyncEngine, target: AsyncEngine) -> AsyncIterator[None]:
        """All that there is just now, page by page in short transactions; after each one written.

        The next page is read and decoded while one is written.
        """
        facts = await self._read_from(source)
        while facts is not None:
            async with Tasks() as tasks:
                following = tasks.start(self._read_from(source))
                async with target.begin() as db:
                    await self.write(db, facts)
                facts = await following
            yield

    async def _read_from(self, source: AsyncEngine) -> list[Recorded[Fact]] | None:
        async with source.connect() as db:
            return await self.read_page(db)


async def empty_schema(target: AsyncEngine, service: Service, schema: str) -> None:
    """The tables of a service, empty, in a schema of their own."""
    async with target.begin() as db:
        await db.execute(sa.text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))
    await upgrade(target, service.package, schema=schema, with_chassis=False)


async def differences(
    live: AsyncEngine,
    service: Service,
    site: str,
    scratch: AsyncEngine | None = None,
    schema: str = "replayed",
    *,
    above: str = "",
) -> list[Difference]:
    """Replay the logs of ``live`` into an empty ``schema`` of ``scratch``, compare, and drop it again.

    Empty means that replay equals live. ``live`` is only read when ``scratch`` is another database, so a read-only
    role will do; without ``scratch`` the schema is made beside the live one. Nothing may change meanwhile.
    ``above`` names the site above, whose logs feed tables, too.
    """
    scratch = scratch or live
    await empty_schema(scratch, service, schema)
    try:
        for feed in feeds(service, site, above):
            async for _ in Replay(feed, schema).pages(live, scratch):
                pass
        async with live.connect() as one, scratch.connect() as other:
            rows = await one.execute(sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'live' ORDER BY 1"))
            tables = [row.tablename for row in rows if row.tablename not in {"schema_version", *service.unlogged}]
            return await compare(one, other, schema, tables)
    finally:
        async with scratch.begin() as db:
            await db.execute(sa.text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))


async def compare(one: AsyncConnection, other: AsyncConnection, schema: str, tables: Iterable[str]) -> list[Difference]:
    """The tables whose rows in ``schema`` (seen by ``other``) are not the live ones (seen by ``one``)."""
    found = []
    for table in tables:
        if await _digest(one, LIVE, table) == await _digest(other, schema, table):
            continue
        lived, replayed = await _hashes(one, LIVE, table), await _hashes(other, schema, table)
        more, less = lived - replayed, replayed - lived
        live_rows, replayed_rows = await _rows(one, LIVE, table, more), await _rows(other, schema, table, less)
        found.append(Difference(table, more.total(), less.total(), live_rows, replayed_rows))
    return found


_HASH = "hashtextextended(t::text, 0)"
"""64 bits of a row as text; its sum over a table tells two sets of rows apart, whatever their order."""


async def _digest(db: AsyncConnection, schema: str, table: str) -> tuple[int, int]:
    row = (await db.execute(sa.text(f'SELECT count(*), coalesce(sum({_HASH}), 0) FROM "{schema}"."{table}" t'))).one()
    return row[0], int(row[1])


async def _hashes(db: AsyncConnection, schema: str, table: str) -> Counter[int]:
    """How often each row occurs, by its hash."""
    return Counter(row[0] for row in await db.execute(sa.text(f'SELECT {_HASH} FROM "{schema}"."{table}" t')))


async def _rows(db: AsyncConnection, schema: str, table: str, which: Counter[int]) -> tuple[str, ...]:
    rows = await db.execute(
        sa.text(f'SELECT left(t::text, 500) FROM "{schema}"."{table}" t WHERE {_HASH} = ANY(:some)').bindparams(
            sa.bindparam("some", type_=pg.ARRAY(sa.BigInteger))
        ),
        {"some": list(which)[:SHOWN]},
    )
    return tuple(row[0] for row in rows)
