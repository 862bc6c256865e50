"""A person chooses for which topics e-mail is wanted; the inbox always holds everything."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.work import Work
from contracts.events.notify import NoticeChannel, SubscriptionChanged
from contracts.refusal import Refused

from notify.adapters.own import EVERY_TOPIC
from notify.adapters.wordings import words


async def change_subscription(work: Work, topic: str | None, wanted: bool) -> None:
    """Raises Refused ``not-entitled``, ``unknown-topic`` and ``unchanged-subscription``."""
    if work.person is None:
        raise Refused("not-entitled", role=["own"], unit="*")
    if topic is not None and topic not in words().topics:
        raise Refused("unknown-topic", topic=topic)
    await work.guard(f"subscription:{work.person}")
    chosen = await work.db.scalar(
        sa.text("SELECT wanted FROM subscription WHERE person_id = :person AND channel = 'email' AND topic = :topic"),
        {"person": work.person, "topic": topic or EVERY_TOPIC},
    )
    if chosen is wanted or (chosen is None and wanted and topic is None):
        raise Refused("unchanged-subscription")
    work.record(
        SubscriptionChanged(person_id=work.person, channel=NoticeChannel.EMAIL, topic=topic, wanted=wanted),
        f"subscription:{work.person}",
        correlation=f"subscription-{work.person}"[:64],
    )
