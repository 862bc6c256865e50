"""Sends intended e-mails, in the copy that holds the worker lease: note, send, record, in batches.

At least once with the same Message-ID. After a crash between sending and recording one repeat at most, recorded as
such; so is what a restore that lost records sends again. Pauses are in real time: mail servers know no other.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass, field

from aiosmtplib import SMTP
from chassis.clock import HANOI
from chassis.runtime import Runtime
from chassis.whole import is_whole
from chassis.work import for_timer
from contracts.events.notify import MailTrouble

from notify.adapters import outbox
from notify.adapters.mail import MailServerAway, OutcomeUnknown, composed, connected, hand_over
from notify.adapters.outbox import Outgoing
from notify.adapters.people import Addressee, People, RegistryAway, people_of
from notify.adapters.wordings import names_for, words
from notify.domain.wording import Worded, instant, worded
from notify.handlers.record_outcomes import Outcome, record_outcomes

BATCH = 25
SWEEP_SECONDS = 15.0
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 600.0


@dataclass
class Sender:
    """What the sending copy remembers between batches: who is asked for addresses, which messages rest."""

    runtime: Runtime
    people: People
    resting: dict[str, float] = field(default_factory=dict)
    """Notification id → monotonic instant until which a message that was put off rests."""

    async def batch(self) -> int:
        """Send up to 25 messages; how many were settled. Raises RegistryAway and MailServerAway.

        None after a restore until this service is whole: only then is it known what was sent and who may be told.
        Whatever was certainly not sent goes back; whatever was sent is recorded even when the batch breaks off.
        """
        now = time.monotonic()
        self.resting = {id: until for id, until in self.resting.items() if until > now}
        async with self.runtime.engine.begin() as db:
            if not await is_whole(db):
                return 0
            taken = await outbox.take(db, BATCH, self.resting)
        if not taken:
            return 0
        outcomes: list[Outcome] = []
        unsure: set[str] = set()
        try:
            await self._send(taken, outcomes, unsure)
        finally:
            decided = {outcome.message.notification_id for outcome in outcomes}
            async with self.runtime.engine.begin() as db:
                left = {message.notification_id for message in taken} - decided - unsure
                if left:
                    await outbox.put_back(db, left)
            if outcomes:
                await self._record(outcomes)
        return len(outcomes)

    async def _send(self, taken: list[Outgoing], outcomes: list[Outcome], unsure: set[str]) -> None:
        ready = []
        for message in taken:
            if message.withheld:
                outcomes.append(Outcome(message, MailTrouble.WITHHELD))
            elif message.exhausted:
                outcomes.append(Outcome(message, MailTrouble.OUTCOME_UNKNOWN))
            else:
                ready.append(message)
        settings = self.runtime.settings
        if not settings.smtp_url:
            outcomes += [Outcome(message, MailTrouble.NO_MAIL_SERVER) for message in ready]
            return
        if not ready:
            return
        known = await self.people.addresses(message.person_id for message in ready)
        reachable = []
        for message in ready:
            addressee = known.get(message.person_id)
            if addressee is None or not addressee.email:
                outcomes.append(Outcome(message, MailTrouble.NO_ADDRESS))
            else:
                reachable.append((message, addressee))
        if reachable:
            await self._post(reachable, outcomes, unsure)

    async def _post(
        self, reachable: list[tuple[Outgoing, Addressee]], outcomes: list[Outcome], unsure: set[str]
    ) -> None:
        settings, now = self.runtime.settings, self.runtime.clock.now()
        written = await self._written([message for message, _ in reachable])
        async with connected(settings.smtp_url) as client:
            for message, addressee in reachable:
                words_of = written[message.notification_id]
                try:
                    email = composed(
                        notification_id=message.notification_id,
                        sender=settings.mail_from,
                        to=(addressee.name, addressee.email or ""),
                        title=words_of.title,
                        text=_letter(addressee, words_of, message),
                        at=now,
                    )
                except ValueError:
                    outcomes.append(Outcome(message, MailTrouble.NO_ADDRESS))
                    continue
                outcomes.append(await _handed_over(client, settings.mail_from, email, message, addressee, unsure))

    async def _written(self, messages: list[Outgoing]) -> dict[str, Worded]:
        day = self.runtime.clock.now().astimezone(HANOI).date()
        async with self.runtime.engine.connect() as db:
            names = await names_for(db, [message.params for message in messages], day)
        return {message.notification_id: worded(words(), names, message.topic, message.params) for message in messages}

    async def _record(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if not outcome.final and outcome.trouble is not None:
                pause = min(LONGEST_PAUSE, FIRST_PAUSE * 3 ** (outcome.message.attempt - 1))
                self.resting[outcome.message.notification_id] = time.monotonic() + pause
        runtime = self.runtime
        key = hashlib.sha256(
            "\n".join(f"{one.message.notification_id}:{one.message.attempt}" for one in outcomes).encode()
        ).hexdigest()
        command = for_timer(runtime.service.name, runtime.clock.now(), "mail", key)
        await runtime.performer.perform(command, record_outcomes, outcomes, allow_nothing=True)


async def _handed_over(
    client: SMTP, sender: str, email: bytes, message: Outgoing, addressee: Addressee, unsure: set[str]
) -> Outcome:
    # Cut off in the middle, even by the end of this process, it is unsure whether the server has it.
    unsure.add(message.notification_id)
    try:
        refusal = await hand_over(client, sender, email, addressee.email or "")
    except OutcomeUnknown as error:
        raise MailServerAway(str(error)) from error
    except MailServerAway:
        unsure.discard(message.notification_id)
        raise
    unsure.discard(message.notification_id)
    if refusal is None:
        return Outcome(message)
    trouble = MailTrouble.REFUSED if refusal.code >= 500 else MailTrouble.DEFERRED
    return Outcome(message, trouble, refusal.code)


def _letter(addressee: Addressee, said: Worded, message: Outgoing) -> str:
    """The whole text of an e-mail."""
    lines = [f"Kính gửi: {addressee.name}", "", said.text]
    if message.due is not None:
        lines += ["", f"Thời hạn: {instant(message.due)}."]
    lines += ["", f"Mã hồ sơ: {message.case_id}", "", "Thư gửi tự động từ hệ thống thi đua, khen thưởng."]
    return "\n".join(lines) + "\n"


async def send_mail(runtime: Runtime) -> None:
    """Endless: send whatever is intended, wait for more; troubles are reported and tried again with back-off."""
    people = people_of(runtime.settings, runtime.service.name)
    sender = Sender(runtime, people)
    changed = runtime.changes.listen()
    failures = 0
    try:
        while True:
            changed.clear()
            try:
                sent = await sender.batch()
            except (RegistryAway, MailServerAway) as away:
                failures += 1
                runtime.health["mail"] = str(away)
                await asyncio.sleep(min(60.0, 0.2 * 2 ** min(failures, 10)))
                continue
            failures = 0
            runtime.health.pop("mail", None)
            if sent:
                continue
            rest = min(sender.resting.values(), default=float("inf")) - time.monotonic()
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, min(SWEEP_SECONDS, rest))):
                    await changed.wait()
    finally:
        runtime.changes.forget(changed)
        await people.client.aclose()
