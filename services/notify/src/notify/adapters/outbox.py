"""Messages between intent and record. ``sending`` counts attempts whose outcome nobody has recorded yet.

It is no fact and not in the log: it only lets a copy that starts after a crash say that a message may go out twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

MOST_UNRECORDED = 2
"""So often a message may be sent without a record of it: once, and one repeat."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One e-mail to be sent."""

    notification_id: str
    person_id: str
    for_unit: str | None
    topic: str
    params: Mapping[str, str]
    case_id: str
    due: datetime | None
    attempt: int
    """1 for the first; one more after each recorded failure."""
    unrecorded: int
    """How often sending it has begun without a record, this time included."""
    withheld: bool
    """The person was recused from the case after the intent: nothing of it may reach him."""
    record_lost: bool = False
    """A restore lost records of this log, and it may have been sent in the time that they told of."""

    @property
    def repeat(self) -> bool:
        return self.record_lost or self.unrecorded > 1

    @property
    def exhausted(self) -> bool:
        """Sending it again could be a second repeat."""
        return self.unrecorded > MOST_UNRECORDED


async def unsent(db: AsyncConnection) -> int:
    """How many e-mails are intended and neither sent nor given up."""
    return await db.scalar(sa.text("SELECT count(*) FROM notification WHERE state = 'intended'")) or 0


async def take(db: AsyncConnection, limit: int, resting: Iterable[str]) -> list[Outgoing]:
    """The oldest unsent messages, noted as being sent; commit before sending. ``resting`` ids wait their turn."""
    rows = await db.execute(
        sa.text(
            "WITH next AS ("
            " SELECT notification_id, recipient, for_unit, topic, params, case_id, due, attempts,"
            "        EXISTS (SELECT 1 FROM recusal r WHERE 'proposal:' || r.proposal_id = about"
            "                AND 'person:' || r.person_id = recipient) AS withheld,"
            # Intents lost with their deliveries come again, with the same id, until the service is whole.
            "        EXISTS (SELECT 1 FROM chassis.whole w JOIN chassis.log_head h ON w.at >= intended_at"
            "                JOIN chassis.not_recovered n ON n.log = h.log AND n.opened = w.epoch) AS record_lost"
            "  FROM notification WHERE state = 'intended' AND notification_id <> ALL (:resting)"
            "  ORDER BY intended_at, notification_id LIMIT :limit"
            "), noted AS ("
            " INSERT INTO sending AS s (notification_id, times) SELECT notification_id, 1 FROM next"
            " ON CONFLICT (notification_id) DO UPDATE SET times = s.times + 1 RETURNING notification_id, times"
            ") SELECT next.*, noted.times FROM next JOIN noted USING (notification_id)"
        ),
        {"limit": limit, "resting": sorted(resting)},
    )
    return [
        Outgoing(
            row.notification_id,
            row.recipient.removeprefix("person:"),
            row.for_unit,
            row.topic,
            row.params,
            row.case_id,
            row.due,
            row.attempts + 1,
            row.times,
            row.withheld,
            row.record_lost,
        )
        for row in rows
    ]


async def put_back(db: AsyncConnection, ids: Iterable[str]) -> None:
    """These were certainly not sent this time."""
    await db.execute(
        sa.text("UPDATE sending SET times = times - 1 WHERE notification_id = ANY (:ids)"), {"ids": sorted(ids)}
    )
    await db.execute(sa.text("DELETE FROM sending WHERE times <= 0"))


async def forget(db: AsyncConnection, ids: Iterable[str]) -> None:
    """The outcome of these is being recorded."""
    await db.execute(sa.text("DELETE FROM sending WHERE notification_id = ANY (:ids)"), {"ids": sorted(ids)})
