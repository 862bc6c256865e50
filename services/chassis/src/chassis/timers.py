"""Timers: work that becomes due at an instant computed from tables, done once per key whatever the clock does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.work import Work, for_timer


@dataclass(frozen=True, slots=True)
class DueJob:
    """A job not done yet: when it is due (UTC) and a key that stays the same however often it is found."""

    at: datetime
    key: str


NextDue = Callable[[AsyncConnection], Awaitable[DueJob | None]]
Run = Callable[[Work, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Timer:
    """``due`` names the earliest job not done yet; ``run`` must record a fact that makes it no longer pending."""

    name: str
    due: NextDue
    run: Run


Positions = tuple[object, ...]


@dataclass
class Outlook:
    """The earliest job of each timer, looked up again only when some log has moved: all tables come from logs."""

    _seen: dict[str, tuple[Positions, DueJob | None]] = field(default_factory=dict)

    async def next(self, timer: Timer, db: AsyncConnection, at: Positions | None = None) -> DueJob | None:
        """``at``: where the logs stood before this call, if that was read already."""
        at = at or await positions(db)
        if timer.name not in self._seen or self._seen[timer.name][0] != at:
            # Positions were read first: what is found may be newer than they are, never older.
            self._seen[timer.name] = (at, await timer.due(db))
        return self._seen[timer.name][1]


async def positions(db: AsyncConnection) -> Positions:
    """How far every log has shaped the tables here: own head, marks, and what is held back."""
    return tuple(
        (
            await db.execute(
                sa.text(
                    "SELECT h.epoch, h.seq, (SELECT count(*) FROM chassis.quarantine),"
                    " (SELECT string_agg(log || ':' || epoch || ':' || seq, ' ' ORDER BY log) FROM chassis.mark)"
                    " FROM chassis.log_head h"
                )
            )
        ).one()
    )


__all__ = ["DueJob", "Outlook", "Timer", "for_timer", "positions"]
