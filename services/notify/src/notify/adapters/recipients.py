"""Which persons get an e-mail for a notice: those addressed, and the officers of units addressed, who want it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from chassis.clock import HANOI
from contracts.events.notify import NoticeChannel
from sqlalchemy.ext.asyncio import AsyncConnection
from standing import Role, people_holding

from notify.adapters.own import EVERY_TOPIC
from notify.adapters.sight import recused_from_about
from notify.domain.rules import Told

SPEAK_FOR_UNIT = frozenset({Role.OFFICER, Role.LEADER})
"""Who reads what a unit is told: those who file or decide for it."""


async def wanting_email(db: AsyncConnection, told: Told, now: datetime) -> dict[str, str | None]:
    """Person id → the unit on whose account the person is told (None: in person). One mail a person."""
    day = now.astimezone(HANOI).date()
    persons: dict[str, str | None] = {}
    for recipient in sorted(told.recipients):
        kind, _, id = recipient.partition(":")
        if kind == "unit":
            for person in await people_holding(db, SPEAK_FOR_UNIT, id, day):
                persons.setdefault(person, id)
    for recipient in told.recipients:
        kind, _, id = recipient.partition(":")
        if kind == "person":
            persons[id] = None
    withheld = await recused_from_about(db, told.about)
    unwanted = await _declined(db, sorted(persons), told.topic)
    return {person: unit for person, unit in persons.items() if person not in withheld | unwanted}


async def _declined(db: AsyncConnection, persons: list[str], topic: str) -> set[str]:
    rows = await db.execute(
        sa.text(
            "SELECT DISTINCT ON (person_id) person_id, wanted FROM subscription"
            " WHERE person_id = ANY (:persons) AND channel = :channel AND topic = ANY (:topics)"
            " ORDER BY person_id, topic = :all"
        ),
        {
            "persons": persons,
            "channel": NoticeChannel.EMAIL.value,
            "topics": [topic, EVERY_TOPIC],
            "all": EVERY_TOPIC,
        },
    )
    return {row.person_id for row in rows if not row.wanted}
