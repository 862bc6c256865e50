"""Fresh databases for tests: prepared once per name as a template, then cloned in a fraction of a second."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Protocol

from thidua.local.databases import Database, ensure_database

from tests.support.backends import PostgresServer

Prepare = Callable[[Database], Awaitable[None]]


class MakeDatabase(Protocol):
    """`await make_database("registry", migrate)`: a new database with the role of that name.

    `prepare` (run once per name and function in a session, as the role) makes what every clone starts with.
    """

    async def __call__(self, name: str, prepare: Prepare | None = None, *, demo: bool = False) -> Database: ...


class DatabaseMaker:
    """Databases on one server. None is dropped: the server goes with the session, and dropping them takes long."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        # Makers of several backends may share a server: each names its databases by a mark of its own.
        self._mark = secrets.token_hex(3)
        self._numbers = count(1)
        self._templates: dict[tuple[str, Prepare | None], str] = {}

    async def __call__(self, name: str, prepare: Prepare | None = None, *, demo: bool = False) -> Database:
        key = (name, prepare)
        if key not in self._templates:
            template = await self._ensure(f"{name}_{self._mark}_template_{next(self._numbers)}", name)
            if prepare is not None:
                await prepare(template)
            self._templates[key] = template.name
        return await self._ensure(f"{name}_{self._mark}_{next(self._numbers)}", name, demo, self._templates[key])

    async def _ensure(self, database: str, role: str, demo: bool = False, template: str | None = None) -> Database:
        return await ensure_database(
            self._server.superuser, database, role=role, password=f"{role}-test", demo=demo, template=template
        )
