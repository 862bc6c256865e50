"""Ranking by earned ÷ assigned, ties by rule and then by vote, quota, and what a conference concludes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from contracts.events.scoring import BallotPurpose, Classification, RankingFinalized
from contracts.refusal import Refused
from contracts.values import Paper
from scoring.domain.ranking import ClosedBallot, place, quota
from scoring.domain.results import RankingInput, conclude, rank

from tests.scoring.builders import MEMBERS, closed, cluster, final, form_data, full

RULE = form_data()["ranking"]
A, B, C = "ldld-cao-bang", "ldld-lao-cai", "ldld-son-la"


def tell(reason: str, **values: Any) -> str:
    return f"{reason} {values}"


def order(cards: dict, rule: dict = RULE, ballots: tuple[ClosedBallot, ...] = ()) -> list[str]:
    return [each.unit_id for each in place(rule, cards, ballots)]


def given(cards: dict, *, rule: dict = RULE, ballots: tuple = (), left_out: dict | None = None) -> RankingInput:
    return RankingInput(cluster(), "bang-nho", "0" * 64, rule, cards, left_out or {}, ballots)


def everybody(*scores: int) -> dict:
    return {unit: final(unit, full(a)) for unit, a in zip(MEMBERS, scores, strict=True)}


def test_the_higher_percentage_comes_first() -> None:
    assert order({A: final(A, full(70)), B: final(B, full(90)), C: final(C, full(80))}) == [B, C, A]


def test_equals_are_parted_by_the_tie_rules_in_order() -> None:
    cards = {A: final(A, full(100, c=4)), B: final(B, full(100, d=1)), C: final(C, full(10))}
    placed = place(RULE, cards, ())
    assert [each.unit_id for each in placed] == [A, B, C]
    assert placed[0].tie_broken_by == "section:2"
    assert [each.rank for each in placed] == [1, 2, 3]


def test_a_tie_that_stands_waits_for_a_vote_and_is_never_left_to_chance() -> None:
    cards = {A: final(A), B: final(B), C: final(C, full(10))}
    with pytest.raises(Refused) as refusal:
        place(RULE, cards, ())
    assert refusal.value.rule == "ranking-tie-stands"
    assert refusal.value.values["units"] == [A, B]
    placed = place(RULE, cards, [closed(BallotPurpose.TIE, {B: 4, A: 3})])
    assert [(each.unit_id, each.tie_broken_by) for each in placed] == [(B, "vote"), (A, "vote"), (C, None)]


def test_a_vote_that_ends_equal_leaves_the_tie_until_another_one() -> None:
    cards = {A: final(A), B: final(B), C: final(C)}
    first = closed(BallotPurpose.TIE, {A: 3, B: 2, C: 2})
    with pytest.raises(Refused) as refusal:
        place(RULE, cards, [first])
    assert refusal.value.values["units"] == [B, C]
    assert order(cards, ballots=(first, closed(BallotPurpose.TIE, {C: 4, B: 3}))) == [A, C, B]


def test_a_tie_ballot_without_quorum_settles_nothing() -> None:
    cards = {A: final(A), B: final(B)}
    ballot = closed(BallotPurpose.TIE, {B: 2, A: 1})
    without = ClosedBallot(ballot.opened, ballot.closed.model_copy(update={"quorum_met": False}))
    with pytest.raises(Refused, match="ranking-tie-stands"):
        place(RULE, cards, [without])


def test_rounded_or_exact_is_a_field_of_the_table() -> None:
    cards = {A: final(A, full("33.333")), B: final(B, full("33.334"))}
    with pytest.raises(Refused, match="ranking-tie-stands"):
        order(cards, {**RULE, "compares": "rounded", "ties": []})
    assert order(cards, {**RULE, "compares": "exact", "ties": []}) == [B, A]


def test_score_and_vote_can_be_mixed() -> None:
    cards = {A: final(A, full(100)), B: final(B, full(90))}
    mixed = {**RULE, "mix": {"score": "80", "vote": "20", "ballot": "leading-unit"}}
    assert order(cards, mixed, (closed(BallotPurpose.LEADING_UNIT, {A: 1, B: 6}),)) == [B, A]
    with pytest.raises(Refused, match="ballot-missing"):
        order(cards, mixed)


@pytest.mark.parametrize(
    ("percent", "rounding", "minimum", "places"),
    [
        ("30", "down", "0", 2),
        ("30", "up", "0", 3),
        ("50", "half-up", "0", 4),
        ("5", "down", "1", 1),
        ("100", "up", "0", 7),
    ],
)
def test_the_quota_is_rounded_as_the_table_says(percent: str, rounding: str, minimum: str, places: int) -> None:
    excellent = {**RULE["excellent"], "percent": percent, "rounding": rounding, "minimum": minimum}
    assert quota({**RULE, "excellent": excellent}, 7) == places


def test_by_rank_one_leads_and_up_to_the_quota_are_excellent() -> None:
    ranking = rank("xep-hang", given(everybody(70, 60, 50, 95, 40, 30, 90)), tell)
    assert [(row.unit_id, row.classification) for row in ranking.rows[:4]] == [
        ("ldld-lao-cai", Classification.LEADING),
        ("ldld-son-la", Classification.EXCELLENT),
        ("ldld-cao-bang", Classification.EXCELLENT),
        ("ldld-ha-giang", Classification.NONE),
    ]
    assert all(row.reasons for row in ranking.rows)


BY_VOTE = {**RULE, "leading": {"count": "1", "by": "vote"}, "excellent": {**RULE["excellent"], "by": "vote"}}


def test_by_vote_the_ballots_say_who_leads_and_the_ranking_names_them() -> None:
    ballots = (
        closed(BallotPurpose.LEADING_UNIT, {A: 5, B: 2}, (A,)),
        closed(BallotPurpose.EXCELLENT_UNITS, {B: 6, C: 5, A: 5}, (B, C)),
    )
    ranking = rank("xep-hang", given(everybody(70, 60, 50, 95, 40, 30, 90), rule=BY_VOTE, ballots=ballots), tell)
    classes = {row.unit_id: row.classification for row in ranking.rows}
    assert (classes[A], classes[B], classes[C]) == (
        Classification.LEADING,
        Classification.EXCELLENT,
        Classification.EXCELLENT,
    )
    assert {relied.ballot_id for relied in ranking.ballots} == {"phieu-leading-unit", "phieu-excellent-units"}
    with pytest.raises(Refused, match="ballot-missing"):
        rank("xep-hang", given(everybody(70, 60, 50, 95, 40, 30, 90), rule=BY_VOTE, ballots=ballots[:1]), tell)


def test_more_elected_than_the_quota_is_refused() -> None:
    ballots = (
        closed(BallotPurpose.LEADING_UNIT, {A: 5}, (A,)),
        closed(BallotPurpose.EXCELLENT_UNITS, {B: 6, C: 5, "ldld-lai-chau": 5}, (B, C, "ldld-lai-chau")),
    )
    with pytest.raises(Refused, match="quota-exceeded"):
        rank("xep-hang", given(everybody(70, 60, 50, 95, 40, 30, 90), rule=BY_VOTE, ballots=ballots), tell)


def test_a_member_without_a_final_card_is_named_with_a_reason_or_holds_back_the_ranking() -> None:
    cards = everybody(70, 60, 50, 95, 40, 30, 90)
    del cards[C]
    with pytest.raises(Refused) as refusal:
        rank("xep-hang", given(cards), tell)
    assert (refusal.value.rule, refusal.value.values["units"]) == ("cards-not-final", [C])
    ranking = rank("xep-hang", given(cards, left_out={C: "Không nộp báo cáo"}), tell)
    last = ranking.rows[-1]
    assert (last.unit_id, last.rank, last.classification) == (C, None, Classification.NONE)
    assert "Không nộp báo cáo" in last.reasons[0]


def conference(ranking: RankingFinalized | None, *ballots: ClosedBallot) -> Any:
    return conclude(
        "hoi-nghi",
        cluster(),
        ranking,
        ballots,
        date(2024, 12, 20),
        "nam-2025",
        None,
        Paper(number="03/BB", date="2024-12-20"),
    )


def test_the_conference_takes_lead_and_deputy_from_their_ballots() -> None:
    ranking = rank("xep-hang", given(everybody(70, 60, 50, 95, 40, 30, 90)), tell)
    lead = closed(BallotPurpose.NEXT_LEAD, {B: 7}, (B,))
    deputy = closed(BallotPurpose.NEXT_DEPUTY, {C: 7}, (C,))
    concluded = conference(ranking, lead, deputy)
    assert (concluded.leading_unit_id, concluded.next_lead_unit_id, concluded.next_deputy_unit_id) == (B, B, C)
    assert concluded.excellent_unit_ids == (C, A)
    for rule, wrong in (
        ("ranking-not-final", (None, lead, deputy)),
        ("ballot-missing", (ranking, lead)),
        ("nobody-elected", (ranking, lead, closed(BallotPurpose.NEXT_DEPUTY, {C: 3}))),
        ("lead-is-deputy", (ranking, lead, closed(BallotPurpose.NEXT_DEPUTY, {B: 7}, (B,)))),
    ):
        with pytest.raises(Refused, match=rule):
            conference(*wrong)
