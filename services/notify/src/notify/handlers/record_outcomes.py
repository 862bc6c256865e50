"""Record what became of messages that were handed to the mail server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from chassis.work import Work, beside_the_log
from contracts.events.notify import MailTrouble, NoticeChannel, NotificationDelivered, NotificationFailed

from notify.adapters import outbox
from notify.adapters.outbox import Outgoing

MOST_ATTEMPTS = 6
"""A message that the server puts off so often is given up."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message: delivered when there is no trouble."""

    message: Outgoing
    trouble: MailTrouble | None = None
    reply_code: int | None = None

    @property
    def final(self) -> bool:
        """Whether nothing more will be tried after a failure."""
        return self.trouble is not MailTrouble.DEFERRED or self.message.attempt >= MOST_ATTEMPTS


@beside_the_log
async def record_outcomes(work: Work, outcomes: Sequence[Outcome]) -> None:
    """One fact a message; what another copy has settled meanwhile is left as it is."""
    open_ids = await _still_open(work, [outcome.message.notification_id for outcome in outcomes])
    for outcome in outcomes:
        id = outcome.message.notification_id
        if id not in open_ids:
            continue
        await work.guard(f"notification:{id}")
        work.record(_fact(work, outcome), f"notification:{id}", correlation=outcome.message.case_id)
    await outbox.forget(work.db, [outcome.message.notification_id for outcome in outcomes])


def _fact(work: Work, outcome: Outcome) -> NotificationDelivered | NotificationFailed:
    message = outcome.message
    if outcome.trouble is None:
        return NotificationDelivered(
            notification_id=message.notification_id,
            channel=NoticeChannel.EMAIL,
            at=work.now,
            attempt=message.attempt,
            repeat=message.repeat,
        )
    return NotificationFailed(
        notification_id=message.notification_id,
        channel=NoticeChannel.EMAIL,
        at=work.now,
        attempt=message.attempt,
        reason=outcome.trouble,
        reply_code=outcome.reply_code,
        final=outcome.final,
    )


async def _still_open(work: Work, ids: list[str]) -> set[str]:
    rows = await work.db.execute(
        sa.text("SELECT notification_id FROM notification WHERE state = 'intended' AND notification_id = ANY (:ids)"),
        {"ids": ids},
    )
    return {row.notification_id for row in rows}
