"""Brings a database to the version that the code expects: the chassis' tables, then the service's own."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config
from alembic.ddl.postgresql import PostgresqlImpl
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

CHASSIS = "chassis"
LIVE = "live"


async def upgrade(engine: AsyncEngine, package: str, *, schema: str = LIVE, with_chassis: bool = True) -> None:
    """Create or upgrade schema ``chassis`` and the tables of ``package`` in ``schema`` (a replay has its own).

    One transaction under an advisory lock: several copies may start at once.
    """
    async with engine.begin() as connection:
        await connection.execute(sa.text("SELECT pg_advisory_xact_lock(71001)"))
        await connection.execute(sa.text(f'CREATE SCHEMA IF NOT EXISTS "{CHASSIS}"'))
        await connection.execute(sa.text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        if with_chassis:
            await connection.run_sync(_upgrade, "chassis", CHASSIS)
        await connection.run_sync(_upgrade, package, schema)


def _upgrade(connection: Connection, package: str, schema: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(files(package) / "migrations"))
    config.attributes.update(connection=connection, schema=schema)
    connection.execute(sa.text(f'SET LOCAL search_path = "{schema}", chassis, public'))
    command.upgrade(config, "head")


def run() -> None:
    """What each ``migrations/env.py`` calls: scripts use unqualified names, the search path says where they land."""
    attributes: dict[str, Any] = context.config.attributes
    context.configure(
        connection=attributes["connection"],
        version_table="schema_version",
        version_table_schema=attributes["schema"],
    )
    context.run_migrations()


class ScriptImpl(PostgresqlImpl):
    """Lets ``op.execute`` run a whole script: asyncpg prepares one statement at a time, so a script goes past it."""

    __dialect__ = "postgresql"

    def _exec(self, construct: Any, *args: Any, **options: Any) -> Any:
        if isinstance(construct, str):
            assert self.connection is not None
            driver: Any = self.connection.connection.driver_connection
            return await_only(driver.execute(construct))
        return super()._exec(construct, *args, **options)
