"""Who may see which notice: the one place asked by lists, counts, mail, reminders and journeys."""

from __future__ import annotations

import sqlalchemy as sa
from contracts.envelope import Header
from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection
from standing import Role, holds, need, units_of
from standing.rights import Asking

READ_FOR_UNIT = frozenset({Role.OFFICER, Role.LEADER, Role.STANDING_OFFICE})
"""Who opens a unit's inbox."""
LOOK_AT_UNIT = READ_FOR_UNIT | {Role.ADMINISTRATOR, Role.OPERATIONS}
"""Who looks whether a unit's notices reached it."""

HIDDEN = "about <> ALL (:hidden)"
"""SQL condition on a notice, with ``hidden_from`` as its parameter."""


async def hidden_from(db: AsyncConnection, person: str | None) -> list[str]:
    """What a person may learn nothing of: proposals from which he is recused, as ``proposal:…``."""
    rows = await db.execute(
        sa.text("SELECT proposal_id FROM recusal WHERE person_id = :person ORDER BY proposal_id"),
        {"person": person or ""},
    )
    return [f"proposal:{row.proposal_id}" for row in rows]


async def recused_from_about(db: AsyncConnection, about: str) -> set[str]:
    """The persons from whom a notice about something is withheld."""
    rows = await db.execute(
        sa.text("SELECT person_id FROM recusal WHERE proposal_id = :id"), {"id": about.removeprefix("proposal:")}
    )
    return {row.person_id for row in rows} if about.startswith("proposal:") else set()


async def need_inbox(asking: Asking, recipient: str) -> None:
    """Raises Refused ``not-entitled`` unless the inbox is the reader's own or of a unit he works for."""
    kind, _, id = recipient.partition(":")
    if kind == "unit":
        await need(asking, READ_FOR_UNIT, id)
    elif id != asking.person:
        raise Refused("not-entitled", role=["own"], unit=id)


async def sees(reading: Asking, header: Header) -> bool:
    """Whether a reader may see one of notify's own events, e.g. in a journey."""
    kind, _, id = header.subjects[0].partition(":")
    if kind != "notification":
        return id == reading.person if kind == "subscription" else await _operates(reading)
    row = (
        await reading.db.execute(
            sa.text("SELECT recipient, for_unit, about FROM notification WHERE notification_id = :id"), {"id": id}
        )
    ).first()
    if row is None or row.about in await hidden_from(reading.db, reading.person):
        return False
    if row.recipient == f"person:{reading.person}" or await _operates(reading):
        return True
    unit = row.for_unit or (row.recipient.removeprefix("unit:") if row.recipient.startswith("unit:") else None)
    return unit is not None and await holds(reading, LOOK_AT_UNIT, unit)


async def _operates(reading: Asking) -> bool:
    return bool(await units_of(reading, {Role.OPERATIONS, Role.ADMINISTRATOR}))
