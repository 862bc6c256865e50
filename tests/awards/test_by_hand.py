"""A proposal drawn up by hand: unknown history settled by a paper, returned and sent again, up to an outside body."""

from contracts.events.awards.assessments import ConditionOutcome
from contracts.events.awards.decisions import AwardConferred
from contracts.events.awards.proposals import ConditionSettled, ProposalResubmitted

from tests.awards.world import (
    AGENCY_COUNCIL,
    CAO_BANG,
    DAO,
    LAO_CAI,
    SEATS,
    SON_LA,
    UBND,
    cannot,
    change,
    concluded,
    done,
    etag,
    give_history,
    of_dao,
    paper,
    read,
    refused,
    rule_text,
    to_council,
)

BY = "thuong-truc-cao-bang"
LETTER = {"letter": paper()}


async def proposed(trial, *years, **more):
    await give_history(trial, *years)
    await done(trial, "/proposals", of_dao(**more), by="can-bo-cao-bang")


async def test_unknown_history_is_settled_by_a_paper_and_the_answer_names_both(awards):
    await proposed(awards, 2023, 2024)
    await change(awards, "dn-dao", "submission", LETTER, by="can-bo-cao-bang")
    await change(awards, "dn-dao", "receipt", by=BY)
    told = await read(awards, "/proposals/dn-dao", by=BY)
    assert told["outcome"] == "to-be-completed"
    stopped = await cannot(awards, "dn-dao", "forwarding", by=BY)
    assert stopped["rule_code"] == "case-to-be-completed"
    assert "năm 2022" in stopped["detail"]
    settling = {
        "condition": "chuoi-danh-hieu.1",
        "outcome": "met",
        "paper": paper("38-QĐ/LĐLĐ", "2022-12-28"),
        "reason": "Bản chính quyết định còn lưu.",
    }
    await change(awards, "dn-dao", "settlements", settling, by=BY)
    (settled,) = await awards.events(ConditionSettled)
    assert settled.data.computed is ConditionOutcome.UNKNOWN
    told = await read(awards, "/proposals/dn-dao", by=BY)
    assert told["outcome"] == "eligible"
    first = told["assessment"]["routes"][0]["conditions"][0]
    assert (first["computed"], first["outcome"]) == ("unknown", "met")
    assert first["settled_by"]["paper"]["number"] == "38-QĐ/LĐLĐ"
    assert first["settled_by"]["person_id"] == BY
    again = await cannot(awards, "dn-dao", "settlements", {**settling, "condition": "chuoi-danh-hieu.2"}, by=BY)
    assert again["rule_code"] == "condition-not-unknown"
    assert await awards.replay_differences() == []


async def test_history_that_arrives_later_is_counted_by_a_new_assessment(awards):
    await proposed(awards, 2023, 2024)
    await done(
        awards,
        "/history",
        {
            "recipient": DAO,
            "unit_id": CAO_BANG,
            "title": "cstd-co-so",
            "year": 2022,
            "decision": paper("38-QĐ/LĐLĐ", "2022-12-28"),
            "source": "Bản sao",
        },
        by=BY,
    )
    cause = {"cause": "Bổ sung lịch sử khen thưởng"}
    await change(awards, "dn-dao", "assessment", cause, by=BY)
    assert (await read(awards, "/proposals/dn-dao", by=BY))["outcome"] == "eligible"
    assert (await cannot(awards, "dn-dao", "assessment", cause, by=BY))["rule_code"] == "nothing-changed"


async def test_looked_through_history_makes_a_missing_year_a_no(awards):
    await proposed(awards, 2023, 2024)
    await done(
        awards,
        "/history/completeness",
        {
            "recipient": DAO,
            "unit_id": CAO_BANG,
            "since": 2018,
            "until": 2023,
            "paper": paper("27/XN-LĐLĐ"),
            "reason": "Đã đối chiếu hồ sơ cán bộ.",
        },
        by=BY,
    )
    await change(awards, "dn-dao", "assessment", {"cause": "Đã đủ lịch sử"}, by=BY)
    assert (await read(awards, "/proposals/dn-dao", by=BY))["outcome"] == "not-eligible"
    await change(awards, "dn-dao", "submission", LETTER, by="can-bo-cao-bang")
    await change(awards, "dn-dao", "receipt", by=BY)
    assert (await cannot(awards, "dn-dao", "forwarding", by=BY))["rule_code"] == "not-eligible"


async def test_returned_and_sent_again_it_stays_the_same_proposal(awards):
    await proposed(awards, 2022, 2023, 2024)
    await change(awards, "dn-dao", "submission", LETTER, by="can-bo-cao-bang")
    await change(awards, "dn-dao", "receipt", by=BY)
    asked = {"reason": "Thiếu giấy chứng nhận sáng kiến.", "asked_for": ["giay-chung-nhan-sang-kien"]}
    await change(awards, "dn-dao", "return", asked, by=BY)
    told = await read(awards, "/proposals/dn-dao", by="can-bo-cao-bang")
    assert (told["status"], told["why"]) == ("returned", asked["reason"])
    assert (await cannot(awards, "dn-dao", "submission", by="can-bo-cao-bang"))["rule_code"] == (
        "proposal-not-in-that-state"
    )
    certificate = {"item": "giay-chung-nhan-sang-kien", "paper": paper("112-QĐ/UBND", "2023-11-30")}
    await change(awards, "dn-dao", "dossier", certificate, by="can-bo-cao-bang")
    await change(awards, "dn-dao", "resubmission", {"changes": "Bổ sung giấy chứng nhận."}, by="can-bo-cao-bang")
    (again,) = await awards.events(ProposalResubmitted)
    assert again.data.revision == 2
    assert (await read(awards, "/proposals/dn-dao", by=BY))["status"] == "submitted"


async def test_an_incomplete_dossier_is_not_forwarded(awards):
    await proposed(awards, 2022, 2023, 2024)
    await change(awards, "dn-dao", "submission", by="can-bo-cao-bang")
    await change(awards, "dn-dao", "receipt", by=BY)
    first = await cannot(awards, "dn-dao", "forwarding", by=BY)
    assert (first["rule_code"], first["papers"]) == ("dossier-incomplete", ["to-trinh"])
    await change(awards, "dn-dao", "dossier", {"item": "to-trinh", "paper": paper()}, by=BY)
    await change(awards, "dn-dao", "forwarding", by=BY)
    second = await cannot(awards, "dn-dao", "forwarding", by=BY)
    assert second["papers"] == ["bao-cao-thanh-tich", "giay-chung-nhan-sang-kien"]


async def test_an_outside_bodys_decision_is_recorded_by_who_sent_the_case_there(awards):
    await proposed(awards, 2022, 2023, 2024)
    await change(awards, "dn-dao", "submission", LETTER, by="can-bo-cao-bang")
    await to_council(awards, "dn-dao", by=BY)
    await concluded(awards, AGENCY_COUNCIL, "dn-dao", "cstd-cap-tinh", SEATS, by=BY)
    await change(awards, "dn-dao", "forwarding", by=BY)
    await change(awards, "dn-dao", "forwarding", by="chu-tich-cao-bang")
    upwards = {"to_body": UBND}
    boss = "chu-tich-cao-bang"
    assert (await cannot(awards, "dn-dao", "forwarding", by=boss))["rule_code"] == "last-stage-passed"
    assert (await cannot(awards, "dn-dao", "forwarding", upwards, by=boss))["rule_code"] == "submission-letter-missing"
    wrong = {"to_body": "ldld-lao-cai", "letter": paper("09/TTr")}
    assert (await cannot(awards, "dn-dao", "forwarding", wrong, by=boss))["rule_code"] == "not-the-next-body"
    await change(awards, "dn-dao", "forwarding", {**upwards, "letter": paper("09/TTr-LĐLĐ")}, by=boss)
    assert (await cannot(awards, "dn-dao", "receipt", by=BY))["rule_code"] == "body-without-login"
    decision = {
        "issuing_body": UBND,
        "number": "318",
        "kind": "QĐ-UBND",
        "date": "2025-01-06",
        "signatory": "Chủ tịch UBND tỉnh",
        "proposal_ids": ["dn-dao"],
        "act": {"means": "paper", "received": "2025-01-06T01:00:00Z"},
    }
    assert (await refused(awards, "/decisions", decision, by="can-bo-lao-cai"))["status"] == 403
    await done(awards, "/decisions", decision, by="van-thu-cao-bang")
    (award,) = await awards.events(AwardConferred)
    assert award.data.issuing_body == UBND
    assert award.header.act.means == "paper"
    assert award.header.correlation == "dn-dao"
    assert await awards.replay_differences() == []


async def test_received_on_a_day_without_a_rule_set_it_is_refused_by_name(awards):
    early = {"means": "paper", "received": "2023-12-29T03:00:00Z", "paper": paper("99/TTr", "2023-12-28")}
    problem = await refused(awards, "/proposals", {**of_dao(), "act": early}, by="can-bo-cao-bang")
    assert problem["rule_code"] == "no-rule-set-in-force"
    assert "29/12/2023" in problem["detail"]
    assert "01/01/2024" in problem["detail"]


async def test_the_day_of_receipt_chooses_between_rule_sets(awards):
    changed = (
        rule_text("luat-06-2022")
        .replace("rule_set: luat-06-2022", "rule_set: luat-sua-doi\nreplaces: luat-06-2022")
        .replace("in_force: {starts: 2024-01-01}", "in_force: {starts: 2025-01-05}")
        .replace("holds: {titles: [cstd-co-so], consecutive: 3}", "holds: {titles: [cstd-co-so], consecutive: 2}")
    )
    await done(awards, "/rule-sets", {"yaml": changed})
    await give_history(awards, 2023, 2024)
    asking = {"kind": "person", "unit_id": CAO_BANG, "title": "cstd-cap-tinh", "year_id": "nam-2024", "by": BY}
    asking = {**asking, "id": DAO["id"]}
    before = await read(awards, "/eligibility", day="2025-01-04", **asking)
    after = await read(awards, "/eligibility", day="2025-01-05", **asking)
    assert (before["rule_set_id"], before["assessment"]["outcome"]) == ("luat-06-2022", "to-be-completed")
    assert (after["rule_set_id"], after["assessment"]["outcome"]) == ("luat-sua-doi", "eligible")
    listed = await read(awards, "/rule-sets", day="2025-01-04")
    assert [one["rule_set_id"] for one in listed["items"]] == ["luat-06-2022", "quy-che-cong-doan"]


async def test_two_rule_sets_of_one_issuer_do_not_govern_one_form_on_one_day(awards):
    again = rule_text("quy-che-cong-doan").replace("rule_set: quy-che-cong-doan", "rule_set: quy-che-hai")
    assert (await refused(awards, "/rule-sets", {"yaml": again}))["rule_code"] == "rule-sets-overlap"


async def test_a_rule_set_with_a_mistake_is_refused_with_line_and_reason(awards):
    wrong = rule_text("quy-che-cong-doan").replace("placed: {as: [leading]", "placed: {as: [dan-dau]", 1)
    problem = await refused(awards, "/rule-sets", {"yaml": wrong})
    assert problem["rule_code"] == "rule-set-invalid"
    line = next(nr for nr, text in enumerate(wrong.splitlines(), 1) if "dan-dau]" in text)
    assert problem["mistakes"][0]["line"] == line


async def test_doubles_are_shown_and_never_refused(awards):
    await proposed(awards, 2022, 2023, 2024)
    await done(awards, "/proposals", of_dao("dn-dao-2"), by="can-bo-cao-bang")
    told = await read(awards, "/proposals/dn-dao-2", by=BY)
    assert [one["proposal_id"] for one in told["doubles"]] == ["dn-dao"]


async def test_only_the_proposing_unit_acts_and_others_do_not_even_see_it(awards):
    await proposed(awards, 2022, 2023, 2024)
    stranger = "can-bo-lao-cai"
    assert (await awards.get("/proposals/dn-dao", by=stranger)).status_code == 404
    assert (await read(awards, "/proposals", by=stranger))["items"] == []
    tag = await etag(awards, "/proposals/dn-dao", by=BY)
    assert (await refused(awards, "/proposals/dn-dao/submission", by=stranger, etag=tag))["status"] in (403, 404)
    assert (await read(awards, "/proposals", by=DAO["id"]))["items"][0]["proposal_id"] == "dn-dao"


async def test_a_unit_proposes_its_own_and_the_years_lead_also_the_members(awards):
    member = {"kind": "unit", "id": LAO_CAI}
    other = {**of_dao("dn-lao-cai"), "recipient": member, "unit_id": None, "title": "co-tld", "receiving_unit": "tld"}
    other = {**other, "channel": "union", "track": "movement"}
    await done(awards, "/proposals", other, by="can-bo-cao-bang")
    foreign = {**other, "id": "dn-son-la", "recipient": {"kind": "unit", "id": SON_LA}}
    assert (await refused(awards, "/proposals", foreign, by="can-bo-cao-bang"))["rule_code"] == "proposes-for-others"
    worse = {**of_dao("dn-dao-3"), "proposed_by": LAO_CAI}
    assert (await refused(awards, "/proposals", worse, by="can-bo-lao-cai"))["rule_code"] == "proposes-for-others"


async def test_an_old_version_is_not_changed(awards):
    await proposed(awards, 2022, 2023, 2024)
    tag = await etag(awards, "/proposals/dn-dao", by=BY)
    await change(awards, "dn-dao", "submission", LETTER, by="can-bo-cao-bang")
    stale = await refused(awards, "/proposals/dn-dao/withdrawal", {"reason": "Rút"}, by="can-bo-cao-bang", etag=tag)
    assert stale["status"] == 412
    none = await refused(awards, "/proposals/dn-dao/withdrawal", {"reason": "Rút"}, by="can-bo-cao-bang")
    assert none["status"] == 428


async def test_what_is_put_into_the_lists_is_paged(awards):
    await give_history(awards, 2022, 2023, 2024)
    for nr in range(5):
        await done(awards, "/proposals", of_dao(f"dn-{nr}"), by="can-bo-cao-bang")
    first = await read(awards, "/proposals", by=BY, limit=2)
    second = await read(awards, "/proposals", by=BY, limit=2, cursor=first["next"])
    assert [one["proposal_id"] for one in first["items"] + second["items"]] == ["dn-0", "dn-1", "dn-2", "dn-3"]
