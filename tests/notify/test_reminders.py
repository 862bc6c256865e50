"""Reminders: on which days, to exactly those who still owe, judged again when something is handed in or extended."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from chassis.testing import Trial, trial
from contracts.catalogue import Fact
from contracts.events.notify import NotificationIntended, ReminderKind, ReminderRoundHeld
from contracts.events.registry import (
    DeadlineExtended,
    EmulationRegistrationSubmitted,
    FilingConfirmed,
    FilingContested,
    ReportReturned,
    ReportSubmitted,
)
from contracts.events.scoring import (
    RubricAgreed,
    RubricDrafted,
    RubricFrozen,
    RubricRevised,
    ScoreReviewAnswered,
    ScoreReviewRequested,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from notify.adapters.wordings import schedules, words
from notify.domain.reminders import Obligation, Schedule, rounds, sentence, superseded
from notify.main import service

from tests.notify.around import AT, LEAD, MEMBERS, cluster, deadline, example_of, officers, units
from tests.notify.conftest import migrated
from tests.support.databases import DatabaseMaker

FILING = Schedule(before=(14, 7, 1), on_due=True, after=(1, 3, 7, 14))
DUE = datetime(2024, 12, 2, 16, 59, 59, tzinfo=timezone.utc)
CLOSE = datetime(2024, 12, 10, 16, 59, 59, tzinfo=timezone.utc)


def morning(day: int, month: int = 12) -> datetime:
    """8 o'clock in Hà Nội."""
    return datetime(2024, month, day, 1, 0, tzinfo=timezone.utc)


def owed(owing: dict[str, datetime], due: datetime | None = DUE, close: datetime | None = CLOSE) -> Obligation:
    return Obligation(ReminderKind.YEAR_REPORT, "deadline:han-bc", owing, "nam-2024", "cum", due=due, close=close)


def test_the_days_are_those_of_the_schedule_and_none_after_hard_close():
    found = rounds(owed({"ldld-son-la": AT}), FILING, 8)
    assert [(one.step, one.at) for one in found] == [
        ("before-14", morning(18, 11)),
        ("before-7", morning(25, 11)),
        ("before-1", morning(1)),
        ("due", morning(2)),
        ("after-1", morning(3)),
        ("after-3", morning(5)),
        ("after-7", morning(9)),
    ]


def test_who_came_to_owe_later_is_not_reminded_for_the_days_before():
    handed_back = morning(27, 11) + timedelta(hours=5)
    found = rounds(owed({"ldld-son-la": AT, "ldld-lai-chau": handed_back}), FILING, 8)
    by_step = {one.step: one.owing for one in found}
    assert by_step["before-7"] == {"ldld-son-la"}
    assert by_step["before-1"] == {"ldld-son-la", "ldld-lai-chau"}


def test_an_extension_makes_other_rounds_and_a_filing_does_not():
    first = {one.id for one in rounds(owed({"ldld-son-la": AT, "ldld-lai-chau": AT}), FILING, 8)}
    filed = {one.id for one in rounds(owed({"ldld-son-la": AT}), FILING, 8)}
    later = {one.id for one in rounds(owed({"ldld-son-la": AT}, DUE + timedelta(days=7)), FILING, 8)}
    assert first == filed
    assert not first & later


def test_a_round_that_is_too_late_gives_way_to_the_next():
    found = rounds(owed({"ldld-son-la": AT}), FILING, 8)
    assert not superseded(found[0], found, morning(18, 11))
    assert not superseded(found[0], found, morning(24, 11))
    assert superseded(found[0], found, morning(25, 11))
    assert superseded(found[-1], found, CLOSE)


@given(
    due=st.datetimes(datetime(2024, 1, 1), datetime(2025, 12, 31), timezones=st.just(timezone.utc)),
    open_days=st.integers(0, 30),
    known=st.lists(st.integers(-40, 40), min_size=1, max_size=5),
    before=st.sets(st.integers(1, 30), max_size=4),
    after=st.sets(st.integers(1, 30), max_size=4),
    on_due=st.booleans(),
)
def test_nobody_is_reminded_before_owing_or_after_close_and_each_step_once(
    due, open_days, known, before, after, on_due
):
    owing = {f"don-vi-{nr}": due + timedelta(days=days) for nr, days in enumerate(known)}
    close = due + timedelta(days=open_days)
    found = rounds(owed(owing, due, close), Schedule(tuple(before), on_due, tuple(after)), 8)
    assert len({one.id for one in found}) == len({one.step for one in found}) == len(found)
    for one in found:
        assert one.at < close
        assert one.owing == {unit for unit, since in owing.items() if since <= one.at}
        assert one.at.astimezone(timezone(timedelta(hours=7))).hour == 8


def test_every_kind_has_a_schedule_and_every_step_has_words():
    assert set(schedules().by_kind) == set(ReminderKind)
    names = {
        ReminderKind.AGREEMENT: "agreement",
        ReminderKind.CONFIRMATION: "confirmation",
        ReminderKind.SCORE_REVIEW: "review",
    }
    for kind, schedule in schedules().by_kind.items():
        one = Obligation(kind, "x:y", {"a": AT}, "y", "c", due=DUE, since=AT)
        for step in rounds(one, schedule, 8):
            assert f"reminder-{names.get(kind, 'filing')}-{sentence(step.step)}" in words().topics


async def reminded(notify: Trial) -> dict[str, set[str]]:
    """Step of each round held → units that got a reminder in it."""
    held = {f"reminder:{one.data.round_id}": one.data.step for one in await notify.events(ReminderRoundHeld)}
    found: dict[str, set[str]] = {step: set() for step in held.values()}
    for one in await notify.events(NotificationIntended):
        if one.data.cause in held and one.data.channel == "inbox":
            found[held[one.data.cause]].add(one.data.recipient.removeprefix("unit:"))
    return found


def report(unit: str, **changes: Any) -> Fact:
    return example_of(ReportSubmitted, unit_id=unit, report_id=f"bc-{unit}", **changes)


YEAR_REPORT = deadline("2024-12-02T16:59:59Z", "2024-12-10T16:59:59Z")


async def test_only_those_who_have_not_handed_in_are_reminded(notify: Trial) -> None:
    await notify.given(YEAR_REPORT, report("ldld-cao-bang"))
    await notify.at(morning(18, 11))
    await notify.given(report("ldld-lao-cai"), report("ldld-lai-chau"))
    await notify.at(morning(25, 11))
    held = await reminded(notify)
    assert held["before-14"] == set(MEMBERS) - {"ldld-cao-bang"}
    assert held["before-7"] == set(MEMBERS) - {"ldld-cao-bang", "ldld-lao-cai", "ldld-lai-chau"}


async def test_who_gets_a_report_back_owes_it_again(notify: Trial) -> None:
    await notify.given(YEAR_REPORT, *(report(unit) for unit in MEMBERS))
    await notify.at(morning(20, 11))
    await notify.given(
        example_of(ReportReturned, unit_id="ldld-son-la", report_id="bc-ldld-son-la"),
        example_of(FilingContested, unit_id="ldld-ha-giang", filing="report:bc-ldld-ha-giang"),
    )
    await notify.at(morning(25, 11))
    assert await reminded(notify) == {"before-7": {"ldld-son-la", "ldld-ha-giang"}}
    await notify.given(report("ldld-son-la", revision=2))
    await notify.at(morning(1))
    assert (await reminded(notify))["before-1"] == {"ldld-ha-giang"}


async def test_when_all_have_handed_in_nothing_more_is_due(notify: Trial) -> None:
    await notify.given(YEAR_REPORT, *(report(unit) for unit in MEMBERS))
    await notify.at(CLOSE + timedelta(days=30))
    assert await notify.events(ReminderRoundHeld) == []


async def test_an_extension_for_one_unit_moves_its_reminders_alone(notify: Trial) -> None:
    await notify.given(YEAR_REPORT)
    await notify.at(morning(20, 11))
    await notify.given(example_of(DeadlineExtended, unit_ids=["ldld-lai-chau"]))  # due 09/12, hard close 12/12
    await notify.at(morning(2))
    later = DUE + timedelta(days=7)
    rounds_held = await notify.events(ReminderRoundHeld)
    assert {(one.data.step, one.data.due) for one in rounds_held} == {
        *((step, DUE) for step in ("before-14", "before-7", "before-1", "due")),
        *((step, later) for step in ("before-14", "before-7")),
    }
    for one in rounds_held[1:]:
        expected = {"ldld-lai-chau"} if one.data.due == later else set(MEMBERS) - {"ldld-lai-chau"}
        assert set(one.data.owing) == expected


async def test_an_extension_for_all_leaves_nobody_on_the_old_date(notify: Trial) -> None:
    await notify.given(YEAR_REPORT)
    await notify.given(example_of(DeadlineExtended, unit_ids=None))
    await notify.at(morning(12))
    assert {one.data.due for one in await notify.events(ReminderRoundHeld)} == {DUE + timedelta(days=7)}


async def test_after_a_long_stop_only_the_latest_step_is_told(notify: Trial) -> None:
    await notify.given(YEAR_REPORT)
    notify.clock.set(morning(26, 11))
    await notify.at(morning(26, 11))
    held = [(one.data.step, one.data.superseded) for one in await notify.events(ReminderRoundHeld)]
    assert held == [("before-14", True), ("before-7", False)]
    assert (await reminded(notify))["before-14"] == set()


async def test_members_are_reminded_to_agree_until_they_have(notify: Trial) -> None:
    await notify.given(
        example_of(RubricDrafted, rubric_id="bang-1", version=1),
        *(example_of(RubricAgreed, rubric_id="bang-1", version=1, unit_id=unit) for unit in MEMBERS[:3]),
    )
    await notify.at(AT + timedelta(days=8))
    assert await reminded(notify) == {"since-7": set(MEMBERS[3:])}
    await notify.given(example_of(RubricRevised, rubric_id="bang-1", version=2))
    await notify.at(AT + timedelta(days=16))
    last = (await notify.events(ReminderRoundHeld))[-1]
    assert set(last.data.owing) == set(MEMBERS), "what was agreed to before has to be agreed to again"
    await notify.given(example_of(RubricFrozen, rubric_id="bang-1"))
    count = len(await notify.events(ReminderRoundHeld))
    await notify.at(AT + timedelta(days=60))
    assert len(await notify.events(ReminderRoundHeld)) == count


async def test_a_unit_is_reminded_to_confirm_what_was_entered_for_it(notify: Trial) -> None:
    entered = example_of(EmulationRegistrationSubmitted, unit_id="ldld-son-la", awaits_confirmation=True)
    await notify.given(entered)
    await notify.at(AT + timedelta(days=4))
    assert await reminded(notify) == {"since-3": {"ldld-son-la"}}
    filing = f"registration:{entered.registration_id}"
    await notify.given(example_of(FilingConfirmed, filing=filing, unit_id="ldld-son-la"))
    await notify.at(AT + timedelta(days=60))
    assert list(await reminded(notify)) == ["since-3"]


async def test_who_has_to_answer_a_score_review_is_reminded(notify: Trial) -> None:
    await notify.given(example_of(ScoreReviewRequested, unit_id="ldld-son-la", review_id="xx-1"))
    await notify.at(AT + timedelta(days=3))
    assert await reminded(notify) == {"since-2": {LEAD}}
    await notify.given(example_of(ScoreReviewAnswered, unit_id="ldld-son-la", review_id="xx-1"))
    await notify.at(AT + timedelta(days=60))
    assert list(await reminded(notify)) == ["since-2"]


async def test_reminders_replay_like_everything_else(notify: Trial) -> None:
    await notify.given(YEAR_REPORT, report("ldld-cao-bang"))
    await notify.at(morning(2))
    assert await notify.replay_differences() == []


@pytest.fixture
async def empty(make_database: DatabaseMaker) -> Any:
    """A new notify for each example of a property."""

    async def make() -> Any:
        return trial(service, (await make_database("notify", migrated)).url, AT)

    return make


FILINGS = st.dictionaries(
    st.sampled_from(MEMBERS), st.tuples(st.integers(0, 40), st.sampled_from(["stays", "handed back"])), max_size=7
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filings=FILINGS)
async def test_whatever_is_filled_in_the_reminded_are_those_who_owe(empty: Any, filings: Any) -> None:
    """Filings between 14/11 and 24/12 in random order, some handed back a day later; judged against a plain model."""
    start = datetime(2024, 11, 14, 5, 0, tzinfo=timezone.utc)
    happened: list[tuple[datetime, str, bool]] = []
    for unit, (days, fate) in filings.items():
        filed_at = start + timedelta(days=days)
        happened.append((filed_at, unit, True))
        if fate == "handed back":
            happened.append((filed_at + timedelta(days=1), unit, False))
    async with await empty() as notify:
        await notify.given(*units(), *cluster(), *officers(), YEAR_REPORT)
        for at, unit, handed_in in sorted(happened):
            await notify.at(at)
            back = example_of(ReportReturned, unit_id=unit, report_id=f"bc-{unit}")
            await notify.given(report(unit) if handed_in else back)
        await notify.at(CLOSE)
        held = await notify.events(ReminderRoundHeld)
        for one in held:
            moment = one.header.act.recorded
            latest = {unit: handed_in for at, unit, handed_in in sorted(happened) if at <= moment}
            assert set(one.data.owing) == {unit for unit in MEMBERS if not latest.get(unit, False)}
        assert {step: units for step, units in (await reminded(notify)).items()} == {
            one.data.step: set(one.data.owing) for one in held
        }
