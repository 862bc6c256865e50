"""Hold a round of reminders: exactly those who still owe at this instant are told; it is never held again."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.timers import DueJob
from chassis.work import Work
from contracts.case import case_id
from contracts.events.notify import ReminderKind, ReminderRoundHeld
from sqlalchemy.ext.asyncio import AsyncConnection

from notify.adapters.obligations import obligations
from notify.adapters.wordings import schedules
from notify.domain.reminders import Round, rounds, sentence, superseded
from notify.domain.rules import Told
from notify.handlers.tell import Origin, intend

_TOPICS = {
    ReminderKind.AGREEMENT: "reminder-agreement",
    ReminderKind.CONFIRMATION: "reminder-confirmation",
    ReminderKind.SCORE_REVIEW: "reminder-review",
}


async def pending(db: AsyncConnection) -> list[Round]:
    """Rounds not held yet in which somebody would be reminded as things stand, earliest first."""
    planned = schedules()
    every = [one for owed in await obligations(db) for one in rounds(owed, planned.by_kind[owed.kind], planned.hour)]
    held = await db.execute(
        sa.text("SELECT round_id FROM reminder_round WHERE round_id = ANY (:ids)"), {"ids": [one.id for one in every]}
    )
    done = {row.round_id for row in held}
    return sorted((one for one in every if one.id not in done), key=lambda one: (one.at, one.id))


async def next_round(db: AsyncConnection) -> DueJob | None:
    """The earliest round not held yet."""
    first = next(iter(await pending(db)), None)
    return DueJob(first.at, first.id) if first else None


async def hold_round(work: Work, round_id: str) -> None:
    """Timer: who owes is judged now, on what has been followed by now; a late round gives way to the next."""
    open_rounds = await pending(work.db)
    held = next((one for one in open_rounds if one.id == round_id), None)
    if held is None:
        return  # what was owed has been handed in between; then the round is no longer pending
    owed = held.obligation
    late = superseded(held, (one for one in open_rounds if one.obligation is owed), work.now)
    work.record(
        ReminderRoundHeld(
            round_id=held.id,
            kind=owed.kind,
            about=owed.about,
            step=held.step,
            due=owed.due,
            owing=tuple(sorted(held.owing)),
            superseded=late,
        ),
        f"reminder:{held.id}",
        correlation=case_id(owed.year_id, owed.cluster_id),
    )
    if late:
        return
    for unit_id in sorted(held.owing):
        origin = Origin(f"reminder:{held.id}", f"reminder:{held.id}", case_id(owed.year_id, unit_id))
        await intend(work, _told(held, unit_id), origin, email=True)


def _told(held: Round, unit_id: str) -> Told:
    owed = held.obligation
    topic = f"{_TOPICS.get(owed.kind, 'reminder-filing')}-{sentence(held.step)}"
    params = {"unit": f"unit:{unit_id}", "cluster": f"cluster:{owed.cluster_id}", **owed.params}
    if owed.due is not None:
        params["due"] = f"instant:{owed.due.isoformat()}"
    return Told(topic, frozenset({f"unit:{unit_id}"}), owed.about, params, True, owed.due)
