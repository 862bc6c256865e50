"""Over HTTP: who opens which inbox, what officers see of a unit's notices, what is to come, what each person chose."""

from __future__ import annotations

from typing import Any

import pytest
from chassis.testing import Trial
from contracts.events.awards.councils import CouncilMemberRecused
from contracts.events.awards.proposals import AwardProposed, ProposalReturned
from contracts.events.notify import NoticeRead
from contracts.events.registry import ReportReceived, ReportReturned, ReportSubmitted
from contracts.events.scoring import RankingFinalized

from tests.notify.around import AT, MEMBERS, OFFICERS, OUTSIDER, deadline, example_of, grant

SON_LA = "ldld-son-la"
OFFICER = OFFICERS[SON_LA]
CASE = "case-nam-2024-ldld-son-la"


def returned(unit: str = SON_LA) -> Any:
    return example_of(ReportReturned, unit_id=unit)


async def inbox(notify: Trial, by: str, **query: Any) -> list[dict[str, Any]]:
    answer = await notify.get("/inbox", by=by, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_an_officer_reads_the_inbox_of_the_unit(notify: Trial) -> None:
    await notify.given(returned(), case=CASE)
    [notice] = await inbox(notify, OFFICER, unit_id=SON_LA)
    assert notice["title"] == "Báo cáo tổng kết năm bị trả lại để bổ sung"
    assert "Liên đoàn Lao động tỉnh Sơn La" in notice["text"]
    assert notice["case"] == CASE
    assert notice["about"] == "report:bc-nam-2024-ldld-cao-bang"
    assert notice["read_at"] is None


async def test_the_newest_comes_first_and_pages_show_each_once(notify: Trial) -> None:
    for minute in range(5):
        notify.clock.set(AT.replace(minute=minute))
        await notify.given(returned())
    seen: list[dict[str, Any]] = []
    query: dict[str, Any] = {"unit_id": SON_LA, "limit": 2}
    while True:
        page = (await notify.get("/inbox", by=OFFICER, **query)).json()
        seen += page["items"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert len({one["id"] for one in seen}) == len(seen) == 5
    assert [one["at"] for one in seen] == sorted((one["at"] for one in seen), reverse=True)


@pytest.mark.parametrize("path", ["/inbox", "/notices", "/reminders/upcoming"])
async def test_a_person_of_another_province_is_refused(notify: Trial, path: str) -> None:
    await notify.given(returned())
    answer = await notify.get(path, by=OFFICERS[OUTSIDER], unit_id=SON_LA)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:thidua:problem:not-entitled")


async def test_without_a_unit_a_person_sees_his_own_notices_alone(notify: Trial) -> None:
    proposal = example_of(AwardProposed)
    await notify.given(proposal, example_of(ProposalReturned), returned())
    own = await inbox(notify, proposal.recipient.id)
    assert [one["topic"] for one in own] == ["proposal-returned"]
    assert await inbox(notify, OFFICER) == []


async def test_reading_is_recorded_for_each_reader_once(notify: Trial) -> None:
    await notify.given(grant("chu-tich-son-la", SON_LA, "leader"))
    await notify.given(returned())
    [notice] = await inbox(notify, OFFICER, unit_id=SON_LA)
    path = f"/inbox/{notice['id']}/reading"
    assert (await notify.post(path, by=OFFICER)).status_code == 200
    again = await notify.post(path, by=OFFICER)
    assert (again.status_code, again.json()["type"]) == (409, "urn:thidua:problem:already-read")
    assert (await notify.post(path, by="chu-tich-son-la")).status_code == 200
    facts = await notify.events(NoticeRead)
    assert [fact.data.person_id for fact in facts] == [OFFICER, "chu-tich-son-la"]
    assert await inbox(notify, OFFICER, unit_id=SON_LA, unread="true") == []
    [shown] = await inbox(notify, OFFICER, unit_id=SON_LA)
    assert shown["read_at"] is not None


async def test_nobody_marks_a_notice_that_is_not_his(notify: Trial) -> None:
    await notify.given(returned())
    [notice] = await inbox(notify, OFFICER, unit_id=SON_LA)
    refused = await notify.post(f"/inbox/{notice['id']}/reading", by=OFFICERS[OUTSIDER])
    assert refused.status_code == 403
    missing = await notify.post("/inbox/khong-co-thong-bao-nay/reading", by=OFFICER)
    assert missing.status_code == 404
    assert await notify.events(NoticeRead) == []


async def test_a_recused_member_finds_the_case_nowhere(notify: Trial) -> None:
    proposal = example_of(AwardProposed)
    officer = OFFICERS[proposal.proposed_by]
    await notify.given(proposal, example_of(ProposalReturned))
    [notice] = [one for one in await inbox(notify, officer, unit_id=proposal.proposed_by) if one["about"] == "proposal:"
                + proposal.proposal_id and one["topic"] == "proposal-returned"]  # fmt: skip
    await notify.given(example_of(CouncilMemberRecused, person_id=officer))
    about = f"proposal:{proposal.proposal_id}"
    shown = await inbox(notify, officer, unit_id=proposal.proposed_by)
    assert all(one["about"] != about for one in shown)
    listed = (await notify.get("/notices", by=officer, unit_id=proposal.proposed_by)).json()["items"]
    assert all(not one["topic"].startswith("proposal") for one in listed)
    assert (await notify.post(f"/inbox/{notice['id']}/reading", by=officer)).status_code == 404


async def test_the_table_of_notices_says_of_a_unit_what_arrived_by_which_channel(notify: Trial) -> None:
    await notify.given(returned(), case=CASE)
    await notify.given(example_of(ReportReceived, unit_id="ldld-lai-chau"))
    listed = (await notify.get("/notices", by=OFFICER, unit_id=SON_LA)).json()["items"]
    assert {(one["channel"], one["state"], one["recipient"]) for one in listed} == {
        ("inbox", "delivered", f"unit:{SON_LA}"),
        ("email", "intended", f"person:{OFFICER}"),
    }
    assert {one["unit_id"] for one in listed} == {SON_LA}
    assert {one["cause"].split(":")[0] for one in listed} == {"vn.registry"}


async def test_the_level_above_sees_all_its_units_and_one_case_by_itself(notify: Trial) -> None:
    await notify.given(example_of(RankingFinalized))
    await notify.given(returned(), case=CASE)
    above = (await notify.get("/notices", by=OFFICERS["tld"], limit=500)).json()["items"]
    assert set(MEMBERS) <= {one["unit_id"] for one in above}
    of_case = (await notify.get("/notices", by=OFFICERS["tld"], case=CASE)).json()["items"]
    assert {one["unit_id"] for one in of_case} == {SON_LA}
    own = (await notify.get("/notices", by=OFFICER, limit=500)).json()["items"]
    assert {one["unit_id"] for one in own} == {SON_LA}


async def test_reminders_to_come_are_those_that_would_be_held_as_things_stand(notify: Trial) -> None:
    await notify.given(deadline("2024-01-31T16:59:59Z", "2024-02-05T16:59:59Z"))
    to_come = (await notify.get("/reminders/upcoming", by=OFFICER)).json()
    assert {one["unit_id"] for one in to_come} == {SON_LA}
    assert [one["step"] for one in to_come] == ["before-14", "before-7", "before-1", "due", "after-1", "after-3"]
    await notify.given(example_of(ReportSubmitted, unit_id=SON_LA))
    assert (await notify.get("/reminders/upcoming", by=OFFICER)).json() == []


async def test_choices_are_the_persons_own_and_kept(notify: Trial) -> None:
    assert (await notify.get("/preferences", by=OFFICER)).json() == []
    assert (await notify.post("/preferences", {"email": False}, by=OFFICER)).status_code == 200
    assert (await notify.get("/preferences", by=OFFICER)).json() == [{"topic": None, "email": False}]
    assert (await notify.get("/preferences", by=OFFICERS["tld"])).json() == []
    same = await notify.post("/preferences", {"email": False}, by=OFFICER)
    assert (same.status_code, same.json()["type"]) == (409, "urn:thidua:problem:unchanged-subscription")
    unknown = await notify.post("/preferences", {"topic": "no-such-topic", "email": False}, by=OFFICER)
    assert (unknown.status_code, unknown.json()["type"]) == (422, "urn:thidua:problem:unknown-topic")


async def test_a_journey_shows_the_notices_of_a_case_to_those_who_may_see_them(notify: Trial) -> None:
    await notify.given(returned(), case=CASE)
    seen = (await notify.get(f"/ops/journey/{CASE}", by=OFFICER)).json()
    assert [step["type"] for step in seen] == ["notify.notification-intended.v1"] * 2
    assert (await notify.get(f"/ops/journey/{CASE}", by=OFFICERS[OUTSIDER])).json() == []
