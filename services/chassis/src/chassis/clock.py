"""The one clock port: the wall, or in a demo database the instant that the player publishes."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Protocol
from zoneinfo import ZoneInfo

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
"""Deadlines are computed here; instants are stored in UTC."""


class Clock(Protocol):
    def now(self) -> datetime: ...


class WallClock:
    """The time of this machine, UTC."""

    def now(self) -> datetime:
        return datetime.now(timezone.utc)


class DemoClock:
    """Stands still at the instant that was set last; moves forward only."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def set(self, at: datetime) -> None:
        """Raises ValueError for an instant before the present one: a year is not played backwards."""
        if at < self._at:
            raise ValueError(f"{at.isoformat()} lies before {self._at.isoformat()}")
        self._at = at
