"""One database and one role per service on any PostgreSQL 18 server, and the role that may only read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
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
    async with session(superuser) as db:
        await _run(db, _shared_databases_closed())


async def ensure_role(superuser: Database, role: str, password: str) -> None:
    """A role that may log in and nothing else; setting the password again makes a restored folder agree."""
    async with session(superuser) as db:
        if not await db.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
            await db.execute(_role_made(role))
        await db.execute(_password_set(role, password))


async def has_database(superuser: Database, name: str) -> bool:
    """Whether the server has a database of this name."""
    async with session(superuser) as db:
        return bool(await db.fetchval("SELECT true FROM pg_database WHERE datname = $1", name))


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
    async with session(superuser) as db:
        if not await db.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            source = f" TEMPLATE {quoted(template)} STRATEGY file_copy" if template else ""
            await db.execute(_database_made(name, role) + source)
        await _run(db, _database_closed(name, role))
        if await db.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", AUDIT_ROLE):
            await db.execute(_auditor_let_in(name))
        mark = "SET thidua.demo = 'on'" if demo else "RESET thidua.demo"
        await db.execute(f"ALTER DATABASE {quoted(name)} {mark}")
    if template is None:
        async with session(superuser.named(name)) as db:
            await _run(db, _extensions_made())
    return superuser.named(name).login(role, password)


async def ensure_auditor(superuser: Database, password: str) -> None:
    """The role that checks invariants: may enter each database of a service, read it all, write nowhere."""
    await ensure_role(superuser, AUDIT_ROLE, password)
    async with session(superuser) as db:
        await _run(db, _auditor_reads_all())


def first_start_script(passwords: Mapping[str, str], audit_password: str) -> str:
    """The same for a server that runs a psql script at its first start: ``passwords`` by service, all in it."""
    lines = [
        *_shared_databases_closed(),
        _role_made(AUDIT_ROLE),
        _password_set(AUDIT_ROLE, audit_password),
        *_auditor_reads_all(),
    ]
    for name, password in passwords.items():
        lines += [_role_made(name), _password_set(name, password), _database_made(name, name)]
        lines += [*_database_closed(name, name), _auditor_let_in(name)]
    script = "".join(f"{line};\n" for line in lines)
    for name in passwords:
        script += f"\\connect {quoted(name)}\n" + "".join(f"{line};\n" for line in _extensions_made())
    return script


async def ensure_replicator(superuser: Database, role: str, password: str) -> None:
    """The role that copies the whole server byte for byte: may enter no database."""
    await ensure_role(superuser, role, password)
    async with session(superuser) as db:
        await db.execute(f"ALTER ROLE {quoted(role)} REPLICATION")


@asynccontextmanager
async def session(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """One short connection, closed on the way out."""
    connection = await asyncpg.connect(database.dsn, timeout=10)
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


async def _run(db: asyncpg.Connection, statements: list[str]) -> None:
    for statement in statements:
        await db.execute(statement)


def _shared_databases_closed() -> list[str]:
    return [f"REVOKE CONNECT, TEMPORARY ON DATABASE {name} FROM PUBLIC" for name in ("postgres", "template1")]


def _role_made(role: str) -> str:
    return f"CREATE ROLE {quoted(role)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT"


def _password_set(role: str, password: str) -> str:
    return f"ALTER ROLE {quoted(role)} PASSWORD {_text(password)}"


def _database_made(name: str, role: str) -> str:
    return f"CREATE DATABASE {quoted(name)} OWNER {quoted(role)}"


def _database_closed(name: str, role: str) -> list[str]:
    return [
        f"REVOKE ALL ON DATABASE {quoted(name)} FROM PUBLIC",
        f"GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {quoted(name)} TO {quoted(role)}",
    ]


def _auditor_let_in(name: str) -> str:
    return f"GRANT CONNECT ON DATABASE {quoted(name)} TO {AUDIT_ROLE}"


def _auditor_reads_all() -> list[str]:
    return [
        f"ALTER ROLE {AUDIT_ROLE} INHERIT",
        f"ALTER ROLE {AUDIT_ROLE} SET default_transaction_read_only = on",
        f"GRANT pg_read_all_data TO {AUDIT_ROLE} WITH INHERIT TRUE",
    ]


def _extensions_made() -> list[str]:
    return [f"CREATE EXTENSION IF NOT EXISTS {extension}" for extension in EXTENSIONS]


def quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(literal: str) -> str:
    return "'" + literal.replace("'", "''") + "'"
