"""Reminders: what is still owed by whom, on which days that is said, and when it is too late for one of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from contracts.events.notify import ReminderKind

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True, slots=True)
class Schedule:
    """On which days a kind of obligation is spoken of; days count in Asia/Ho_Chi_Minh."""

    before: tuple[int, ...] = ()
    """Days before the due date."""
    on_due: bool = False
    after: tuple[int, ...] = ()
    """Days after the due date, as long as it can still be handed in."""
    since: tuple[int, ...] = ()
    """Days since it came to be owed, where no date is due."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """Something that some units owe at the same due date, or since the same moment."""

    kind: ReminderKind
    about: str
    """``deadline:…``, ``rubric:…``, ``registration:…``, ``report:…``, ``scorecard:…``."""
    owing: Mapping[str, datetime]
    """Unit id → since when it owes this as it stands: set, extended, handed back, drafted, entered, requested."""
    year_id: str
    cluster_id: str
    due: datetime | None = None
    since: datetime | None = None
    """Where no date is due: from when days are counted."""
    close: datetime | None = None
    """After this it cannot be handed in any more."""
    params: dict[str, str] = field(default_factory=dict)
    """Fillings of the words, beside the cluster and the due date."""


@dataclass(frozen=True, slots=True)
class Round:
    """One step of one obligation. ``id`` stays the same however often it is computed."""

    id: str
    step: str
    at: datetime
    obligation: Obligation
    owing: frozenset[str]
    """Who is to be reminded: those who owed it before the step."""


def rounds(obligation: Obligation, schedule: Schedule, hour: int) -> list[Round]:
    """The steps of an obligation in order of time, each at ``hour`` o'clock of its day.

    Steps after hard close are left out, and for each unit those that lay in the past when it came to owe: an
    obligation that is extended starts anew with the steps that its new date still allows.
    """
    made = []
    for step, moment, days in (*_by_due(obligation, schedule), *_by_start(obligation, schedule)):
        at = _at(moment, days, hour)
        owing = frozenset(unit for unit, since in obligation.owing.items() if since <= at)
        if owing and (obligation.close is None or at < obligation.close):
            made.append(Round(_id(obligation, step), step, at, obligation, owing))
    return sorted(made, key=lambda one: one.at)


def _by_due(obligation: Obligation, schedule: Schedule) -> Iterable[tuple[str, datetime, int]]:
    if obligation.due is None:
        return
    for days in schedule.before:
        yield f"before-{days}", obligation.due, -days
    if schedule.on_due:
        yield "due", obligation.due, 0
    for days in schedule.after:
        yield f"after-{days}", obligation.due, days


def _by_start(obligation: Obligation, schedule: Schedule) -> Iterable[tuple[str, datetime, int]]:
    if obligation.since is None:
        return
    for days in schedule.since:
        yield f"since-{days}", obligation.since, days


def _at(moment: datetime, days: int, hour: int) -> datetime:
    day = moment.astimezone(HANOI).date() + timedelta(days=days)
    return datetime.combine(day, time(hour), HANOI).astimezone(timezone.utc)


def _id(obligation: Obligation, step: str) -> str:
    # Named by its date, not by those who owe: a filing does not make another round, an extension does.
    moment = obligation.due or obligation.since
    said = "\n".join((obligation.kind, obligation.about, moment.isoformat() if moment else "", step))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def superseded(held: Round, every: Iterable[Round], now: datetime) -> bool:
    """Whether it is too late for a round: the next step of the same obligation is due already, or it has closed."""
    close = held.obligation.close
    if close is not None and now >= close:
        return True
    return any(held.at < other.at <= now for other in every)


def sentence(step: str) -> str:
    """The key of the words for a step: ``before``, ``due``, ``after`` or ``since``."""
    return step.partition("-")[0]
