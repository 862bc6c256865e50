"""Replays a service from its logs into an empty schema and compares it with the live tables, row by row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import sqlalchemy as sa
from contracts.catalogue import Fact
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chassis import log as logs
from chassis.facts import Recorded, Stored, Unreadable, read
from chassis.migrate import LIVE, upgrade
from chassis.projection import Projection
from chassis.service import Service

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """A table whose replayed rows are not its live rows: how many rows each side has that the other has not."""

    table: str
    only_live: int
    only_replayed: int


async def differences(
    live: AsyncEngine, service: Service, site: str, scratch: AsyncEngine | None = None, schema: str = "replayed"
) -> list[Difference]:
    """Replay the logs of ``live`` into an empty ``schema`` of ``scratch``, compare, and drop it again.

    Empty means that replay equals live. ``live`` is only read when ``scratch`` is another database, so a read-only
    role will do; without ``scratch`` the schema is made beside the live one.
    """
    scratch = scratch or live
    await replay(live, service, site, scratch, schema)
    try:
        return await compare(live, service, scratch, schema)
    finally:
        async with scratch.begin() as db:
            await db.execute(sa.text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))


async def replay(live: AsyncEngine, service: Service, site: str, scratch: AsyncEngine, schema: str) -> None:
    """Fill ``schema`` (made anew) from the own log and from ``received``: the same apply, the same order per log."""
    async with scratch.begin() as target:
        await target.execute(sa.text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))
    await upgrade(scratch, service.package, schema=schema, with_chassis=False)
    async with live.connect() as source, scratch.begin() as target:
        await target.execute(sa.text(f'SET LOCAL search_path = "{schema}", public'))
        await _replay_own(source, target, service, f"{site}.{service.name}")
        for projection in service.follows:
            await _replay_followed(source, target, projection, f"{site}.{projection.log}")


async def _replay_own(source: AsyncConnection, target: AsyncConnection, service: Service, name: str) -> None:
    after = 0
    while page := await logs.read_page(source, name, after, PAGE):
        await service.own.apply(target, [_own(stored) for stored in page])
        after = page[-1].seq


def _own(stored: Stored) -> Recorded[Fact]:
    fact = read(stored)
    return Recorded(fact.header, fact.data)


async def _replay_followed(source: AsyncConnection, target: AsyncConnection, projection: Projection, name: str) -> None:
    """Up to the mark, in order of seq, without what is held in quarantine or was discarded by name."""
    left_out = await source.execute(
        sa.text(
            "SELECT epoch, seq FROM chassis.quarantine WHERE log = :log"
            " UNION SELECT epoch, seq FROM chassis.discarded WHERE log = :log"
        ),
        {"log": name},
    )
    without = {(row.epoch, row.seq) for row in left_out}
    after = 0
    while page := await logs.read_received(source, name, after, PAGE):
        readable = []
        for stored in page:
            if (stored.epoch, stored.seq) in without:
                continue
            try:
                readable.append(read(stored))
            except Unreadable:
                continue
        await projection.apply(target, readable)
        after = page[-1].seq


async def compare(live: AsyncEngine, service: Service, scratch: AsyncEngine, schema: str) -> list[Difference]:
    """Tables that differ between the live schema and a replayed one; the unlogged ones are left out."""
    found = []
    async with live.connect() as one, scratch.connect() as other:
        rows = await one.execute(
            sa.text("SELECT tablename FROM pg_tables WHERE schemaname = :schema ORDER BY tablename"), {"schema": LIVE}
        )
        tables = [row.tablename for row in rows if row.tablename not in {"schema_version", *service.unlogged}]
        for table in tables:
            lived, replayed = await _rows(one, LIVE, table), await _rows(other, schema, table)
            if lived != replayed:
                found.append(Difference(table, (lived - replayed).total(), (replayed - lived).total()))
    return found


async def _rows(db: AsyncConnection, schema: str, table: str) -> Counter[int]:
    """How often each row occurs, by a 64-bit hash of its text: a table of millions of rows stays small in memory."""
    hashes = await db.execute(sa.text(f'SELECT hashtextextended(t::text, 0) FROM "{schema}"."{table}" t'))
    return Counter(row[0] for row in hashes)
