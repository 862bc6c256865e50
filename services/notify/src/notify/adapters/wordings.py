"""Reads the message catalogue and the reminder schedules, and looks up the names that a notice needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import sqlalchemy as sa
import yaml
from contracts.events.notify import ReminderKind
from sqlalchemy.ext.asyncio import AsyncConnection

from notify.domain.reminders import Schedule
from notify.domain.wording import Names, Words, units_named

HOME = Path(__file__).resolve().parents[1]


@cache
def words() -> Words:
    """notices.yaml as shipped."""
    content = yaml.safe_load((HOME / "notices.yaml").read_text(encoding="utf-8"))
    return Words(
        topics={topic: (said["title"], said["text"]) for topic, said in content["topics"].items()},
        terms=content["terms"],
    )


@dataclass(frozen=True, slots=True)
class Schedules:
    """When reminders go out: the hour of the day, and the steps by kind."""

    hour: int
    by_kind: Mapping[ReminderKind, Schedule]


@cache
def schedules() -> Schedules:
    """reminders.yaml as shipped."""
    content = yaml.safe_load((HOME / "reminders.yaml").read_text(encoding="utf-8"))
    return Schedules(
        hour=content["hour"],
        by_kind={
            ReminderKind(kind): Schedule(
                before=tuple(steps.get("before", ())),
                on_due=steps.get("on_due", False),
                after=tuple(steps.get("after", ())),
                since=tuple(steps.get("since", ())),
            )
            for kind, steps in content["schedules"].items()
        },
    )


async def names_for(db: AsyncConnection, notices: Iterable[Mapping[str, str]], day: date) -> Names:
    """Names on a day of all units and clusters that the fillings of some notices mention."""
    fillings = list(notices)
    units: set[str] = set().union(*(units_named(params) for params in fillings)) if fillings else set()
    clusters = {
        param.removeprefix("cluster:")
        for params in fillings
        for param in params.values()
        if param.startswith("cluster:")
    }
    unit_rows = await db.execute(
        sa.text("SELECT unit_id, name FROM standing_unit WHERE unit_id = ANY (:ids) AND valid @> CAST(:day AS date)"),
        {"ids": sorted(units), "day": day},
    )
    cluster_rows = await db.execute(
        sa.text("SELECT cluster_id, name FROM cluster WHERE cluster_id = ANY (:ids)"), {"ids": sorted(clusters)}
    )
    return Names(
        units={row.unit_id: row.name for row in unit_rows},
        clusters={row.cluster_id: row.name for row in cluster_rows},
    )
