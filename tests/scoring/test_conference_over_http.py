"""A cluster's year to its end over HTTP: ballots, ties put to the vote, ranking, conference, publication."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from chassis.testing import Trial
from contracts.events.scoring import BallotClosed, BallotOpened, RankingFinalized, VoteCast, YearEndConferenceConcluded

from tests.scoring.builders import MEMBERS, NOON, SMALL
from tests.scoring.year import (
    CLUSTER,
    DEPUTY,
    LEAD,
    THIRD,
    YEAR,
    agreed_rubric,
    appraiser,
    card_id,
    etag_of,
    leader,
    office,
    reports_of_all,
    to_card,
)

BY_VOTE = SMALL.replace("by: rank}", "by: vote}")
CONFERENCE = NOON + timedelta(days=10)


def ballot(purpose: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"phieu-{purpose}",
        "cluster_id": CLUSTER,
        "year_id": YEAR,
        "purpose": purpose,
        "title": "Hội nghị tổng kết",
        "threshold": {"percentage": "50", "denominator": "present", "quorum": "66.67", "strictly_more": True},
        "self_vote": False,
        "way": "electronic-open",
        **changes,
    }


async def vote(trial: Trial, ballot_id: str, choices: dict[str, list[str]]) -> None:
    for voter, chosen in choices.items():
        answer = await trial.post(
            f"/ballots/{ballot_id}/votes",
            {"unit_id": voter, "choices": chosen, "abstains": not chosen},
            by=leader(voter),
        )
        assert answer.status_code == 201, answer.text


async def close(trial: Trial, ballot_id: str) -> Any:
    etag = await etag_of(trial, f"/ballots/{ballot_id}", leader(LEAD))
    return await trial.post(f"/ballots/{ballot_id}/closing", by=office(LEAD), etag=etag)


async def elect(trial: Trial, purpose: str, *units: str, **changes: Any) -> None:
    """Everybody chooses the units (those among them another)."""
    opened = await trial.post("/ballots", ballot(purpose, choose=len(units), **changes), by=office(LEAD))
    assert opened.status_code == 201, opened.text
    ballot_id = opened.json()["id"]
    await vote(trial, ballot_id, {voter: [unit for unit in units if unit != voter] for voter in MEMBERS})
    closed = await close(trial, ballot_id)
    assert closed.status_code == 200, closed.text


@pytest.fixture
async def conference(scoring: Trial) -> Trial:
    """The day of the conference: every card final, two units (Lào Cai, Sơn La) equal at the top."""
    await agreed_rubric(scoring, BY_VOTE)
    await scoring.at(NOON)
    await reports_of_all(scoring, cao_bang=90, lao_cai=99, son_la=99, ha_giang=80, lang_son=70, lai_chau=60)
    for member in MEMBERS:
        by = DEPUTY if member == LEAD else LEAD
        assert (await to_card(scoring, "appraisal", member, {"lines": []}, appraiser(by))).status_code == 200
    await scoring.at(CONFERENCE)
    for member in MEMBERS:
        by = DEPUTY if member == LEAD else LEAD
        done = await to_card(scoring, "finalisation", member, {"cause": "Kết luận thẩm định"}, office(by))
        assert done.status_code == 200, done.text
    return scoring


RANKING = {"id": "xep-hang-2024", "cluster_id": CLUSTER, "year_id": YEAR}


async def test_a_tie_is_put_to_the_vote_then_the_year_is_concluded_and_published(conference: Trial) -> None:
    preview = (await conference.get("/rankings/preview", by=leader(THIRD), cluster_id=CLUSTER, year_id=YEAR)).json()
    assert preview["ties"] == [[DEPUTY, THIRD]]
    assert [(row["rank"], row["tied"]) for row in preview["rows"][:3]] == [(1, True), (1, True), (3, False)]
    tie = await conference.post("/rankings", RANKING, by=office(LEAD))
    assert (tie.status_code, tie.json()["type"]) == (409, "urn:thidua:problem:ranking-tie-stands")
    assert tie.json()["units"] == [DEPUTY, THIRD]

    await elect(conference, "tie", DEPUTY, options=[DEPUTY, THIRD], self_vote=True)
    no_ballot = await conference.post("/rankings", RANKING, by=office(LEAD))
    assert no_ballot.json()["type"] == "urn:thidua:problem:ballot-missing"
    await elect(conference, "leading-unit", DEPUTY)
    await elect(conference, "excellent-units", THIRD, LEAD)
    done = await conference.post("/rankings", RANKING, by=office(LEAD))
    assert done.status_code == 201, done.text
    [ranking] = await conference.events(RankingFinalized)
    top = ranking.data.rows[:3]
    assert [(row.unit_id, row.rank, row.classification.value) for row in top] == [
        (DEPUTY, 1, "leading"),
        (THIRD, 2, "excellent"),
        (LEAD, 3, "excellent"),
    ]
    assert top[0].tie_broken_by == "vote"
    assert "Bằng điểm; thứ tự do hội nghị biểu quyết." in top[0].reasons
    assert {relied.purpose.value for relied in ranking.data.ballots} == {"tie", "leading-unit", "excellent-units"}

    body = {
        "id": "hoi-nghi-2024", "cluster_id": CLUSTER, "year_id": YEAR, "held_on": "2024-12-20",
        "next_year_id": "nam-2025", "minutes": {"number": "03/BB-CTĐ", "date": "2024-12-20"},
    }  # fmt: skip
    early = await conference.post("/conferences", body, by=office(LEAD))
    assert early.json()["type"] == "urn:thidua:problem:ballot-missing"
    await elect(conference, "next-lead", DEPUTY)
    await elect(conference, "next-deputy", "ldld-lai-chau")
    concluded = await conference.post("/conferences", body, by=office(LEAD))
    assert concluded.status_code == 201, concluded.text
    [fact] = await conference.events(YearEndConferenceConcluded)
    assert fact.data.leading_unit_id == DEPUTY
    assert fact.data.excellent_unit_ids == (THIRD, LEAD)
    assert (fact.data.next_lead_unit_id, fact.data.next_deputy_unit_id) == (DEPUTY, "ldld-lai-chau")
    assert fact.header.correlation == f"case-{YEAR}-{CLUSTER}"

    seen = await conference.get("/scorecards", by="nguoi-ha-noi", cluster_id=CLUSTER, year_id=YEAR)
    assert seen.json()["published"] is True
    assert (await conference.get("/rankings/xep-hang-2024", by="nguoi-ha-noi")).status_code == 200
    assert (await conference.get(f"/scorecards/{card_id(THIRD)}", by="nguoi-ha-noi")).status_code == 200
    again = await conference.post("/rankings", {**RANKING, "id": "xep-hang-khac"}, by=office(LEAD))
    assert again.json()["type"] == "urn:thidua:problem:ranking-already-final"
    assert await conference.replay_differences() == []


async def test_a_paper_ballot_is_counted_with_minutes_and_its_result_says_why(conference: Trial) -> None:
    body = ballot("leading-unit", way="paper", recused=[LEAD])
    assert (await conference.post("/ballots", body, by=office(LEAD))).status_code == 201
    electronic = await conference.post(
        "/ballots/phieu-leading-unit/votes", {"unit_id": THIRD, "choices": [DEPUTY]}, by=leader(THIRD)
    )
    assert electronic.json()["type"] == "urn:thidua:problem:ballot-counted-from-paper"
    count = {
        "present": 6, "issued": 6, "returned": 6, "valid": 5, "invalid": 1,
        "counts": [{"option": DEPUTY, "votes": 4}, {"option": THIRD, "votes": 1}],
        "minutes": {"number": "02/BB-CTĐ", "date": "2024-12-20", "scan": "bien-ban.pdf"},
    }  # fmt: skip
    etag = await etag_of(conference, "/ballots/phieu-leading-unit", leader(LEAD))
    wrong = await conference.post(
        "/ballots/phieu-leading-unit/count", {**count, "valid": 6}, by=office(LEAD), etag=etag
    )
    assert wrong.json()["type"] == "urn:thidua:problem:count-inconsistent"
    recorded = await conference.post("/ballots/phieu-leading-unit/count", count, by=office(LEAD), etag=etag)
    assert recorded.status_code == 200, recorded.text
    assert (await close(conference, "phieu-leading-unit")).status_code == 200
    [result] = await conference.events(BallotClosed)
    assert result.data.elected == (DEPUTY,)
    assert result.data.why == "Có mặt 6/7 = 85,7 %. LĐLĐ tỉnh lao-cai đạt 4/6 = 66,7 %, đủ điều kiện trúng."


async def test_a_recused_member_a_stranger_and_another_person_do_not_vote(conference: Trial) -> None:
    await conference.post("/ballots", ballot("next-lead", recused=[THIRD]), by=office(LEAD))
    for unit_id, person, problem in (
        (THIRD, leader(THIRD), "recused-member-votes"),
        ("ldld-ha-noi", "nguoi-ha-noi", "not-a-voter"),
        (DEPUTY, leader(LEAD), "not-entitled"),
    ):
        answer = await conference.post(
            "/ballots/phieu-next-lead/votes", {"unit_id": unit_id, "choices": [LEAD]}, by=person
        )
        assert (answer.status_code, answer.json()["type"]) == (403, f"urn:thidua:problem:{problem}")
    assert await conference.events(VoteCast) == []


async def test_a_threshold_that_nobody_can_reach_is_told_before_opening(conference: Trial) -> None:
    threshold = {"percentage": "90", "denominator": "all", "quorum": "50"}
    asked = await conference.post(
        "/ballots/reachability",
        {"cluster_id": CLUSTER, "year_id": YEAR, "recused": [LEAD], "threshold": threshold},
        by=leader(THIRD),
    )
    assert asked.json()["reachable"] is False
    assert asked.json()["approval"]["figures"] == "6/7 = 85,7 %"
    refused = await conference.post(
        "/ballots", ballot("next-lead", recused=[LEAD], threshold=threshold), by=office(LEAD)
    )
    assert refused.json()["type"] == "urn:thidua:problem:threshold-unreachable"
    assert await conference.events(BallotOpened) == []


async def test_votes_cast_at_the_same_moment_are_all_counted_once(conference: Trial) -> None:
    await conference.post("/ballots", ballot("next-lead"), by=office(LEAD))
    answers = await asyncio.gather(
        *(
            conference.post("/ballots/phieu-next-lead/votes", {"unit_id": voter, "choices": [DEPUTY]}, by=leader(voter))
            for voter in MEMBERS
            if voter != DEPUTY
        )
    )
    for voter, answer in zip([unit for unit in MEMBERS if unit != DEPUTY], answers, strict=True):
        # Six at once may find the ballot busy; a repeat is what an officer's client does.
        if answer.status_code == 503:
            await vote(conference, "phieu-next-lead", {voter: [DEPUTY]})
    view = (await conference.get("/ballots/phieu-next-lead", by=leader(THIRD))).json()
    assert sorted(view["voted"]) == sorted(unit for unit in MEMBERS if unit != DEPUTY)
    assert view["votes"] is None
    assert (await close(conference, "phieu-next-lead")).status_code == 200
    [result] = await conference.events(BallotClosed)
    assert (result.data.tally[0].option, result.data.tally[0].votes) == (DEPUTY, 6)


async def test_a_vote_that_came_since_holds_the_close_back(conference: Trial) -> None:
    await conference.post("/ballots", ballot("next-lead"), by=office(LEAD))
    await vote(conference, "phieu-next-lead", {THIRD: [DEPUTY]})
    etag = await etag_of(conference, "/ballots/phieu-next-lead", leader(LEAD))
    await vote(conference, "phieu-next-lead", {LEAD: [DEPUTY]})
    stale = await conference.post("/ballots/phieu-next-lead/closing", by=office(LEAD), etag=etag)
    assert stale.status_code == 412
    assert await conference.events(BallotClosed) == []


async def test_a_member_without_a_final_card_holds_the_ranking_back_unless_left_out_by_name(scoring: Trial) -> None:
    await agreed_rubric(scoring)
    await scoring.at(CONFERENCE)
    early = await scoring.post("/rankings", RANKING, by=office(LEAD))
    assert early.json()["type"] == "urn:thidua:problem:cards-not-final"
    assert early.json()["units"] == sorted(MEMBERS)
    assert (await scoring.post("/rankings", RANKING, by=office(DEPUTY))).status_code == 403
