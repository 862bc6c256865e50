"""Writes that leave no event: particulars, accounts, drafts. Repeating one changes nothing, so no key is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from chassis.http import Asked
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Keeping:
    """A transaction on the tables that no event feeds, and who asks for it."""

    db: AsyncConnection
    person: str | None
    now: datetime


@asynccontextmanager
async def keeping(asked: Asked) -> AsyncIterator[Keeping]:
    async with asked.runtime.engine.begin() as db:
        yield Keeping(db, asked.person, asked.runtime.clock.now())
