"""Councils: what can be reached is said before, the recused neither vote nor see, counts on paper must add up."""

import pytest
from contracts.events.awards.councils import CouncilBallotClosed, CouncilBallotOpened, CouncilVoteCast

from tests.awards.world import (
    AGENCY_COUNCIL,
    SEATS,
    change,
    council,
    done,
    etag,
    give_history,
    of_dao,
    paper,
    read,
    refused,
    to_council,
)

BY = "thuong-truc-cao-bang"
NINTH = SEATS[8]
BALLOTS = f"/councils/{AGENCY_COUNCIL}/ballots"


@pytest.fixture
async def before_council(awards):
    """Two cases lie before the agency's council."""
    await give_history(awards, 2022, 2023, 2024)
    for name in ("dn-dao", "dn-hai"):
        await done(awards, "/proposals", of_dao(name), by="can-bo-cao-bang")
        await change(awards, name, "submission", {"letter": paper()}, by="can-bo-cao-bang")
        await to_council(awards, name, by=BY)
    return awards


async def recuse(trial, person=NINTH, by=NINTH, proposal="dn-dao"):
    body = {"proposal_id": proposal, "person_id": person, "reason": "Là vợ của người được đề nghị."}
    await done(trial, f"/councils/{AGENCY_COUNCIL}/recusals", body, by=by)


async def test_nine_members_one_recused_cannot_reach_ninety_percent_of_all(before_council):
    await recuse(before_council)
    said = await read(before_council, f"/councils/{AGENCY_COUNCIL}/reachability", by=BY, proposal_id="dn-dao")
    assert said["reachable"] is False
    assert said["approval"]["figures"] == "8/9 = 88,9 %"
    opening = {"id": "bp-1", "proposal_id": "dn-dao", "way": "electronic-open"}
    problem = await refused(before_council, BALLOTS, opening, by=BY)
    assert problem["rule_code"] == "threshold-out-of-reach"
    assert "8/9 = 88,9 %" in problem["detail"]
    await done(before_council, BALLOTS, {**opening, "out_of_reach_acknowledged": True}, by=BY)
    (opened,) = await before_council.events(CouncilBallotOpened)
    assert opened.data.reachable is False
    assert opened.data.recused == (NINTH,)


async def test_a_recused_member_neither_votes_nor_sees_anything_of_the_case(before_council):
    members = council(AGENCY_COUNCIL, "ldld-cao-bang", "apparatus")["members"]
    members[8]["person_id"] = BY
    form = council(AGENCY_COUNCIL, "ldld-cao-bang", "apparatus", members=9)
    tag = await etag(before_council, f"/councils/{AGENCY_COUNCIL}", by=BY)
    await done(before_council, "/councils", {**form, "members": members}, by=BY, etag=tag)
    assert len((await read(before_council, "/proposals", by=BY))["items"]) == 2
    await recuse(before_council, person=BY, by=BY)
    # The standing office itself is recused now; its grants over the unit do not help.
    assert [one["proposal_id"] for one in (await read(before_council, "/proposals", by=BY))["items"]] == ["dn-hai"]
    assert (await before_council.get("/proposals/dn-dao", by=BY)).status_code == 404
    assert (await read(before_council, "/proposals/dn-hai", by=BY))["doubles"] == []
    assert (await read(before_council, "/proposals/dn-hai", by=SEATS[0]))["doubles"] != []
    boss = "tld-thuong-truc"
    opening = {"id": "bp-1", "proposal_id": "dn-dao", "way": "electronic-open", "out_of_reach_acknowledged": True}
    await done(before_council, BALLOTS, opening, by=boss)
    await done(before_council, "/ballots/bp-1/votes", {"choice": "for"}, by=SEATS[0])
    assert (await before_council.get("/ballots/bp-1", by=BY)).status_code == 404
    assert (await before_council.get("/ballots", by=BY, proposal_id="dn-dao")).status_code == 404
    reach = f"/councils/{AGENCY_COUNCIL}/reachability"
    assert (await before_council.get(reach, by=BY, proposal_id="dn-dao")).status_code == 404
    journey = await before_council.get("/ops/journey/dn-dao", by=BY)
    assert journey.status_code == 200
    assert journey.json() == []
    assert len((await before_council.get("/ops/journey/dn-hai", by=BY)).json()) > 0
    problem = await refused(before_council, "/ballots/bp-1/votes", {"choice": "for"}, by=BY)
    assert (problem["rule_code"], problem["status"]) == ("recused-member-votes", 403)
    tag = await etag(before_council, "/proposals/dn-dao", by=boss)
    back = await refused(before_council, "/proposals/dn-dao/return", {"reason": "x"}, by=BY, etag=tag)
    assert back["status"] == 404


async def test_a_member_votes_once_and_a_stranger_never(before_council):
    await done(before_council, BALLOTS, {"id": "bp-1", "proposal_id": "dn-dao", "way": "electronic-open"}, by=BY)
    await done(before_council, "/ballots/bp-1/votes", {"choice": "for"}, by=SEATS[0])
    twice = await refused(before_council, "/ballots/bp-1/votes", {"choice": "against"}, by=SEATS[0])
    assert twice["rule_code"] == "already-voted"
    stranger = await refused(before_council, "/ballots/bp-1/votes", {"choice": "for"}, by="can-bo-lao-cai")
    assert stranger["rule_code"] == "not-a-voter"
    assert len(await before_council.events(CouncilVoteCast)) == 1


async def test_voters_are_fixed_once_the_ballot_is_open(before_council):
    await done(before_council, BALLOTS, {"id": "bp-1", "proposal_id": "dn-dao", "way": "electronic-open"}, by=BY)
    body = {"proposal_id": "dn-dao", "person_id": NINTH, "reason": "Có liên quan"}
    late = await refused(before_council, f"/councils/{AGENCY_COUNCIL}/recusals", body, by=NINTH)
    assert late["rule_code"] == "ballot-opened"
    second = {"id": "bp-2", "proposal_id": "dn-dao", "way": "paper"}
    assert (await refused(before_council, BALLOTS, second, by=BY))["rule_code"] == "ballot-opened"


async def test_a_secret_vote_on_paper_is_recorded_from_its_minutes(before_council):
    await done(before_council, BALLOTS, {"id": "bp-1", "proposal_id": "dn-dao", "way": "paper"}, by=BY)
    closing = "/ballots/bp-1/closing"
    tag = await etag(before_council, "/ballots/bp-1", by=BY)
    assert (await refused(before_council, closing, by=BY, etag=tag))["rule_code"] == "nothing-counted"
    counted = {"issued": 9, "returned": 9, "valid": 9, "invalid": 0, "in_favour": 8, "against": 0, "abstained": 0}
    minutes = paper("02/BB-HĐ", "2025-01-06")
    wrong = {"paper": counted, "tellers": SEATS[:2], "minutes": minutes}
    problem = await refused(before_council, "/ballots/bp-1/count", wrong, by=BY, etag=tag)
    assert problem["rule_code"] == "count-inconsistent"
    right = {**wrong, "paper": {**counted, "in_favour": 9}}
    await done(before_council, "/ballots/bp-1/count", right, by=BY, etag=tag)
    await done(before_council, closing, by=BY, etag=await etag(before_council, "/ballots/bp-1", by=BY))
    (closed,) = await before_council.events(CouncilBallotClosed)
    assert closed.data.passed
    assert closed.data.approval.figures == "9/9 = 100,0 %"
    assert closed.data.approval.required == "từ 90 % trở lên"
    told = await read(before_council, "/ballots/bp-1", by=BY)
    assert told["result"]["passed"] is True
    assert told["threshold_words"].startswith("từ 90 % trở lên tổng số thành viên tán thành")
    assert await before_council.replay_differences() == []


async def test_ninety_percent_of_all_is_missed_by_one_abstention(before_council):
    await done(before_council, BALLOTS, {"id": "bp-1", "proposal_id": "dn-dao", "way": "electronic-open"}, by=BY)
    for seat in SEATS[:8]:
        await done(before_council, "/ballots/bp-1/votes", {"choice": "for"}, by=seat)
    await done(before_council, "/ballots/bp-1/votes", {"choice": "abstain"}, by=NINTH)
    tag = await etag(before_council, "/ballots/bp-1", by=BY)
    await done(before_council, "/ballots/bp-1/closing", by=BY, etag=tag)
    (closed,) = await before_council.events(CouncilBallotClosed)
    assert not closed.data.passed
    assert closed.data.quorum.met
    late = await refused(before_council, "/ballots/bp-1/votes", {"choice": "for"}, by=NINTH)
    assert late["rule_code"] in ("ballot-closed", "already-voted")


async def test_the_council_may_recommend_another_form_and_that_is_what_is_decided(before_council):
    opening = {"id": "bp-1", "proposal_id": "dn-dao", "title": "cstd-co-so", "way": "show-of-hands"}
    await done(before_council, BALLOTS, opening, by=BY)
    counted = {"hands": {"present": 7, "in_favour": 6, "against": 1}, "minutes": paper("02/BB-HĐ")}
    await done(
        before_council, "/ballots/bp-1/count", counted, by=BY, etag=await etag(before_council, "/ballots/bp-1", by=BY)
    )
    await done(before_council, "/ballots/bp-1/closing", by=BY, etag=await etag(before_council, "/ballots/bp-1", by=BY))
    one = {"proposal_id": "dn-dao", "recommendation": "other-form", "title": "cstd-co-so", "ballot_id": "bp-1"}
    minutes = {"minutes": paper("03/BB-HĐ")}
    same = {**one, "recommendation": "approve"}
    path = f"/councils/{AGENCY_COUNCIL}/conclusions"
    problem = await refused(before_council, path, {"conclusions": [same], **minutes}, by=BY)
    assert problem["rule_code"] == "not-the-form-proposed"
    await done(before_council, path, {"conclusions": [one], **minutes}, by=BY)
    again = await refused(before_council, path, {"conclusions": [one], **minutes}, by=BY)
    assert again["rule_code"] == "already-concluded"
    await change(before_council, "dn-dao", "forwarding", by=BY)
    await change(before_council, "dn-dao", "forwarding", by="chu-tich-cao-bang")
    decision = {
        "id": "qd-1",
        "issuing_body": "ldld-cao-bang",
        "number": "15",
        "kind": "QĐ-LĐLĐ",
        "date": "2025-01-06",
        "signatory": "Chủ tịch",
        "proposal_ids": ["dn-dao"],
    }
    await done(before_council, "/decisions", decision, by="van-thu-cao-bang")
    told = await read(before_council, "/decisions/qd-1")
    assert [line["title"] for line in told["awards"]] == ["cstd-co-so"]


async def test_a_council_of_the_other_track_does_not_take_the_case(before_council):
    await done(before_council, "/councils", council("hd-phong-trao", "ldld-cao-bang", "movement"), by=BY)
    opening = {"id": "bp-1", "proposal_id": "dn-dao", "way": "electronic-open"}
    problem = await refused(before_council, "/councils/hd-phong-trao/ballots", opening, by=BY)
    assert problem["rule_code"] == "council-of-other-track"
