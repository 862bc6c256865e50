"""A person has read a notice: their own, or one of a unit they work for."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.work import Work
from contracts.events.notify import NoticeRead
from contracts.refusal import Refused

from notify.adapters.sight import hidden_from, need_inbox


async def read_notice(work: Work, notification_id: str) -> None:
    """Raises Refused ``not-found``, ``not-entitled`` and ``already-read``."""
    row = (
        await work.db.execute(
            sa.text(
                "SELECT n.recipient, n.about, n.case_id, r.at FROM notification n LEFT JOIN notice_read r"
                " ON r.notification_id = n.notification_id AND r.person_id = :person"
                " WHERE n.notification_id = :id AND n.channel = 'inbox'"
            ),
            {"id": notification_id, "person": work.person or ""},
        )
    ).first()
    if row is None or row.about in await hidden_from(work.db, work.person):
        raise Refused("not-found", kind="thông báo", id=notification_id)
    await need_inbox(work, row.recipient)
    if row.at is not None or work.person is None:
        raise Refused("already-read", at=row.at and row.at.isoformat())
    work.record(
        NoticeRead(notification_id=notification_id, person_id=work.person),
        f"notification:{notification_id}",
        correlation=row.case_id,
    )
