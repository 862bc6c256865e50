"""Deadlines: due, grace, hard close, rest days, extensions, and how a filing stands to them by receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from contracts.events.registry import Punctuality, RestDayRule
from contracts.refusal import Refused

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True, slots=True)
class Dates:
    """Three instants in order: due, end of grace, hard close (UTC)."""

    due: datetime
    grace_until: datetime
    hard_close: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """A deadline as it stands for one unit: the dates first set, and those in force after extensions."""

    deadline_id: str
    first: Dates
    now: Dates

    def closed(self, received: datetime) -> bool:
        return _whole(received) > self.now.hard_close

    def extended_by(self, later: Dates) -> Window:
        """The same deadline with one more extension."""
        return Window(self.deadline_id, self.first, in_force(self.now, [later]))


def day_of(instant: datetime) -> date:
    """The day of an instant where the federation works."""
    return instant.astimezone(HANOI).date()


def end_of(day: date) -> datetime:
    """The last second of a day in Asia/Ho_Chi_Minh, UTC."""
    return datetime.combine(day, time(23, 59, 59), HANOI).astimezone(timezone.utc)


def working(day: date, rule: RestDayRule) -> date:
    """A due date as the body's rule leaves it: a Saturday or Sunday stands, or moves to Monday."""
    if rule is RestDayRule.STANDS or day.isoweekday() < 6:
        return day
    return day + timedelta(days=8 - day.isoweekday())


def set_dates(due: date, grace_until: date, hard_close: date, rule: RestDayRule) -> tuple[Dates, date | None]:
    """The three dates as typed from the plan, and the rest day from which the due date was moved, if it was.

    Raises ``dates-out-of-order``.
    """
    if not due <= grace_until <= hard_close:
        raise Refused("dates-out-of-order", due=due, grace_until=grace_until, hard_close=hard_close)
    moved = working(due, rule)
    dates = Dates(end_of(moved), end_of(working(grace_until, rule)), end_of(working(hard_close, rule)))
    return dates, (due if moved != due else None)


def extended(present: Dates, wished: Dates) -> None:
    """An extension gives more time. Raises ``extension-not-later``."""
    gains = (
        wished.due > present.due,
        wished.grace_until > present.grace_until,
        wished.hard_close > present.hard_close,
    )
    losses = (
        wished.due < present.due,
        wished.grace_until < present.grace_until,
        wished.hard_close < present.hard_close,
    )
    if any(losses) or not any(gains):
        raise Refused("extension-not-later", due=day_of(present.due), hard_close=day_of(present.hard_close))


def in_force(first: Dates, extensions: Sequence[Dates]) -> Dates:
    """The latest of each date: extensions for all and for one unit add up in the unit's favour."""
    every = (first, *extensions)
    return Dates(
        max(dates.due for dates in every),
        max(dates.grace_until for dates in every),
        max(dates.hard_close for dates in every),
    )


def judge(window: Window, received: datetime) -> Punctuality:
    """How a filing received at that instant stands; what is after hard close is late whoever accepts it."""
    moment = _whole(received)
    if moment <= window.first.due:
        return Punctuality.ON_TIME
    if moment <= window.now.due:
        return Punctuality.ON_TIME_BY_EXTENSION
    if moment <= window.now.grace_until:
        return Punctuality.IN_GRACE
    return Punctuality.LATE


_WORSE = [Punctuality.ON_TIME, Punctuality.ON_TIME_BY_EXTENSION, Punctuality.IN_GRACE, Punctuality.LATE]


def rejudge(was: Punctuality, window: Window, received: datetime) -> Punctuality | None:
    """What an extension that came later makes of a filing; None when nothing gets better."""
    now = judge(window, received)
    return now if _WORSE.index(now) < _WORSE.index(was) else None


def _whole(instant: datetime) -> datetime:
    """Deadlines end with a second; what came within it is still inside."""
    return instant.replace(microsecond=0)
