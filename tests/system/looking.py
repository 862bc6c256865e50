"""Looks into the databases of a running site, as the auditor who may only read."""

from __future__ import annotations

from typing import Any

import asyncpg
from thidua.local.site import Site


async def rows(site: Site, service: str, query: str, *values: Any) -> list[asyncpg.Record]:
    """Rows of one service's database; placeholders are ``$1`` and so on."""
    connection = await asyncpg.connect(site.audit(service).dsn, timeout=10)
    try:
        return await connection.fetch(query, *values)
    finally:
        await connection.close()


async def one(site: Site, service: str, query: str, *values: Any) -> Any:
    """The first column of the first row; None when there is none."""
    found = await rows(site, service, query, *values)
    return found[0][0] if found else None
