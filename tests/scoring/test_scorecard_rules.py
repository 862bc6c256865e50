"""Appraisal with reasons and never on one's own unit; reviews line by line; a card is finalised once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from contracts.events.scoring import AppraisedLine, EntryState, ReviewAnswer, ReviewedLine, ScoreLayer
from contracts.refusal import Refused
from pydantic import ValidationError
from scoring.domain import scorecards
from scoring.domain.finalizing import finalize
from scoring.domain.scorecards import Appraiser, Card, OpenReview

from tests.scoring.builders import NOON, card, cluster, full, small_form

LEAD = Appraiser("ldld-cao-bang")
DEPUTY = Appraiser("ldld-lao-cai")


def line(code: str = "1.1", **fields: Any) -> AppraisedLine:
    return AppraisedLine(code=code, reason="Đối chiếu danh sách", **(fields if fields else {"actual": "80"}))


def refused(rule: str):
    return pytest.raises(Refused, match=f"^{rule}")


def close(subject: Card, by: Appraiser = LEAD, empty: str | None = None):
    return finalize(
        small_form(), subject, "bang-nho", "0" * 64, by=by, cause="Thẩm định", empty_lines_reason=empty, now=NOON
    )


def test_an_appraised_line_tells_what_it_was_and_is_now() -> None:
    fact = scorecards.appraise(small_form(), card(), [line()], LEAD)
    assert (fact.lines[0].was, fact.lines[0].now) == (Decimal("10.00"), Decimal("8.00"))


def test_a_changed_line_without_a_reason_cannot_even_be_said() -> None:
    with pytest.raises(ValidationError):
        AppraisedLine(code="1.1", actual="80", reason="  ")


def test_nobody_appraises_the_unit_for_which_he_acts() -> None:
    with refused("appraises-own-unit"):
        scorecards.appraise(small_form(), card("ldld-cao-bang"), [line()], LEAD)


def test_nobody_appraises_the_unit_in_which_he_works_whatever_office_he_names() -> None:
    with refused("appraises-own-unit"):
        scorecards.appraise(small_form(), card(), [line()], Appraiser("ldld-cao-bang", frozenset({"ldld-son-la"})))


def test_the_leads_card_goes_to_the_deputy_and_all_others_to_the_lead() -> None:
    assert (
        scorecards.appraise(small_form(), card("ldld-cao-bang"), [line()], DEPUTY).appraiser_unit_id == "ldld-lao-cai"
    )
    with refused("not-the-appraiser"):
        scorecards.appraise(small_form(), card(), [line()], DEPUTY)
    with refused("no-leadership"):
        scorecards.appraise(small_form(), card(cluster=cluster(lead=None, deputy=None)), [line()], LEAD)


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        (line("9.9"), "unknown-criterion"),
        (line("1.1", points="11"), "points-out-of-range"),
        (line("2.2", points="-4"), "points-out-of-range"),
        (line("1.2", points="2"), "points-out-of-range"),
        (line("1.2", actual="2"), "entry-does-not-fit"),
        (line("1.1", actual="80", against="1"), "entry-does-not-fit"),
        (line("1.3", actual="3"), "entry-does-not-fit"),
        (line("1.2", actual="1", target="3"), "entry-does-not-fit"),
        (line("1.1", target="3"), "entry-says-nothing"),
        (line("1.1", state=EntryState.EMPTY), "entry-says-nothing"),
        (line("1.1", state=EntryState.ABSTAINED, points="1"), "entry-does-not-fit"),
    ],
)
def test_an_entry_fits_the_kind_and_the_bounds_of_its_line(entry: AppraisedLine, rule: str) -> None:
    with refused(rule):
        scorecards.appraise(small_form(), card(), [entry], LEAD)


def test_a_line_is_named_once() -> None:
    with refused("line-twice"):
        scorecards.appraise(small_form(), card(), [line(), line()], LEAD)


def test_a_finalised_card_is_closed() -> None:
    done = card(finalized=True, appraised=True)
    with refused("scorecard-finalized"):
        scorecards.appraise(small_form(), done, [line()], LEAD)
    with refused("scorecard-finalized"):
        scorecards.request_review(done, small_form(), "xem-lai", [ReviewedLine(code="1.1", reason="…")], NOON)
    with refused("scorecard-finalized"):
        close(done)


def test_the_council_speaks_after_appraisal() -> None:
    with refused("not-appraised"):
        scorecards.score_by_council(small_form(), card(), [line()], LEAD)
    assert scorecards.score_by_council(small_form(), card(appraised=True), [line()], LEAD).lines[0].now == Decimal(
        "8.00"
    )


def test_a_review_is_asked_within_the_window_line_by_line_and_one_at_a_time() -> None:
    asked = [ReviewedLine(code="1.1", reason="Còn danh sách bổ sung")]
    until = NOON + timedelta(days=5)
    fact = scorecards.request_review(card(appraised=True, review_until=until), small_form(), "xem-lai", asked, NOON)
    assert fact.until == until
    with refused("review-window-closed"):
        scorecards.request_review(
            card(appraised=True, review_until=until), small_form(), "x1", asked, until + timedelta(seconds=1)
        )
    with refused("not-appraised"):
        scorecards.request_review(card(), small_form(), "x1", asked, NOON)
    with refused("review-open"):
        pending = card(appraised=True, review_until=until, open_review=OpenReview("x0", ("1.1",)))
        scorecards.request_review(pending, small_form(), "x1", asked, NOON)


def test_every_line_of_a_review_is_answered_and_no_other() -> None:
    pending = card(appraised=True, open_review=OpenReview("x0", ("1.1", "1.2")))
    upheld = ReviewAnswer(code="1.2", outcome="upheld", reason="Không có minh chứng mới")
    changed = ReviewAnswer(code="1.1", outcome="changed", actual="90", reason="Đã đối chiếu")
    fact = scorecards.answer_review(small_form(), pending, "x0", [changed, upheld], LEAD)
    assert [(answer.was, answer.now) for answer in fact.lines] == [
        (Decimal("10.00"), Decimal("9.00")),
        (Decimal("4.00"), Decimal("4.00")),
    ]
    with refused("review-lines-differ"):
        scorecards.answer_review(small_form(), pending, "x0", [changed], LEAD)
    with refused("no-such-review"):
        scorecards.answer_review(small_form(), pending, "x9", [changed, upheld], LEAD)


def test_an_open_review_or_window_holds_back_this_card() -> None:
    with refused("review-open"):
        close(card(appraised=True, open_review=OpenReview("x0", ("1.1",))))
    with refused("review-window-open"):
        close(card(appraised=True, review_until=NOON + timedelta(seconds=1)))
    assert close(card(appraised=True, review_until=NOON)).total == Decimal("30.00")


def test_a_card_is_finalised_only_after_appraisal_and_not_by_its_own_unit() -> None:
    with refused("not-appraised"):
        close(card())
    with refused("appraises-own-unit"):
        close(card("ldld-cao-bang", appraised=True))
    with refused("report-contested"):
        close(card(appraised=True, report_contested=True))


def test_lines_that_nobody_filled_need_a_reason_and_stay_empty_in_the_report() -> None:
    lines = {code: entry for code, entry in full().items() if code != "1.1"}
    with refused("lines-empty"):
        close(card(lines=lines, appraised=True))
    fact = close(card(lines=lines, appraised=True), empty="Đơn vị không có số liệu")
    first = next(each for each in fact.lines if each.code == "1.1")
    assert (first.state, first.final_points) == (EntryState.EMPTY, None)
    assert (fact.total, fact.assigned) == (Decimal("20.00"), Decimal("30"))


def test_the_report_keeps_claim_layers_and_workings_of_every_line() -> None:
    subject = card(
        entered=scorecards.with_entries(card().entered, ScoreLayer.APPRAISED, [line()]),
        claimed={"1.1": Decimal("10")},
        appraised=True,
    )
    first = close(subject).lines[0]
    assert (first.claimed, first.self_points, first.appraised_points, first.final_points) == (
        Decimal("10"),
        Decimal("10.00"),
        Decimal("8.00"),
        Decimal("8.00"),
    )
    assert first.workings == {"M": "10", "A": "80", "T": "100", "ratio": "0.8"}


def test_the_digest_changes_with_any_figure_however_small() -> None:
    one, other = close(card(appraised=True)), close(card(lines=full("99.999"), appraised=True))
    assert one.total == other.total == Decimal("30.00")
    assert one.inputs_digest != other.inputs_digest
