"""Builds the tables of one log anew beside the live ones while the service runs, compares them, and swaps them.

Read in pages and written in short transactions; compared within one snapshot, at one mark; swapped in one short
transaction that holds the mark (or, for the own log, its tables and then its head, in the order of a command).
Reactions do not run again: their cursors are not touched.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chassis.logs import get_logger
from chassis.migrate import LIVE
from chassis.patience import pause
from chassis.replay import Difference, Feed, Replay, compare, empty_schema
from chassis.service import Service

BESIDE = "rebuilt_"
"""Schemas of rebuilds under way begin so; the rest of the name is the run's own."""
REPLACED = "replaced"
LOCK_MILLISECONDS = 500
"""How long the swap waits for readers: whoever comes meanwhile waits behind it."""
ATTEMPTS = 60
_log = get_logger(__name__)

Progress = Callable[[int, int], Awaitable[None]]
"""Told how far the new tables are, and how far the live ones: seqs of the log."""


class NotAlone(Exception):
    """Something outside of the tables depends on them, or they on it: swapped, it would point at the old ones."""


async def rebuild(
    engine: AsyncEngine, service: Service, feed: Feed, *, swap_anyway: bool, progress: Progress
) -> tuple[bool, list[Difference]]:
    """Whether the tables were swapped, and how the new ones differed from the live ones.

    Different ones are swapped only ``swap_anyway``. Raises ``NotAlone``, or what reading and applying raise; the live
    tables are then as they were.
    """
    tables = feed.projection.tables
    await _forget_former(engine)
    async with engine.connect() as db:
        views = await _views(db, tables)
    schema = BESIDE + secrets.token_hex(4)
    await empty_schema(engine, service, schema)
    try:
        replay = Replay(feed, schema)
        await _catch_up(engine, replay, progress)
        async with engine.begin() as db:
            for table in tables:
                await db.execute(sa.text(f'ANALYZE "{schema}"."{table}"'))
        async with engine.connect() as db:
            await db.execution_options(isolation_level="REPEATABLE READ")
            async with db.begin():
                await replay.rest(db)
                found = await compare(db, db, schema, tables)
        if found and not swap_anyway:
            return False, found
        await _catch_up(engine, replay, progress)
        await _swap_when_free(engine, replay, views)
        return True, found
    finally:
        async with engine.begin() as db:
            await db.execute(sa.text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))


async def _catch_up(engine: AsyncEngine, replay: Replay, progress: Progress) -> None:
    async for _ in replay.pages(engine, engine):
        async with engine.connect() as db:
            end = await replay.feed.end(db)
        await progress(replay.at, end)


async def _forget_former(engine: AsyncEngine) -> None:
    """What a process left behind that was killed at it; one that still is at it fails when it next writes."""
    async with engine.begin() as db:
        former = await db.execute(
            sa.text("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, :beside)"), {"beside": BESIDE}
        )
        for row in former.all():
            await db.execute(sa.text(f'DROP SCHEMA IF EXISTS "{row.nspname}" CASCADE'))


_TABLES = pg.ARRAY(sa.Text)
_FOREIGN_KEYS = sa.text(
    "SELECT c.conname FROM pg_constraint c JOIN pg_class a ON a.oid = c.conrelid JOIN pg_class b ON b.oid = c.confrelid"
    " WHERE c.contype = 'f' AND c.connamespace = 'live'::regnamespace"
    " AND (a.relname = ANY(:tables)) <> (b.relname = ANY(:tables))"
).bindparams(sa.bindparam("tables", type_=_TABLES))
_VIEWS = sa.text(
    "SELECT v.relname, bool_and(t.relname = ANY(:tables)) AS whole FROM pg_class v"
    " JOIN pg_rewrite r ON r.ev_class = v.oid"
    " JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid"
    " JOIN pg_class t ON t.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass AND t.oid <> v.oid"
    " WHERE v.relkind = 'v' AND v.relnamespace = 'live'::regnamespace"
    " GROUP BY v.relname HAVING bool_or(t.relname = ANY(:tables))"
).bindparams(sa.bindparam("tables", type_=_TABLES))


async def _views(db: AsyncConnection, tables: list[str]) -> list[str]:
    """The live views over these tables: they move with them. Raises ``NotAlone``."""
    for row in await db.execute(_FOREIGN_KEYS, {"tables": tables}):
        raise NotAlone(f"foreign key {row.conname} leads out of or into the tables {', '.join(tables)}")
    views = (await db.execute(_VIEWS, {"tables": tables})).all()
    for view in views:
        if not view.whole:
            raise NotAlone(f"view {view.relname} reads other tables, too")
    return [view.relname for view in views]


async def _swap_when_free(engine: AsyncEngine, replay: Replay, views: list[str]) -> None:
    """Readers and writers come first: tried again, each time for half a second, until they leave a gap."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            # Rolled back, a transaction must not have moved the replay on.
            await _swap(engine, replace(replay, left_out=set(replay.left_out)), views)
            return
        except DBAPIError as error:
            if attempt == ATTEMPTS or getattr(error.orig, "sqlstate", None) not in ("55P03", "40P01"):
                raise
            _log.info("swap_waits", log=replay.feed.log, attempt=attempt)
            await pause(min(attempt, 4))


async def _swap(engine: AsyncEngine, replay: Replay, views: list[str]) -> None:
    feed, schema = replay.feed, replay.schema
    tables = ", ".join(f'"{LIVE}"."{table}"' for table in feed.projection.tables)
    locks = [f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"]
    if feed.own:
        # A command writes its tables, then locks the head.
        locks.append("SELECT 1 FROM chassis.log_head FOR UPDATE")
    else:
        locks.insert(0, "SELECT 1 FROM chassis.mark WHERE log = :log FOR UPDATE")
    async with engine.begin() as db:
        await db.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_MILLISECONDS}ms'"))
        for lock in locks:
            await db.execute(sa.text(lock), {"log": feed.log} if ":log" in lock else {})
        await replay.rest(db)
        await db.execute(sa.text(f'CREATE SCHEMA "{REPLACED}"'))
        for kind, names in (("TABLE", feed.projection.tables), ("VIEW", views)):
            for name in names:
                await _grant_alike(db, schema, name)
                await db.execute(sa.text(f'ALTER {kind} "{LIVE}"."{name}" SET SCHEMA "{REPLACED}"'))
                await db.execute(sa.text(f'ALTER {kind} "{schema}"."{name}" SET SCHEMA "{LIVE}"'))
        await db.execute(sa.text(f'DROP SCHEMA "{REPLACED}" CASCADE'))


async def _grant_alike(db: AsyncConnection, schema: str, name: str) -> None:
    """Whoever was let in to the live one is let in to the new one."""
    grants = await db.execute(
        sa.text(
            "SELECT a.privilege_type, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS who"
            " FROM pg_class c, aclexplode(c.relacl) a"
            " WHERE c.relnamespace = 'live'::regnamespace AND c.relname = :name AND a.grantee <> c.relowner"
        ),
        {"name": name},
    )
    for grant in grants.all():
        await db.execute(sa.text(f'GRANT {grant.privilege_type} ON "{schema}"."{name}" TO {grant.who}'))
