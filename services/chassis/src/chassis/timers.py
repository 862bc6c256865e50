"""Timers: work that becomes due at an instant computed from tables, done once per key whatever the clock does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

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


__all__ = ["DueJob", "Timer", "for_timer"]
