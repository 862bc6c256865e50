"""The score table over HTTP: self layer from received reports, appraisal, reviews, council, finalisation, sight."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from chassis.testing import Trial
from contracts.events.registry import FilingAcceptedLate, FilingConfirmed, FilingContested, FilingMissed
from contracts.events.scoring import CouncilScored, ScoreAppraised, ScoreFinalized, ScoreReviewAnswered

from tests.scoring.builders import MEMBERS, NOON, SMALL
from tests.scoring.year import (
    CLUSTER,
    DEPUTY,
    LEAD,
    THIRD,
    YEAR,
    act,
    agreed_rubric,
    appraiser,
    card_id,
    leader,
    lines,
    office,
    officer,
    received,
    registered,
    submitted,
    to_card,
)

ENTRY = {"code": "1.1", "actual": "80", "reason": "Đối chiếu danh sách chỉ còn 80"}


async def table(scoring: Trial, by: str = leader(THIRD)) -> dict[str, Any]:
    answer = await scoring.get("/scorecards", by=by, cluster_id=CLUSTER, year_id=YEAR)
    assert answer.status_code == 200, answer.text
    return {card["unit_id"]: card for card in answer.json()["cards"]}


def line_of(card: dict[str, Any], code: str = "1.1") -> dict[str, Any]:
    return next(line for line in card["lines"] if line["code"] == code)


@pytest.fixture
async def scored(scoring: Trial) -> Trial:
    """The table agreed, and two reports received at the end of the year."""
    await agreed_rubric(scoring)
    await scoring.at(NOON)
    await scoring.given(submitted(THIRD, lines(92)), received(THIRD), submitted(LEAD), received(LEAD))
    return scoring


async def test_nothing_is_scored_before_a_table_is_frozen(scoring: Trial) -> None:
    answer = await scoring.get("/scorecards", by=leader(THIRD), cluster_id=CLUSTER, year_id=YEAR)
    assert answer.json()["type"] == "urn:thidua:problem:no-frozen-rubric"


async def test_the_self_layer_is_the_received_report_and_a_figure_outranks_a_claim(scored: Trial) -> None:
    card = (await table(scored))[THIRD]
    first = line_of(card)
    assert (first["claimed"], first["self_points"], first["final_points"]) == ("10", "9.20", "9.20")
    assert (card["total"], card["assigned"], card["percentage"], card["state"]) == ("29.20", "30", "97.33", "open")


async def test_a_report_counts_once_received_and_the_received_one_until_the_next_is_received(scored: Trial) -> None:
    other = "ldld-lai-chau"
    await scored.given(submitted(other, lines(40)))
    card = (await table(scored))[other]
    assert (card["report"]["state"], card["total"]) == ("submitted", "0.00")
    await scored.given(received(other), submitted(other, lines(70), revision=2))
    card = (await table(scored))[other]
    assert (card["report"]["state"], line_of(card)["self_points"]) == ("submitted", "4.00")
    await scored.given(received(other, revision=2))
    assert line_of((await table(scored))[other])["self_points"] == "7.00"


async def test_typed_on_behalf_late_and_missing_reports_show_as_such(scored: Trial) -> None:
    typed, late, missing = "ldld-lai-chau", "ldld-ha-giang", "ldld-lang-son"
    await scored.given(submitted(typed, awaits_confirmation=True), act=act(NOON, typed, "paper"))
    accepted = {
        "filing": f"report:bc-{late}", "kind": "year-report", "year_id": YEAR, "cluster_id": CLUSTER, "unit_id": late,
        "accepted_by": "tham-dinh-tld", "reason": "Mưa lũ", "penalty_kept": True,
        "paper": {"number": "16/CV-CTĐ", "date": "2024-12-09"},
    }  # fmt: skip
    await scored.given(FilingAcceptedLate.model_validate(accepted), submitted(late, punctuality="late"))
    missed = {
        "deadline_id": "han-bc",
        "kind": "year-report",
        "year_id": YEAR,
        "cluster_id": CLUSTER,
        "unit_id": missing,
    }
    await scored.given(FilingMissed.model_validate(missed))
    cards = await table(scored)
    assert cards[typed]["report"] | {"report_id": None} == {
        "state": "submitted", "report_id": None, "punctuality": "on-time", "accepted_late": False,
        "past_hard_close": False, "typed_on_behalf": True, "awaits_confirmation": True, "received_revision": None,
    }  # fmt: skip
    assert (cards[late]["report"]["punctuality"], cards[late]["report"]["accepted_late"]) == ("late", True)
    assert (cards[missing]["report"]["state"], cards[missing]["report"]["past_hard_close"]) == ("missing", True)
    confirmed = {"filing": f"report:bc-{typed}", "kind": "year-report", "year_id": YEAR, "cluster_id": CLUSTER,
                 "unit_id": typed, "revision": 1}  # fmt: skip
    await scored.given(FilingConfirmed.model_validate(confirmed))
    assert (await table(scored))[typed]["report"]["awaits_confirmation"] is False
    assert await scored.replay_differences() == []


async def test_appraisal_changes_lines_with_reasons_and_is_explained(scored: Trial) -> None:
    done = await to_card(scored, "appraisal", THIRD, {"lines": [ENTRY]}, appraiser(LEAD))
    assert done.status_code == 200, done.text
    card = (await table(scored))[THIRD]
    first = line_of(card)
    assert (first["self_points"], first["appraised_points"], first["final_points"]) == ("9.20", "8.00", "8.00")
    assert (card["state"], first["from_layer"]) == ("appraised", "appraised")
    [fact] = await scored.events(ScoreAppraised)
    assert fact.header.act.typed_by == f"person:{appraiser(LEAD)}"
    assert fact.header.correlation == f"case-{YEAR}-{THIRD}"
    told = (await scored.get(f"/scorecards/{card_id(THIRD)}/explanation", by=officer(THIRD))).json()
    line = next(each for each in told["lines"] if each["code"] == "1.1")
    assert [(entry["layer"], entry["points"]) for entry in line["entries"]] == [("self", "9.20"), ("appraised", "8.00")]
    assert line["entries"][1]["reason"] == ENTRY["reason"]
    assert line["sentences"] == [
        "10 × min(1, 80/100); tỷ lệ thực hiện 0.8.",
        "Theo kết quả thẩm định.",
        "Đơn vị tự chấm 10; tính theo bảng tiêu chí được 9.20.",
    ]


async def test_a_line_without_a_reason_is_refused(scored: Trial) -> None:
    answer = await to_card(scored, "appraisal", THIRD, {"lines": [{"code": "1.1", "actual": "80"}]}, appraiser(LEAD))
    assert answer.status_code == 422
    assert await scored.events(ScoreAppraised) == []


@pytest.mark.parametrize(
    ("unit_id", "by", "problem"),
    [
        (LEAD, appraiser(LEAD), "appraises-own-unit"),
        (THIRD, appraiser(DEPUTY), "not-entitled"),
        (THIRD, appraiser(THIRD), "appraises-own-unit"),
        (THIRD, "nguoi-ha-noi", "not-entitled"),
    ],
)
async def test_nobody_appraises_his_own_unit_or_anothers_task(
    scored: Trial, unit_id: str, by: str, problem: str
) -> None:
    answer = await to_card(scored, "appraisal", unit_id, {"lines": [ENTRY]}, by)
    assert (answer.status_code, answer.json()["type"]) == (403, f"urn:thidua:problem:{problem}")
    assert await scored.events(ScoreAppraised) == []


async def test_the_leads_card_is_appraised_by_the_deputy(scored: Trial) -> None:
    assert (await to_card(scored, "appraisal", LEAD, {"lines": []}, appraiser(DEPUTY))).status_code == 200


async def test_two_appraisers_do_not_overwrite_one_another(scored: Trial) -> None:
    path = f"/scorecards/{card_id(THIRD)}"
    etag = (await scored.get(path, by=appraiser(LEAD))).headers["etag"]
    assert (
        await scored.post(f"{path}/appraisal", {"lines": [ENTRY]}, by=appraiser(LEAD), etag=etag)
    ).status_code == 200
    second = await scored.post(f"{path}/appraisal", {"lines": [ENTRY]}, by=office(LEAD), etag=etag)
    assert second.status_code == 412
    assert second.json()["changed_by"] == f"person:{appraiser(LEAD)}"


async def test_a_review_is_answered_line_by_line_and_holds_back_this_card_only(scored: Trial) -> None:
    await to_card(scored, "appraisal", THIRD, {"lines": [ENTRY]}, appraiser(LEAD))
    await to_card(scored, "appraisal", LEAD, {"lines": []}, appraiser(DEPUTY))
    asked = await to_card(
        scored,
        "review-requests",
        THIRD,
        {"id": "xem-lai-1", "lines": [{"code": "1.1", "reason": "Còn 12"}]},
        officer(THIRD),
    )
    assert asked.status_code == 201, asked.text
    await scored.at(NOON + timedelta(days=6))
    held = await to_card(scored, "finalisation", THIRD, {"cause": "Kết luận"}, office(LEAD))
    assert held.json()["type"] == "urn:thidua:problem:review-open"
    free = await to_card(scored, "finalisation", LEAD, {"cause": "Kết luận"}, office(DEPUTY))
    assert free.status_code == 200, free.text
    answer = {"lines": [{"code": "1.1", "outcome": "changed", "actual": "92", "reason": "Đã đối chiếu"}]}
    answered = await to_card(scored, "review-requests/xem-lai-1/answer", THIRD, answer, appraiser(LEAD))
    assert answered.status_code == 200, answered.text
    [fact] = await scored.events(ScoreReviewAnswered)
    assert [(str(line.was), str(line.now)) for line in fact.data.lines] == [("8.00", "9.20")]
    assert line_of((await table(scored))[THIRD])["final_points"] == "9.20"
    assert (await to_card(scored, "finalisation", THIRD, {"cause": "Kết luận"}, office(LEAD))).status_code == 200
    closed = await to_card(scored, "appraisal", THIRD, {"lines": [ENTRY]}, appraiser(LEAD))
    assert closed.json()["type"] == "urn:thidua:problem:scorecard-finalized"
    assert await scored.replay_differences() == []


async def test_the_unit_asks_within_its_days_and_the_card_waits_for_them(scored: Trial) -> None:
    await to_card(scored, "appraisal", THIRD, {"lines": [ENTRY]}, appraiser(LEAD))
    early = await to_card(scored, "finalisation", THIRD, {"cause": "Kết luận"}, office(LEAD))
    assert early.json()["type"] == "urn:thidua:problem:review-window-open"
    await scored.at(NOON + timedelta(days=5, minutes=1))
    late = await to_card(
        scored, "review-requests", THIRD, {"lines": [{"code": "1.1", "reason": "Muộn"}]}, officer(THIRD)
    )
    assert late.json()["type"] == "urn:thidua:problem:review-window-closed"


async def test_the_council_speaks_over_the_appraisal(scored: Trial) -> None:
    await to_card(scored, "appraisal", THIRD, {"lines": [ENTRY]}, appraiser(LEAD))
    council = {"lines": [{"code": "1.1", "points": "8.5", "reason": "Hội nghị thống nhất"}]}
    assert (await to_card(scored, "council", THIRD, council, office(LEAD))).status_code == 200
    first = line_of((await table(scored))[THIRD])
    assert (first["appraised_points"], first["council_points"], first["final_points"]) == ("8.00", "8.50", "8.50")
    assert len(await scored.events(CouncilScored)) == 1


async def test_what_the_unit_contests_is_not_made_final(scored: Trial) -> None:
    contested = {"filing": f"report:bc-{THIRD}", "kind": "year-report", "year_id": YEAR, "cluster_id": CLUSTER,
                 "unit_id": THIRD, "revision": 1, "reason": "Nhập nhầm"}  # fmt: skip
    await to_card(scored, "appraisal", THIRD, {"lines": []}, appraiser(LEAD))
    await scored.given(FilingContested.model_validate(contested))
    await scored.at(NOON + timedelta(days=6))
    answer = await to_card(scored, "finalisation", THIRD, {"cause": "Kết luận"}, office(LEAD))
    assert answer.json()["type"] == "urn:thidua:problem:report-contested"


async def test_a_missing_report_is_made_final_only_with_a_reason_for_its_empty_lines(scored: Trial) -> None:
    missing = "ldld-lang-son"
    await to_card(scored, "appraisal", missing, {"lines": []}, appraiser(LEAD))
    await scored.at(NOON + timedelta(days=6))
    bare = await to_card(scored, "finalisation", missing, {"cause": "Kết luận"}, office(LEAD))
    assert bare.json()["type"] == "urn:thidua:problem:lines-empty"
    reasoned = {"cause": "Kết luận", "empty_lines_reason": "Đơn vị không nộp báo cáo"}
    assert (await to_card(scored, "finalisation", missing, reasoned, office(LEAD))).status_code == 200
    [fact] = await scored.events(ScoreFinalized)
    assert {line.state.value for line in fact.data.lines} == {"empty"}
    assert fact.data.empty_lines_reason == "Đơn vị không nộp báo cáo"


async def test_registered_targets_and_penalties_for_lateness_enter_the_score(scoring: Trial) -> None:
    form = SMALL.replace("target: 100", "target: registered").replace(
        "review_days: 5", "review_days: 5\nlateness: {late: 0.5, missing: 1}"
    )
    await agreed_rubric(scoring, form)
    await scoring.at(NOON)
    await scoring.given(
        registered(THIRD, {"1.1": "200"}), submitted(THIRD, lines(150), punctuality="late"), received(THIRD)
    )
    card = (await table(scoring))[THIRD]
    assert line_of(card)["self_points"] == "7.50"
    assert card["penalties"] == {"year-report:late": "0.5"}
    assert card["total"] == "27.00"


async def test_members_see_their_own_cluster_and_strangers_nothing_before_publication(scored: Trial) -> None:
    for path, query in (
        ("/scorecards", {"cluster_id": CLUSTER, "year_id": YEAR}),
        (f"/scorecards/{card_id(THIRD)}", {}),
        (f"/scorecards/{card_id(THIRD)}/explanation", {}),
        ("/rankings/preview", {"cluster_id": CLUSTER, "year_id": YEAR}),
    ):
        assert (await scored.get(path, by="nguoi-ha-noi", **query)).status_code == 404
        assert (await scored.get(path, by=officer("ldld-dien-bien"), **query)).status_code == 200
    assert (await scored.get(f"/scorecards/{card_id('ldld-ha-noi')}", by=leader(THIRD))).status_code == 404
    assert len(await table(scored)) == len(MEMBERS)


async def test_the_journey_of_a_case_is_shown_to_its_cluster(scored: Trial) -> None:
    await to_card(scored, "appraisal", THIRD, {"lines": [ENTRY]}, appraiser(LEAD))
    path = f"/ops/journey/case-{YEAR}-{THIRD}"
    assert [step["type"] for step in (await scored.get(path, by=officer(THIRD))).json()] == [
        "scoring.score-appraised.v1"
    ]
    assert (await scored.get(path, by="nguoi-ha-noi")).json() == []
