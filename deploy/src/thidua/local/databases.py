"""One database and one role per service on any PostgreSQL 18 server, and the role that may only read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import quote

import asyncpg

EXTENSIONS = ("btree_gist", "unaccent", "pg_trgm")
AUDIT_ROLE = "thidua_audit"


@dataclass(frozen=True)
class Database:
    """Where a database is and who logs in to it."""

    host: str
    port: int
    name: str
    role: str
    password: str

    @property
    def dsn(self) -> str:
        """For asyncpg and psql: postgresql://…"""
        return f"postgresql://{quote(self.role)}:{quote(self.password)}@{self.host}:{self.port}/{quote(self.name)}"

    @property
    def url(self) -> str:
        """For SQLAlchemy: postgresql+asyncpg://…"""
        return self.dsn.replace("postgresql://", "postgresql+asyncpg://", 1)

    def named(self, name: str) -> Database:
        """Another database of the same server, same login."""
        return replace(self, name=name)

    def login(self, role: str, password: str) -> Database:
        """The same database, another login."""
        return replace(self, role=role, password=password)


async def close_shared_databases(superuser: Database) -> None:
    """Takes the right to connect to `postgres` and `template1` from everyone: a service has its own only."""
    async with _session(superuser) as db:
        for name in ("postgres", "template1"):
            await db.execute(f"REVOKE CONNECT, TEMPORARY ON DATABASE {_name(name)} FROM PUBLIC")


async def ensure_role(superuser: Database, role: str, password: str) -> None:
    """A role that may log in and nothing else; setting the password again makes a restored folder agree."""
    async with _session(superuser) as db:
        if not await db.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
            await db.execute(f"CREATE ROLE {_name(role)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT")
        await db.execute(f"ALTER ROLE {_name(role)} PASSWORD {_text(password)}")


async def ensure_database(
    superuser: Database,
    name: str,
    *,
    role: str,
    password: str,
    demo: bool = False,
    template: str | None = None,
) -> Database:
    """The database `name`, owned by `role`, closed to every other but the auditor; made if it is not there.

    `demo` marks it so that a published instant is obeyed there (`current_setting('thidua.demo', true)` is
    `on`); the mark is taken away again when it is not asked for.
    """
    await ensure_role(superuser, role, password)
    async with _session(superuser) as db:
        if not await db.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            source = f" TEMPLATE {_name(template)} STRATEGY file_copy" if template else ""
            await db.execute(f"CREATE DATABASE {_name(name)} OWNER {_name(role)}{source}")
        await db.execute(f"REVOKE ALL ON DATABASE {_name(name)} FROM PUBLIC")
        await db.execute(f"GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {_name(name)} TO {_name(role)}")
        if await db.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", AUDIT_ROLE):
            await db.execute(f"GRANT CONNECT ON DATABASE {_name(name)} TO {AUDIT_ROLE}")
        mark = "SET thidua.demo = 'on'" if demo else "RESET thidua.demo"
        await db.execute(f"ALTER DATABASE {_name(name)} {mark}")
    if template is None:
        async with _session(superuser.named(name)) as db:
            for extension in EXTENSIONS:
                await db.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    return superuser.named(name).login(role, password)


async def ensure_auditor(superuser: Database, password: str) -> None:
    """The role that checks invariants: may enter each database of a service, read it all, write nowhere."""
    await ensure_role(superuser, AUDIT_ROLE, password)
    async with _session(superuser) as db:
        await db.execute(f"ALTER ROLE {AUDIT_ROLE} INHERIT")
        await db.execute(f"ALTER ROLE {AUDIT_ROLE} SET default_transaction_read_only = on")
        await db.execute(f"GRANT pg_read_all_data TO {AUDIT_ROLE} WITH INHERIT TRUE")


async def drop_database(superuser: Database, name: str) -> None:
    """Drops the database with whoever is still connected to it."""
    async with _session(superuser) as db:
        await db.execute(f"DROP DATABASE IF EXISTS {_name(name)} WITH (FORCE)")


@asynccontextmanager
async def _session(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """One short connection, closed on the way out."""
    connection = await asyncpg.connect(database.dsn, timeout=10)
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(literal: str) -> str:
    return "'" + literal.replace("'", "''") + "'"
