"""E-mail over a real SMTP server: sent once, repeated once at most after a crash, given up with a reason."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa
from chassis.logread import NobodyHas
from chassis.positions import Position
from chassis.received import mark
from chassis.tending import end
from chassis.testing import Trial
from chassis.whole import become_whole
from contracts.events.awards.councils import CouncilMemberRecused
from contracts.events.awards.proposals import AwardProposed, ProposalReturned
from contracts.events.notify import (
    MailTrouble,
    NotificationDelivered,
    NotificationFailed,
    NotificationIntended,
)
from contracts.events.registry import ReportReturned
from notify.adapters import outbox
from notify.adapters.mail import MailServerAway
from notify.adapters.people import RegistryAway, people_of
from notify.adapters.sender import BATCH, Sender, send_mail
from notify.handlers.record_outcomes import MOST_ATTEMPTS
from thidua.local.mail import MailServer

from tests.notify.around import MEMBERS, OFFICERS, example_of
from tests.notify.people import Registry

OFFICER = OFFICERS["ldld-son-la"]
ADDRESS = "hoa@sonla.example"


async def sender(notify: Trial) -> Sender:
    return Sender(notify.runtime, people_of(notify.runtime.settings, "notify"))


async def unsent(notify: Trial) -> int:
    async with notify.runtime.engine.connect() as db:
        return await outbox.unsent(db)


@pytest.fixture
async def intended(notify: Trial, registry: Registry) -> str:
    """The id of one e-mail that is to be sent to the officer of Sơn La."""
    registry.known[OFFICER] = ("Lò Thị Hòa", ADDRESS)
    await notify.given(example_of(ReportReturned, unit_id="ldld-son-la"), case="case-nam-2024-ldld-son-la")
    [id] = [
        one.data.notification_id for one in await notify.events(NotificationIntended) if one.data.channel == "email"
    ]
    return id


async def test_a_message_says_what_happened_to_the_person_whose_address_registry_knows(
    notify: Trial, mail_server: MailServer, intended: str
) -> None:
    assert await unsent(notify) == 1
    assert await (await sender(notify)).batch() == 1
    [mail] = mail_server.to(ADDRESS)
    assert mail.message_id == f"<{intended}@thidua.example>"
    assert mail.sender == "thi-dua@thidua.example"
    assert mail.subject == "Báo cáo tổng kết năm bị trả lại để bổ sung"
    assert "Lò Thị Hòa" in mail.headers["To"]
    assert mail.text.splitlines()[0] == "Kính gửi: Lò Thị Hòa"
    assert "của Liên đoàn Lao động tỉnh Sơn La" in mail.text
    assert "Lý do: Mục 2.3 chưa có minh chứng." in mail.text
    [fact] = await notify.events(NotificationDelivered)
    assert (fact.data.notification_id, fact.data.attempt, fact.data.repeat) == (intended, 1, False)
    assert fact.header.correlation == "case-nam-2024-ldld-son-la"
    assert await unsent(notify) == 0


async def test_no_name_and_no_address_ever_stands_in_the_log(
    notify: Trial, mail_server: MailServer, intended: str
) -> None:
    mail_server.refuse = lambda recipient: f"550 <{recipient}> Lò Thị Hòa không có hộp thư"
    await (await sender(notify)).batch()
    async with notify.runtime.engine.connect() as db:
        everything = await db.scalar(sa.text("SELECT string_agg(convert_from(data, 'UTF8'), '') FROM chassis.log"))
    assert ADDRESS not in everything
    assert "Hòa" not in everything


async def test_what_was_sent_is_not_sent_again(notify: Trial, mail_server: MailServer, intended: str) -> None:
    post = await sender(notify)
    assert [await post.batch(), await post.batch()] == [1, 0]
    assert len(mail_server.received) == 1


async def test_a_crash_between_sending_and_recording_gives_one_repeat_marked_as_such(
    notify: Trial, mail_server: MailServer, intended: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashing = await sender(notify)
    with monkeypatch.context() as crash:
        crash.setattr(crashing, "_record", died)
        with pytest.raises(Died):
            await crashing.batch()
    assert len(mail_server.received) == 1
    assert await notify.events(NotificationDelivered) == []
    assert await (await sender(notify)).batch() == 1
    first, second = mail_server.to(ADDRESS)
    assert first.message_id == second.message_id
    [fact] = await notify.events(NotificationDelivered)
    assert fact.data.repeat
    shown = (await notify.get("/notices", by=OFFICER, unit_id="ldld-son-la")).json()["items"]
    assert [one["repeat"] for one in shown if one["channel"] == "email"] == [True]


async def test_a_second_crash_leads_to_no_second_repeat(
    notify: Trial, mail_server: MailServer, intended: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        crashing = await sender(notify)
        with monkeypatch.context() as crash:
            crash.setattr(crashing, "_record", died)
            with pytest.raises(Died):
                await crashing.batch()
    await (await sender(notify)).batch()
    assert len(mail_server.received) == 2
    [fact] = await notify.events(NotificationFailed)
    assert (fact.data.reason, fact.data.final) == (MailTrouble.OUTCOME_UNKNOWN, True)
    assert await unsent(notify) == 0


async def test_after_a_restore_nothing_goes_out_until_notify_is_whole_and_what_may_have_gone_is_a_repeat(
    notify: Trial, mail_server: MailServer, intended: str
) -> None:
    async def restored(*, lost: bool, epoch: int) -> None:
        async with notify.runtime.engine.begin() as db:
            await db.execute(sa.text("UPDATE chassis.log_head SET epoch = :epoch"), {"epoch": epoch})
            if lost:
                await db.execute(
                    sa.text("INSERT INTO chassis.not_recovered VALUES ('vn.notify', :former, 5, 9, :epoch)"),
                    {"former": epoch - 1, "epoch": epoch},
                )

    async def registry_says(log: str) -> Position | None:
        async with notify.runtime.engine.connect() as db:
            return await mark(db, log)

    await restored(lost=True, epoch=2)
    post = await sender(notify)
    assert await post.batch() == 0
    assert mail_server.received == []
    silent = asyncio.create_task(become_whole(notify.runtime, nobody_answers))
    await asyncio.sleep(0)
    assert await post.batch() == 0
    await end(silent)
    await become_whole(notify.runtime, registry_says)
    assert await post.batch() == 1
    assert [mail.message_id for mail in mail_server.to(ADDRESS)] == [f"<{intended}@thidua.example>"]
    [fact] = await notify.events(NotificationDelivered)
    assert fact.data.repeat

    await restored(lost=False, epoch=3)
    await become_whole(notify.runtime, registry_says)
    notify.clock.set(notify.clock.now() + timedelta(minutes=1))
    await notify.given(example_of(ReportReturned, unit_id="ldld-son-la"), case="case-nam-2024-ldld-son-la")
    assert await post.batch() == 1
    assert [one.data.repeat for one in await notify.events(NotificationDelivered)] == [True, False]


async def nobody_answers(log: str) -> Position | None:
    raise NobodyHas(log)


class Died(BaseException):
    """The process was killed here."""


async def died(*_: object) -> None:
    raise Died


async def test_a_sender_stopped_while_the_server_has_the_message_counts_the_next_as_repeat(
    notify: Trial, mail_server: MailServer, intended: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, answering = asyncio.Event(), asyncio.Event()
    taking = MailServer.handle_DATA

    async def slow(self: MailServer, *given: object) -> str:
        taken.set()
        await answering.wait()
        return await taking(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(MailServer, "handle_DATA", slow)
    sending = asyncio.create_task((await sender(notify)).batch())
    await taken.wait()
    sending.cancel()
    with suppress(asyncio.CancelledError):
        await sending
    answering.set()
    await (await sender(notify)).batch()
    [fact] = await notify.events(NotificationDelivered)
    assert fact.data.repeat


async def test_a_message_refused_for_good_is_given_up_with_the_servers_code(
    notify: Trial, mail_server: MailServer, intended: str
) -> None:
    mail_server.refuse = lambda recipient: "550 no such box"
    post = await sender(notify)
    await post.batch()
    [fact] = await notify.events(NotificationFailed)
    assert (fact.data.reason, fact.data.reply_code, fact.data.final) == (MailTrouble.REFUSED, 550, True)
    assert await post.batch() == 0


async def test_a_message_put_off_is_tried_again_and_given_up_after_six_attempts(
    notify: Trial, mail_server: MailServer, intended: str
) -> None:
    mail_server.refuse = lambda recipient: "451 come back later"
    post = await sender(notify)
    for _ in range(MOST_ATTEMPTS):
        assert await post.batch() == 1
        assert await post.batch() == 0, "it rests between attempts"
        post.resting.clear()
    facts = await notify.events(NotificationFailed)
    assert [fact.data.attempt for fact in facts] == [1, 2, 3, 4, 5, 6]
    assert [fact.data.final for fact in facts] == [False] * 5 + [True]
    assert await unsent(notify) == 0


async def test_a_message_put_off_once_arrives_later_and_is_no_repeat(
    notify: Trial, mail_server: MailServer, intended: str
) -> None:
    mail_server.refuse = lambda recipient: "451 come back later"
    post = await sender(notify)
    await post.batch()
    mail_server.refuse = lambda recipient: None
    post.resting.clear()
    await post.batch()
    [fact] = await notify.events(NotificationDelivered)
    assert (fact.data.attempt, fact.data.repeat) == (2, False)


async def test_while_the_mail_server_is_away_nothing_is_given_up_and_nothing_counts_as_sent(
    notify: Trial, mail_server: MailServer, intended: str
) -> None:
    await mail_server.__aexit__()
    post = await sender(notify)
    for _ in range(3):
        with pytest.raises(MailServerAway):
            await post.batch()
    assert await notify.events(NotificationFailed, NotificationDelivered) == []
    assert await unsent(notify) == 1
    await mail_server.__aenter__()
    await post.batch()
    [fact] = await notify.events(NotificationDelivered)
    assert (fact.data.attempt, fact.data.repeat) == (1, False)


async def test_while_registry_is_away_mail_waits(notify: Trial, registry: Registry, intended: str) -> None:
    registry.away = True
    post = await sender(notify)
    with pytest.raises(RegistryAway):
        await post.batch()
    assert await unsent(notify) == 1
    registry.away = False
    assert await post.batch() == 1
    [fact] = await notify.events(NotificationDelivered)
    assert not fact.data.repeat


async def test_an_old_token_is_renewed(notify: Trial, registry: Registry, intended: str) -> None:
    post = await sender(notify)
    await post.people.addresses([OFFICER])
    registry.tokens += 1  # what registry takes now is another token
    with pytest.raises(RegistryAway):
        await post.batch()
    assert await post.batch() == 1


async def test_people_are_asked_for_once_a_batch_and_who_has_no_address_is_not_written_to(
    notify: Trial, registry: Registry, mail_server: MailServer
) -> None:
    registry.known = {OFFICERS[unit]: (f"Cán bộ {unit}", f"{unit}@example.vn") for unit in MEMBERS[:5]}
    registry.known[OFFICERS[MEMBERS[5]]] = ("Không có thư", None)
    registry.known[OFFICERS[MEMBERS[4]]] = ("Địa chỉ sai", "không phải địa chỉ")
    for unit in MEMBERS:
        await notify.given(example_of(ReportReturned, unit_id=unit))
    await (await sender(notify)).batch()
    assert len(registry.asked) == 1
    assert {mail.recipients[0] for mail in mail_server.received} == {f"{unit}@example.vn" for unit in MEMBERS[:4]}
    failed = await notify.events(NotificationFailed)
    assert [(fact.data.reason, fact.data.final) for fact in failed] == [(MailTrouble.NO_ADDRESS, True)] * 3


async def test_who_is_recused_after_the_intent_is_not_written_to(
    notify: Trial, registry: Registry, mail_server: MailServer
) -> None:
    proposal = example_of(AwardProposed)
    person = proposal.recipient.id
    registry.known[person] = ("Nguyễn Thị Đào", "dao@example.vn")
    await notify.given(proposal, example_of(ProposalReturned))
    await notify.given(example_of(CouncilMemberRecused, person_id=person))
    await (await sender(notify)).batch()
    assert mail_server.to("dao@example.vn") == []
    reasons = {fact.data.reason for fact in await notify.events(NotificationFailed)}
    assert MailTrouble.WITHHELD in reasons


async def test_a_site_without_a_mail_server_says_so_and_does_not_keep_letters_for_later(
    notify: Trial, intended: str
) -> None:
    notify.runtime.settings.smtp_url = ""
    await (await sender(notify)).batch()
    [fact] = await notify.events(NotificationFailed)
    assert (fact.data.reason, fact.data.final) == (MailTrouble.NO_MAIL_SERVER, True)


async def test_the_loop_sends_what_comes_and_reports_what_keeps_it_from_sending(
    notify: Trial, registry: Registry, mail_server: MailServer
) -> None:
    registry.known = {officer: (officer, f"{officer}@example.vn") for officer in OFFICERS.values()}
    running = asyncio.create_task(send_mail(notify.runtime))
    try:
        for _ in range(5):
            for unit in MEMBERS:
                await notify.given(example_of(ReportReturned, unit_id=unit))
        await mail_server.arrival(lambda mails: len(mails) >= 5 * len(MEMBERS))
    finally:
        await end(running)
    assert len({mail.message_id for mail in mail_server.received}) == 5 * len(MEMBERS) > BATCH
    assert "mail" not in notify.runtime.health
    # Whatever the loop was in the middle of is settled by the next one.
    while await (await sender(notify)).batch():
        pass
    assert len(await notify.events(NotificationDelivered)) == 5 * len(MEMBERS)
    assert await notify.replay_differences() == []
