"""Reports: handed in, received by the right desk, returned and handed in again, typed for a unit and confirmed."""

from __future__ import annotations

import asyncio

from chassis.testing import Trial
from contracts.events.registry import FilingConfirmed, ReportReceived, ReportSubmitted

from tests.registry.world import at, done, etag_of, paper, refused, report

PATH = "/reports/bc-son-la"


async def test_a_report_in_time_is_on_time_and_belongs_to_the_case_of_its_unit(registry: Trial) -> None:
    await registry.at(at("2024-12-02 23:59:59"))
    said = await done(registry, f"{PATH}/submission", report("ldld-son-la"), by="son-la-can-bo")
    assert said["subject"] == "report:bc-son-la"
    [fact] = await registry.events(ReportSubmitted)
    assert (fact.data.punctuality, fact.data.revision, fact.data.awaits_confirmation) == ("on-time", 1, False)
    assert fact.header.correlation == "case-nam-2024-ldld-son-la"
    assert (fact.header.act.whose, fact.header.act.typed_by) == ("unit:ldld-son-la", "person:son-la-can-bo")
    seen = (await registry.get(PATH, by="son-la-can-bo")).json()
    assert [line["code"] for line in seen["lines"]] == ["1.1", "1.2", "3.2"]
    assert seen["state"] == "submitted"


async def test_after_hard_close_a_report_is_refused_in_words_that_name_unit_and_rule(registry: Trial) -> None:
    await registry.at(at("2024-12-11 00:00:00"))
    answer = await registry.post(f"{PATH}/submission", report("ldld-son-la"), by="son-la-can-bo")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:thidua:problem:report-after-hard-close")
    detail = answer.json()["detail"]
    assert "Liên đoàn Lao động tỉnh Sơn La" in detail
    assert "báo cáo tổng kết năm" in detail
    assert "00:00 ngày 11/12/2024" in detail
    assert "23:59 ngày 10/12/2024" in detail
    assert await registry.events(ReportSubmitted) == []


async def test_grace_and_lateness_before_hard_close_are_told_apart(registry: Trial) -> None:
    await registry.at(at("2024-12-03 08:00:00"))
    await done(registry, f"{PATH}/submission", report("ldld-son-la"), by="son-la-can-bo")
    await registry.at(at("2024-12-10 23:59:59"))
    await done(registry, "/reports/bc-lai-chau/submission", report("ldld-lai-chau"), by="lai-chau-can-bo")
    first, second = await registry.events(ReportSubmitted)
    assert (first.data.punctuality, second.data.punctuality) == ("in-grace", "late")


async def test_an_empty_report_a_double_line_and_a_contradicting_line_are_refused(registry: Trial) -> None:
    path, by = f"{PATH}/submission", "son-la-can-bo"
    empty = report("ldld-son-la", lines=[{"code": "1.1"}])
    twice = report("ldld-son-la", lines=[{"code": "1.1", "actual": "0"}, {"code": "1.1", "actual": "1"}])
    both = report("ldld-son-la", lines=[{"code": "1.1", "not_assigned": True, "self_score": "0"}])
    assert await refused(registry, path, empty, by=by) == (422, "report-empty")
    assert await refused(registry, path, twice, by=by) == (422, "report-line-twice")
    assert await refused(registry, path, both, by=by) == (422, "report-line-contradicts")
    for nonsense in ("abc", "1,5", True, 1.5, "1e999999999"):
        body = report("ldld-son-la", lines=[{"code": "1.1", "actual": nonsense}])
        assert await refused(registry, path, body, by=by) == (422, "invalid"), nonsense


async def test_a_report_of_zeros_is_a_report(registry: Trial) -> None:
    zeros = report("ldld-son-la", lines=[{"code": "1.1", "self_score": "0"}])
    await done(registry, f"{PATH}/submission", zeros, by="son-la-can-bo")


async def test_an_officer_of_another_province_files_nothing_for_it(registry: Trial) -> None:
    answer = await refused(registry, f"{PATH}/submission", report("ldld-son-la"), by="lai-chau-can-bo")
    assert answer == (403, "not-entitled")


async def test_a_unit_files_one_report_a_year_and_kind(registry: Trial) -> None:
    await done(registry, f"{PATH}/submission", report("ldld-son-la"), by="son-la-can-bo")
    other = await refused(registry, "/reports/bc-khac/submission", report("ldld-son-la"), by="son-la-can-bo")
    assert other == (409, "already-filed")
    again = await refused(
        registry,
        f"{PATH}/submission",
        report("ldld-son-la"),
        by="son-la-can-bo",
        etag=await etag_of(registry, PATH, by="son-la-can-bo"),
    )
    assert again == (409, "already-filed")


async def test_only_members_of_the_cluster_file_there(registry: Trial) -> None:
    stranger = {**report("tld")}
    assert await refused(registry, f"{PATH}/submission", stranger, by="tld-thuong-truc") == (409, "not-a-member")


async def test_the_leads_standing_office_receives_but_its_own_goes_to_the_deputy(registry: Trial) -> None:
    await done(registry, f"{PATH}/submission", report("ldld-son-la"), by="son-la-can-bo")
    await done(registry, "/reports/bc-cao-bang/submission", report("ldld-cao-bang"), by="cao-bang-can-bo")
    etag = await etag_of(registry, PATH)
    assert await refused(registry, f"{PATH}/receipt", {}, by="lao-cai-thuong-truc", etag=etag) == (403, "not-entitled")
    await done(registry, f"{PATH}/receipt", {}, by="cao-bang-thuong-truc", etag=etag)
    own = "/reports/bc-cao-bang"
    etag = await etag_of(registry, own)
    assert await refused(registry, f"{own}/receipt", {}, by="cao-bang-thuong-truc", etag=etag) == (403, "not-entitled")
    await done(registry, f"{own}/receipt", {}, by="lao-cai-thuong-truc", etag=etag)
    received = await registry.events(ReportReceived)
    assert [fact.data.received_by for fact in received] == ["ldld-cao-bang", "ldld-lao-cai"]


async def test_who_works_for_a_unit_does_not_receive_its_report_even_with_a_grant_from_above(registry: Trial) -> None:
    held = {
        "person_id": "tld-thuong-truc",
        "unit_id": "ldld-son-la",
        "office": "Chủ tịch",
        "period": {"starts": "2020-01-01"},
    }
    await done(registry, "/offices", held)
    await done(registry, f"{PATH}/submission", report("ldld-son-la"), by="son-la-can-bo")
    etag = await etag_of(registry, PATH)
    assert await refused(registry, f"{PATH}/receipt", {}, by="tld-thuong-truc", etag=etag) == (403, "own-filing")


async def test_a_returned_report_is_handed_in_again_and_keeps_its_first_punctuality(registry: Trial) -> None:
    await registry.at(at("2024-11-20 09:00:00"))
    await done(registry, f"{PATH}/submission", report("ldld-son-la"), by="son-la-can-bo")
    returned = {"reason": "Mục 1.1 chưa có minh chứng."}
    await done(registry, f"{PATH}/return", returned, by="cao-bang-thuong-truc", etag=await etag_of(registry, PATH))
    assert (await registry.get(PATH, by="son-la-can-bo")).json()["returned"] == returned["reason"]
    etag = await etag_of(registry, PATH)
    assert await refused(registry, f"{PATH}/receipt", {}, by="cao-bang-thuong-truc", etag=etag) == (
        409,
        "filing-not-waiting",
    )
    await registry.at(at("2024-12-15 09:00:00"))
    better = report("ldld-son-la", lines=[{"code": "1.1", "actual": "2600", "self_score": "9"}])
    assert (await registry.post(f"{PATH}/submission", better, by="son-la-can-bo")).status_code == 428
    await done(registry, f"{PATH}/submission", better, by="son-la-can-bo", etag=etag)
    seen = (await registry.get(PATH, by="son-la-can-bo")).json()
    assert (seen["revision"], seen["punctuality"], seen["state"], seen.get("returned")) == (
        2,
        "on-time",
        "submitted",
        None,
    )
    revisions = (await registry.get(f"{PATH}/revisions", by="son-la-can-bo")).json()
    assert [len(one["content"]["lines"]) for one in revisions] == [3, 1]


ON_PAPER = {
    "means": "paper",
    "made": "2024-11-28T08:00:00+07:00",
    "received": "2024-11-29T09:30:00+07:00",
    "paper": paper("215/BC-LĐLĐ", "2024-11-28"),
}


async def test_a_paper_typed_by_the_desk_is_judged_by_its_receipt_and_waits_for_the_unit(registry: Trial) -> None:
    await registry.at(at("2024-12-12 09:00:00"))
    await done(registry, f"{PATH}/submission", report("ldld-son-la", act=ON_PAPER), by="cao-bang-thuong-truc")
    [fact] = await registry.events(ReportSubmitted)
    assert (fact.data.punctuality, fact.data.awaits_confirmation) == ("on-time", True)
    assert (fact.header.act.whose, fact.header.act.typed_by) == ("unit:ldld-son-la", "person:cao-bang-thuong-truc")
    etag = await etag_of(registry, PATH)
    typist = await refused(registry, f"{PATH}/confirmation", {}, by="cao-bang-thuong-truc", etag=etag)
    assert typist == (403, "not-entitled")
    await done(registry, f"{PATH}/confirmation", {}, by="son-la-can-bo", etag=etag)
    [confirmed] = await registry.events(FilingConfirmed)
    assert confirmed.header.act.whose == "unit:ldld-son-la"
    assert (await registry.get(PATH, by="son-la-can-bo")).json()["awaits_confirmation"] is False
    etag = await etag_of(registry, PATH)
    assert await refused(registry, f"{PATH}/confirmation", {}, by="son-la-can-bo", etag=etag) == (
        409,
        "nothing-to-confirm",
    )


async def test_a_unit_cannot_date_its_own_paper_back(registry: Trial) -> None:
    await registry.at(at("2024-12-12 09:00:00"))
    back = report("ldld-son-la", act=ON_PAPER)
    assert await refused(registry, f"{PATH}/submission", back, by="son-la-can-bo") == (403, "received-date-not-yours")


async def test_a_contested_entry_is_replaced_by_the_units_own(registry: Trial) -> None:
    await registry.at(at("2024-12-01 09:00:00"))
    await done(registry, f"{PATH}/submission", report("ldld-son-la", act=ON_PAPER), by="cao-bang-thuong-truc")
    wrong = {"reason": "264 thay vì 2.640"}
    await done(registry, f"{PATH}/contest", wrong, by="son-la-can-bo", etag=await etag_of(registry, PATH))
    etag = await etag_of(registry, PATH)
    assert await refused(registry, f"{PATH}/receipt", {}, by="cao-bang-thuong-truc", etag=etag) == (
        409,
        "filing-not-waiting",
    )
    await done(registry, f"{PATH}/submission", report("ldld-son-la"), by="son-la-can-bo", etag=etag)
    seen = (await registry.get(PATH, by="son-la-can-bo")).json()
    assert (seen["revision"], seen["awaits_confirmation"], seen.get("contest")) == (2, False, None)


async def test_a_draft_is_seen_by_its_own_unit_only_and_records_nothing(registry: Trial) -> None:
    before = len(await registry.events())
    saved = await registry.put(f"{PATH}/draft", report("ldld-son-la"), by="son-la-can-bo")
    assert saved.status_code == 200, saved.text
    assert (await registry.get(f"{PATH}/draft", by="son-la-can-bo")).json()["content"]["kind"] == "year"
    assert (await registry.get(f"{PATH}/draft", by="lai-chau-can-bo")).status_code == 404
    foreign = await registry.put(f"{PATH}/draft", report("ldld-lai-chau"), by="lai-chau-can-bo")
    assert foreign.json()["type"] == "urn:thidua:problem:filing-id-taken"
    assert len(await registry.events()) == before


async def test_two_hand_ins_at_once_leave_one_report(registry: Trial) -> None:
    body = report("ldld-son-la")
    answers = await asyncio.gather(
        *(registry.post(f"/reports/bc-{nr}/submission", body, by="son-la-can-bo") for nr in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(await registry.events(ReportSubmitted)) == 1


async def test_a_grant_from_above_does_not_confirm_for_the_unit(registry: Trial) -> None:
    given = {"person_id": "tld-thuong-truc", "role": "leader", "unit_id": "tld", "period": {"starts": "2023-12-01"}}
    await done(registry, "/grants", given)
    await registry.at(at("2024-12-01 09:00:00"))
    await done(registry, f"{PATH}/submission", report("ldld-son-la", act=ON_PAPER), by="cao-bang-thuong-truc")
    etag = await etag_of(registry, PATH)
    above = await refused(registry, f"{PATH}/confirmation", {}, by="tld-thuong-truc", etag=etag)
    assert above == (403, "confirmation-by-unit-only")
