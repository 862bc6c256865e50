"""Tell those concerned: one event becomes intents, one a recipient and channel, and nobody else hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from chassis.clock import HANOI
from chassis.facts import Recorded
from chassis.work import Work
from contracts.catalogue import Fact
from contracts.events.notify import NoticeChannel, NotificationIntended

from notify.adapters.circles import circle_of
from notify.adapters.recipients import wanting_email
from notify.domain.rulebook import RULES
from notify.domain.rules import Told, applied, items, notification_id

STALE = timedelta(days=7)
"""What happened longer ago stands in the inbox only: a service that reads old logs sends no old mail."""


async def tell(work: Work, cause: Recorded[Fact]) -> None:
    """Reaction to every event that a rule names. Raises NotYet while those around it are not known here."""
    fresh = work.now - cause.header.act.recorded <= STALE
    day = cause.header.act.recorded.astimezone(HANOI).date()
    for rule in RULES[type(cause.data)]:
        for item in items(rule, cause.data):
            told = applied(rule, item, await circle_of(work.db, item, day))
            if told is not None:
                await intend(work, told, told_by(cause), email=told.email and fresh)


@dataclass(frozen=True, slots=True)
class Origin:
    """Why something is told. ``id`` is the same however often it is told: letters sent again are known by it.

    ``cause`` names the place of the event for people; where a log forked, two events have stood at one place.
    """

    id: str
    cause: str
    case: str


def told_by(event: Recorded[Fact]) -> Origin:
    return Origin(event.header.id, event.cause or "", event.header.correlation)


async def intend(work: Work, told: Told, origin: Origin, *, email: bool) -> None:
    """Record the intents of one notice: an inbox each, and an e-mail to each person who wants it."""
    for recipient in sorted(told.recipients):
        _record(work, told, origin, recipient, None, NoticeChannel.INBOX)
    if not email:
        return
    for person, for_unit in sorted((await wanting_email(work.db, told, work.now)).items()):
        _record(work, told, origin, f"person:{person}", for_unit, NoticeChannel.EMAIL)


def _record(
    work: Work, told: Told, origin: Origin, recipient: str, for_unit: str | None, channel: NoticeChannel
) -> None:
    id = notification_id(origin.id, told.topic, told.about, recipient, channel)
    work.record(
        NotificationIntended(
            notification_id=id,
            recipient=recipient,
            for_unit=for_unit,
            topic=told.topic,
            channel=channel,
            about=told.about,
            params=told.params,
            case=origin.case,
            cause=origin.cause,
            due=told.due,
        ),
        f"notification:{id}",
        correlation=origin.case,
    )
