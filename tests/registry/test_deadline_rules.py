"""Deadlines as a calculation: ends of days in Hà Nội, rest days, extensions, and how a receipt stands to them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from contracts.events.registry import Punctuality, RestDayRule
from contracts.refusal import Refused
from hypothesis import given
from hypothesis import strategies as st
from registry.domain.deadlines import Dates, Window, end_of, extended, in_force, judge, rejudge, set_dates, working

from tests.registry.world import at

FIRST = Dates(end_of(date(2024, 12, 2)), end_of(date(2024, 12, 6)), end_of(date(2024, 12, 10)))
PLAIN = Window("han", FIRST, FIRST)


def later(days: int, dates: Dates = FIRST) -> Dates:
    more = timedelta(days=days)
    return Dates(dates.due + more, dates.grace_until + more, dates.hard_close + more)


@pytest.mark.parametrize(
    ("received", "stands"),
    [
        ("2024-12-02 23:59:59.999", "on-time"),
        ("2024-12-03 00:00:00", "in-grace"),
        ("2024-12-06 23:59:59", "in-grace"),
        ("2024-12-07 00:00:00", "late"),
        ("2024-12-10 23:59:59", "late"),
    ],
)
def test_a_receipt_stands_to_the_second_in_ha_noi_time(received: str, stands: str) -> None:
    assert judge(PLAIN, at(received)) == stands
    assert not PLAIN.closed(at(received))


def test_hard_close_is_the_first_second_of_the_next_day() -> None:
    assert PLAIN.closed(at("2024-12-11 00:00:00"))


@pytest.mark.parametrize(("day", "moved"), [(29, 29), (30, 32), (31, 32)])
def test_a_rest_day_moves_to_monday_or_stands_as_the_body_sets(day: int, moved: int) -> None:
    november = date(2024, 11, 1) + timedelta(days=day - 1)
    assert working(november, RestDayRule.MOVES) == date(2024, 11, 1) + timedelta(days=moved - 1)
    assert working(november, RestDayRule.STANDS) == november


def test_a_moved_due_date_says_from_where_and_never_passes_grace() -> None:
    dates, moved_from = set_dates(date(2024, 11, 30), date(2024, 12, 1), date(2024, 12, 1), RestDayRule.MOVES)
    assert moved_from == date(2024, 11, 30)
    assert dates.due == dates.grace_until == dates.hard_close == at("2024-12-02 23:59:59")


def test_dates_out_of_order_are_refused() -> None:
    with pytest.raises(Refused, match="dates-out-of-order"):
        set_dates(date(2024, 12, 2), date(2024, 12, 1), date(2024, 12, 10), RestDayRule.STANDS)


def test_an_extension_only_gives_time() -> None:
    extended(FIRST, later(1))
    for wished in (FIRST, later(-1), Dates(later(5).due, later(5).grace_until, later(-1).hard_close)):
        with pytest.raises(Refused, match="extension-not-later"):
            extended(FIRST, wished)


def test_within_an_extension_a_filing_is_in_time_by_extension() -> None:
    window = Window("han", FIRST, in_force(FIRST, [later(7)]))
    assert judge(window, at("2024-12-05 08:00")) is Punctuality.ON_TIME_BY_EXTENSION
    assert judge(window, at("2024-12-02 08:00")) is Punctuality.ON_TIME


instants = st.datetimes(datetime(2024, 11, 20), datetime(2024, 12, 31)).map(lambda told: at(told.isoformat(" ")))
extensions = st.lists(st.integers(0, 20).map(later), max_size=4)


@given(instants, extensions, st.integers(1, 20).map(later))
def test_an_extension_that_comes_later_never_tells_against_a_filing(
    received: datetime, before: list[Dates], wished: Dates
) -> None:
    window = Window("han", FIRST, in_force(FIRST, before))
    was = judge(window, received)
    now = judge(window.extended_by(wished), received)
    order = [Punctuality.ON_TIME, Punctuality.ON_TIME_BY_EXTENSION, Punctuality.IN_GRACE, Punctuality.LATE]
    assert order.index(now) <= order.index(was)
    assert rejudge(was, window.extended_by(wished), received) == (now if now is not was else None)
