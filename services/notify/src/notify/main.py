"""Notify: tells exactly those concerned, reminds those who still owe, and sends each e-mail once."""

from __future__ import annotations

from pathlib import Path

from chassis.reactions import Reaction
from chassis.service import Service
from chassis.timers import Timer
from contracts.catalogue import Fact
from contracts.events.notify import (
    NoticeRead,
    NotificationDelivered,
    NotificationFailed,
    NotificationIntended,
    ReminderRoundHeld,
    SubscriptionChanged,
)
from standing import may_operate

from contracts import catalogue
from notify.adapters.follow_awards import from_awards
from notify.adapters.follow_registry import from_registry
from notify.adapters.follow_scoring import from_scoring
from notify.adapters.outbox import unsent
from notify.adapters.own import own
from notify.adapters.sender import send_mail
from notify.adapters.sight import sees
from notify.domain.rulebook import RULES
from notify.entrypoints import inbox, notices
from notify.handlers.hold_round import hold_round, next_round
from notify.handlers.tell import tell


def _concerning(log: str) -> tuple[type[Fact], ...]:
    return tuple(model for model in RULES if catalogue.entry(model).owner == log)


service = Service(
    name="notify",
    title="thông báo, nhắc việc",
    publishes=[
        NotificationIntended,
        NotificationDelivered,
        NotificationFailed,
        NoticeRead,
        SubscriptionChanged,
        ReminderRoundHeld,
    ],
    own=own,
    follows=[from_registry, from_scoring, from_awards],
    reactions=[Reaction(f"tell-{log}", _concerning(log), tell) for log in ("registry", "scoring", "awards")],
    timers=[Timer("remind", due=next_round, run=hold_round)],
    routes=[inbox.routes, notices.routes],
    messages=Path(__file__).parent / "messages.yaml",
    examples=Path(__file__).parent / "examples.yaml",
    unlogged=["sending"],
    background=[send_mail],
    unsent=unsent,
    may_operate=may_operate,
    sees=sees,
)
app = service.app()
