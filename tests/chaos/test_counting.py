"""The counts of `make chaos` can fail: each loss, repetition and disorder put into the books is found and named."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from chaos.books import Book, Books, Row
from chaos.commands import EFFECTS
from chaos.counting import Branch, Counts, LostRange, Told, count, without_loss
from chaos.receipts import Receipt

FOLLOWS = {"registry": [], "scoring": ["registry"], "awards": ["registry"], "notify": ["registry"]}
TOLD = Told(FOLLOWS)


def hash_of(seq: int, epoch: int = 1) -> str:
    return f"{epoch:02x}{seq:062x}"


def row(seq: int) -> Row:
    return Row(1, seq, hash_of(seq), hash_of(seq - 1), f"cdcs-0-lenh-{seq:07}")


def receipt(seq: int, **other: object) -> Receipt:
    """The unit ``u-<seq>`` entered at second ``seq``."""
    told = Receipt(
        nr=seq,
        writer="cdcs-0",
        key=f"cdcs-0-lenh-{seq:07}",
        service="registry",
        log="vn.registry",
        epoch=1,
        first_seq=seq,
        last_seq=seq,
        hash=hash_of(seq),
        href="",
        kind="unit",
        leaves=f"u-{seq}",
        at=float(seq),
    )
    return replace(told, **other)  # type: ignore[arg-type]


@pytest.fixture
def receipts() -> list[Receipt]:
    return [receipt(seq) for seq in range(1, 11)]


@pytest.fixture
def books(receipts: list[Receipt]) -> Books:
    """Four databases in which each of ten units stands once, in order."""
    found = {}
    for service in FOLLOWS:
        tables: dict[str, Counter[str]] = {
            effect.table: Counter() for effects in EFFECTS.values() for effect in effects
        }
        for effect in EFFECTS["unit"]:
            if effect.service == service:
                tables[effect.table] = Counter(one.leaves for one in receipts)
        log = [row(seq) for seq in range(1, 11)] if service == "registry" else []
        taken = {} if service == "registry" else {"vn.registry": [one.place for one in map(row, range(1, 11))]}
        found[service] = Book(log, taken, tables)
    return found


def figures(counts: Counts) -> tuple[int, int, int]:
    return counts.lost, counts.twice, counts.out_of_order


def test_whole_books_count_nothing(receipts: list[Receipt], books: Books) -> None:
    counts = count(receipts, books, TOLD)
    assert (counts.accepted, figures(counts), counts.wrong) == (10, (0, 0, 0), [])


def test_a_command_that_is_in_no_log_is_lost(receipts: list[Receipt], books: Books) -> None:
    counts = count([*receipts, receipt(11)], books, TOLD)
    assert figures(counts) == (1, 0, 0)
    assert "vn.registry:1:11" in counts.wrong[0]


def test_another_event_under_the_same_key_does_not_count_as_the_one_that_was_accepted(
    receipts: list[Receipt], books: Books
) -> None:
    receipts[4] = replace(receipts[4], hash=hash_of(99))
    assert count(receipts, books, TOLD).lost == 1


def test_an_event_that_one_follower_never_took_is_lost(receipts: list[Receipt], books: Books) -> None:
    del books["awards"].received["vn.registry"][3]
    counts = count(receipts, books, TOLD)
    assert figures(counts) == (1, 0, 0)
    assert "awards" in counts.wrong[0]


def test_an_effect_missing_in_one_table_is_lost(receipts: list[Receipt], books: Books) -> None:
    del books["notify"].tables["standing_life"]["u-3"]
    assert figures(count(receipts, books, TOLD)) == (1, 0, 0)


def test_an_effect_there_twice_is_twice(receipts: list[Receipt], books: Books) -> None:
    books["scoring"].tables["standing_life"]["u-3"] += 1
    assert figures(count(receipts, books, TOLD)) == (0, 1, 0)


@pytest.mark.parametrize("again", [4, 11], ids=["right after itself", "much later"])
def test_a_command_done_again_is_twice(receipts: list[Receipt], books: Books, again: int) -> None:
    log = books["registry"].log
    log.insert(again, replace(log[3], seq=again + 1))
    assert count(receipts, books, TOLD).twice == 1


def test_an_event_taken_twice_by_a_follower_is_twice(receipts: list[Receipt], books: Books) -> None:
    taken = books["notify"].received["vn.registry"]
    taken.append(taken[-1])
    assert figures(count(receipts, books, TOLD)) == (0, 1, 0)


def test_a_notice_told_twice_is_twice(receipts: list[Receipt], books: Books) -> None:
    books["notify"].notices["vn.registry:1:5", "unit:ldld-son-la", "email", "report-received"] = 2
    assert figures(count(receipts, books, TOLD)) == (0, 1, 0)


def test_a_notice_that_nobody_got_is_lost(receipts: list[Receipt], books: Books) -> None:
    receipts[6] = replace(receipts[6], kind="received", leaves="")
    assert figures(count(receipts, books, TOLD)) == (1, 0, 0)


def test_a_writers_earlier_command_behind_its_later_one_is_out_of_order(receipts: list[Receipt], books: Books) -> None:
    receipts[2], receipts[3] = receipts[3], receipts[2]
    assert figures(count(receipts, books, TOLD)) == (0, 0, 1)


def test_a_hole_and_a_broken_link_in_a_log_are_out_of_order(receipts: list[Receipt], books: Books) -> None:
    log = books["registry"].log
    log[5] = replace(log[5], prev=hash_of(77))
    assert figures(count(receipts, books, TOLD)) == (0, 0, 1)
    del log[8]
    assert count(receipts, books, TOLD).out_of_order == 2


def test_a_follower_that_took_events_in_another_order_is_out_of_order(receipts: list[Receipt], books: Books) -> None:
    taken = books["scoring"].received["vn.registry"]
    taken[6], taken[7] = taken[7], taken[6]
    assert figures(count(receipts, books, TOLD)) == (0, 0, 1)


def test_what_a_restore_reported_is_here_only_and_what_it_did_not_report_is_lost(
    receipts: list[Receipt], books: Books
) -> None:
    gone = [receipt(11), receipt(12)]
    said = LostRange("vn.registry", 1, 11, 11, lost_at=20.0)
    counts = count([*receipts, *gone], books, replace(TOLD, ranges=(said,)))
    assert (counts.here_only_lost, counts.here_only_alone, counts.lost) == (1, 1, 1)


def test_a_report_excuses_nothing_that_was_accepted_after_it(receipts: list[Receipt], books: Books) -> None:
    said = LostRange("vn.registry", 1, 11, 11, lost_at=5.0)
    assert count([*receipts, receipt(11)], books, replace(TOLD, ranges=(said,))).lost == 1


def test_a_report_that_covers_what_is_still_there_does_not_agree_with_the_client(
    receipts: list[Receipt], books: Books
) -> None:
    counts = count(receipts, books, replace(TOLD, ranges=(LostRange("vn.registry", 1, 9, 10, lost_at=20.0),)))
    assert (counts.here_only_lost, counts.here_only_alone) == (2, 0)


def test_what_read_at_the_centre_may_be_in_no_reported_range(receipts: list[Receipt], books: Books) -> None:
    said = LostRange("vn.registry", 1, 11, 12, lost_at=20.0, centre=(1, 11))
    counts = count([*receipts, receipt(11), receipt(12)], books, replace(TOLD, ranges=(said,)))
    assert (counts.lost, counts.here_only_lost, counts.here_only_alone) == (1, 2, 1)


def test_a_branch_not_kept_is_voided_as_far_as_it_is_listed(receipts: list[Receipt], books: Books) -> None:
    beside = [replace(receipt(seq), hash=hash_of(seq, 7), at=seq + 100.0, key=f"khac-{seq}") for seq in (9, 10)]
    branch = Branch("vn.registry", after_seq=8, began=100.0, ended=120.0, listed=(hash_of(9, 7),))
    counts = count([*receipts, *beside], books, replace(TOLD, branches=(branch,)))
    assert (counts.voided, counts.voided_alone, counts.lost) == (1, 2, 1)


def test_what_was_lost_before_a_branch_was_left_is_here_only_and_what_stood_on_it_is_in_no_later_loss(
    receipts: list[Receipt], books: Books
) -> None:
    gone = [
        replace(receipt(seq), hash=hash_of(seq, 7), at=at, key=f"khac-{seq}") for seq, at in ((9, 50.0), (10, 70.0))
    ]
    sent = [*receipts, *gone]
    branch = Branch("vn.registry", after_seq=8, began=0.0, ended=80.0, listed=(hash_of(10, 7),))
    before, after = (LostRange("vn.registry", 1, first, 99, at, centre=(1, 8)) for first, at in ((9, 60.0), (9, 90.0)))
    sent[8:10] = [replace(one, at=100.0) for one in sent[8:10]]
    counts = count(sent, books, replace(TOLD, ranges=(before, after), branches=(branch,)))
    assert (counts.here_only_lost, counts.here_only_alone) == (1, 1)
    assert (counts.voided, counts.voided_alone, counts.lost) == (1, 1, 0)
    never_listed = replace(branch, listed=())
    assert count(sent, books, replace(TOLD, ranges=(after,), branches=(never_listed,))).lost == 2
    listed_though_lost = replace(branch, listed=(hash_of(9, 7), hash_of(10, 7)))
    counts = count(sent, books, replace(TOLD, ranges=(before,), branches=(listed_though_lost,)))
    assert (counts.voided, counts.voided_alone) == (2, 1)


def test_a_story_may_stop_after_a_loss_in_its_service_and_not_before_nor_after_one_elsewhere() -> None:
    stopped = [{"service": "registry", "at": at, "text": ""} for at in (4.0, 6.0)]
    assert without_loss(stopped, [], []) == stopped
    assert without_loss(stopped, [LostRange("vn.registry", 1, 5, 9, 5.0)], []) == stopped[:1]
    assert without_loss(stopped, [LostRange("vn.scoring", 1, 5, 9, 5.0)], []) == stopped
    voided_from, voided_until = Branch("vn.registry", 5, 5.0, 9.0, ()), Branch("vn.registry", 5, 0.0, 5.0, ())
    assert without_loss(stopped, [], [voided_from]) == without_loss(stopped, [], [voided_until]) == stopped[:1]
