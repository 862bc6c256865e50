"""Replays a service from its logs into an empty schema and compares it with the live tables, row by row."""

from __future__ import annotations

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
    """A table whose replayed rows are not its live rows."""

    table: str
    only_live: int
    only_replayed: int


async def replay(engine: AsyncEngine, service: Service, site: str, schema: str) -> None:
    """Fill ``schema`` (made anew) from the own log and from ``received``: the same apply, the same order per log."""
    async with engine.begin() as db:
        await db.execute(sa.text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))
    await upgrade(engine, service.package, schema=schema, with_chassis=False)
    async with engine.begin() as db:
        await db.execute(sa.text(f'SET LOCAL search_path = "{schema}", chassis, public'))
        await _replay_own(db, service, f"{site}.{service.name}")
        for projection in service.follows:
            await _replay_followed(db, projection, f"{site}.{projection.log}")


async def _replay_own(db: AsyncConnection, service: Service, name: str) -> None:
    after = 0
    while page := await logs.read_page(db, name, after, PAGE):
        await service.own.apply(db, [_own(stored) for stored in page])
        after = page[-1].seq


def _own(stored: Stored) -> Recorded[Fact]:
    fact = read(stored)
    return Recorded(fact.header, fact.data)


async def _replay_followed(db: AsyncConnection, projection: Projection, name: str) -> None:
    """Up to the mark, in order of seq, without what is held in quarantine or was discarded by name."""
    left_out = await db.execute(
        sa.text(
            "SELECT epoch, seq FROM chassis.quarantine WHERE log = :log"
            " UNION SELECT epoch, seq FROM chassis.discarded WHERE log = :log"
        ),
        {"log": name},
    )
    without = {(row.epoch, row.seq) for row in left_out}
    after = 0
    while page := await logs.read_received(db, name, after, PAGE):
        facts = []
        for stored in page:
            if (stored.epoch, stored.seq) in without:
                continue
            try:
                facts.append(read(stored))
            except Unreadable:
                continue
        await projection.apply(db, facts)
        after = page[-1].seq


async def compare(engine: AsyncEngine, service: Service, schema: str) -> list[Difference]:
    """Tables that differ between the live schema and a replayed one; the unlogged ones are left out."""
    found = []
    async with engine.connect() as db:
        rows = await db.execute(
            sa.text("SELECT tablename FROM pg_tables WHERE schemaname = :schema ORDER BY tablename"),
            {"schema": LIVE},
        )
        tables = [row.tablename for row in rows if row.tablename not in {"schema_version", *service.unlogged}]
        for table in tables:
            only_live = await db.scalar(_except(table, LIVE, schema)) or 0
            only_replayed = await db.scalar(_except(table, schema, LIVE)) or 0
            if only_live or only_replayed:
                found.append(Difference(table, only_live, only_replayed))
    return found


def _except(table: str, one: str, other: str) -> sa.TextClause:
    return sa.text(
        f'SELECT count(*) FROM (SELECT t::text FROM "{one}"."{table}" t'
        f' EXCEPT ALL SELECT t::text FROM "{other}"."{table}" t) AS d'
    )


async def differences(
    engine: AsyncEngine, service: Service, site: str, schema: str = "replayed"
) -> list[Difference]:
    """Replay into ``schema``, compare, and drop it again. Empty means that replay equals live."""
    await replay(engine, service, site, schema)
    try:
        return await compare(engine, service, schema)
    finally:
        async with engine.begin() as db:
            await db.execute(sa.text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))
