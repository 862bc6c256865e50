"""What notify says: who is to be told what, whether it reached them, who read it, which reminders were held."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.catalogue import Fact, event
from contracts.envelope import Subject
from contracts.values import Identifier, Instant, PersonId, ShortText, UnitId

Topic = Annotated[str, StringConstraints(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=64)]
"""What a notice is about, e.g. ``report-returned``: the key of its words in the message catalogue."""

Attempt = Annotated[int, Field(ge=1, le=100)]


class NoticeChannel(StrEnum):
    INBOX = "inbox"
    """In the application; reached as soon as it is recorded."""
    EMAIL = "email"


class MailTrouble(StrEnum):
    """Why an e-mail was not sent. Never the server's own words: they repeat addresses."""

    NO_ADDRESS = "no-address"
    """Registry knows no e-mail address of this person."""
    NO_MAIL_SERVER = "no-mail-server"
    """This site sends no e-mail."""
    REFUSED = "refused"
    """The mail server refused the message for good (5xx)."""
    DEFERRED = "deferred"
    """The mail server asked to try later (4xx)."""
    WITHHELD = "withheld"
    """The person was recused from the case meanwhile."""
    OUTCOME_UNKNOWN = "outcome-unknown"
    """Interrupted twice between sending and recording; it may have been sent twice and is not sent again."""


_ID = {"notification_id": "5d0b1f6c2a9e4f7788aa31c09be2d417"}


@event(
    "notify.notification-intended.v1",
    aggregate="notification",
    example={
        **_ID,
        "recipient": "unit:ldld-cao-bang",
        "topic": "report-returned",
        "channel": "inbox",
        "about": "report:bc-nam-2024-ldld-cao-bang",
        "params": {
            "kind": "word:year",
            "cluster": "cluster:cum-bien-gioi-phia-bac",
            "reason": "text:Mục 2.3 chưa có minh chứng.",
        },
        "case": "case-nam-2024-ldld-cao-bang",
        "cause": "vn.registry:1:118",
    },
)
class NotificationIntended(Fact):
    """One notice to one recipient by one channel is to be given; recorded once, whatever comes twice."""

    notification_id: Identifier
    """Derived from cause, topic, recipient and channel; also the Message-ID of an e-mail."""
    recipient: Subject
    """``unit:…`` (the unit's inbox) or ``person:…``."""
    for_unit: UnitId | None = None
    """The unit on whose account a person is told; None when it concerns the person."""
    topic: Topic
    channel: NoticeChannel
    about: Subject
    """What it tells of; sight is judged by it."""
    params: dict[Annotated[str, StringConstraints(pattern="^[a-z_]{1,32}$")], str] = Field(default_factory=dict)
    """Fillings of the words, each ``<kind>:<value>`` with kind unit, cluster, who, instant, date, word or text.
    Ids and dates, never a person's particulars."""
    case: Identifier
    cause: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    """``<log>:<epoch>:<seq>`` of the event, or ``reminder:<round>``."""
    due: Instant | None = None


@event(
    "notify.notification-delivered.v1",
    aggregate="notification",
    example={**_ID, "channel": "email", "at": "2024-12-04T02:15:09Z", "attempt": 1, "repeat": False},
)
class NotificationDelivered(Fact):
    """The mail server took the message."""

    notification_id: Identifier
    channel: NoticeChannel
    at: Instant
    attempt: Attempt
    repeat: bool
    """True when an earlier attempt was cut off between sending and recording: it may have arrived twice."""


@event(
    "notify.notification-failed.v1",
    aggregate="notification",
    example={
        **_ID,
        "channel": "email",
        "at": "2024-12-04T02:15:09Z",
        "attempt": 3,
        "reason": "deferred",
        "reply_code": 451,
        "final": False,
    },
)
class NotificationFailed(Fact):
    """An attempt failed; when ``final``, none follows."""

    notification_id: Identifier
    channel: NoticeChannel
    at: Instant
    attempt: Attempt
    reason: MailTrouble
    reply_code: Annotated[int, Field(ge=400, le=599)] | None = None
    """The mail server's reply, where it gave one."""
    final: bool


@event(
    "notify.notice-read.v1",
    aggregate="notification",
    example={**_ID, "person_id": "nguyen-thi-dao"},
)
class NoticeRead(Fact):
    """A person opened a notice, their own or one of a unit they work for."""

    notification_id: Identifier
    person_id: PersonId


@event(
    "notify.subscription-changed.v1",
    aggregate="subscription",
    example={
        "person_id": "nguyen-thi-dao",
        "channel": "email",
        "topic": "ranking-finalized",
        "wanted": False,
    },
)
class SubscriptionChanged(Fact):
    """A person wants or does not want e-mail, of one topic or at all. The inbox always holds everything."""

    person_id: PersonId
    channel: NoticeChannel
    topic: Topic | None = None
    """None: all topics; a choice for one topic stands over it."""
    wanted: bool


class ReminderKind(StrEnum):
    REGISTRATION = "registration"
    HALF_YEAR_REPORT = "half-year-report"
    YEAR_REPORT = "year-report"
    AGREEMENT = "agreement"
    CONFIRMATION = "confirmation"
    SCORE_REVIEW = "score-review"


@event(
    "notify.reminder-round-held.v1",
    aggregate="reminder",
    example={
        "round_id": "9b1c7e20d4a84c0f8a6b35f1c2e7d908",
        "kind": "year-report",
        "about": "deadline:han-bc-nam-2024",
        "step": "before-7",
        "due": "2024-12-02T16:59:59Z",
        "owing": ["ldld-lai-chau", "ldld-son-la"],
        "superseded": False,
    },
)
class ReminderRoundHeld(Fact):
    """At one step before or after a due date those who still owed were reminded, and nobody else."""

    round_id: Identifier
    """Derived from what is owed, its due instant and the step: held once."""
    kind: ReminderKind
    about: Subject
    step: ShortText
    """``before-7`` days, ``due``, ``after-3``, or ``since-7`` days where no date is due."""
    due: Instant | None = None
    owing: tuple[UnitId, ...]
    """Who owed it at that instant."""
    superseded: bool
    """Too late for this step, a later one has come: nobody was told."""
