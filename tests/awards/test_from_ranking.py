"""A final ranking drafts proposals by itself; they go their way to a decision with the clerk's number."""

import pytest
from contracts.case import case_id
from contracts.events.awards.decisions import AwardConferred, AwardDecisionIssued
from contracts.events.awards.proposals import AwardProposed

from tests.awards.world import (
    CAO_BANG,
    LAO_CAI,
    MOVEMENT_COUNCIL,
    SEATS,
    SON_LA,
    YEAR,
    cannot,
    change,
    concluded,
    done,
    etag,
    paper,
    ranking,
    read,
    refused,
    to_council,
)

FLAG, PRAISE = f"dn-{YEAR}-{LAO_CAI}-co-tld", f"dn-{YEAR}-{CAO_BANG}-bang-khen-tld"
LETTER = {"letter": paper("05/TTr-CTĐ", "2025-01-06")}
CLERK = {"kind": "QĐ-TLĐ", "date": "2025-01-06", "signatory": "Chủ tịch Tổng Liên đoàn", "issuing_body": "tld"}


@pytest.fixture
async def ranked(awards):
    await awards.given(ranking(ldld_lao_cai="leading", ldld_cao_bang="excellent", ldld_son_la="none"))
    return awards


async def ready(trial, proposal_id, title):
    """Submitted, taken in by TLĐ, concluded by the council, before the signatory."""
    await change(trial, proposal_id, "submission", LETTER, by="can-bo-cao-bang")
    await to_council(trial, proposal_id, by="tld-thuong-truc")
    await concluded(trial, MOVEMENT_COUNCIL, proposal_id, title, SEATS)
    await change(trial, proposal_id, "forwarding")
    await change(trial, proposal_id, "forwarding", by="tld-chu-tich")


async def test_the_leader_is_drafted_for_the_flag_and_the_excellent_for_praise(ranked):
    drafted = {fact.data.proposal_id: fact for fact in await ranked.events(AwardProposed)}
    assert set(drafted) == {FLAG, PRAISE}
    flag = drafted[FLAG]
    assert flag.data.drafted
    assert flag.data.title == "co-tld"
    assert flag.data.proposed_by == CAO_BANG
    assert flag.data.receiving_unit == "tld"
    assert flag.data.assessment.outcome == "eligible"
    assert flag.header.correlation == case_id(YEAR, LAO_CAI)
    assert flag.header.act.typed_by == "service:awards"


async def test_a_ranking_finalised_again_drafts_only_what_is_new(ranked):
    await ranked.given(ranking(ldld_lao_cai="leading", ldld_cao_bang="excellent", ldld_son_la="excellent"))
    drafted = [fact.data.proposal_id for fact in await ranked.events(AwardProposed)]
    assert sorted(drafted) == sorted([FLAG, PRAISE, f"dn-{YEAR}-{SON_LA}-bang-khen-tld"])


async def test_the_unit_that_never_registered_is_refused_with_the_rule_named(ranked):
    await ranked.given(ranking(ldld_lao_cai="leading", ldld_cao_bang="excellent", ldld_son_la="excellent"))
    name = f"dn-{YEAR}-{SON_LA}-bang-khen-tld"
    await change(ranked, name, "submission", LETTER, by="can-bo-cao-bang")
    await change(ranked, name, "receipt")
    problem = await cannot(ranked, name, "forwarding")
    assert problem["rule_code"] == "not-registered"
    assert "Không đăng ký thi đua thì không xét" in problem["rule"]
    await change(ranked, name, "refusal", {"rule": "not-registered", "reason": "Không đăng ký thi đua năm 2024."})
    told = await read(ranked, f"/proposals/{name}")
    assert (told["status"], told["rule"]) == ("refused", "not-registered")


async def test_the_switch_of_the_body_lets_an_unregistered_unit_be_considered(ranked):
    off = {
        "unit_id": "tld",
        "track": "movement",
        "year_id": YEAR,
        "award_type": "comprehensive",
        "tested": False,
        "reason": "Năm đầu áp dụng.",
    }
    await done(ranked, "/registration-tests", off)
    await ranked.given(ranking(ldld_son_la="excellent"))
    name = f"dn-{YEAR}-{SON_LA}-bang-khen-tld"
    await change(ranked, name, "submission", LETTER, by="can-bo-cao-bang")
    assert (await read(ranked, f"/proposals/{name}"))["outcome"] == "eligible"
    exempt = await refused(ranked, "/registration-tests", {**off, "award_type": "ad-hoc", "tested": True})
    assert exempt["rule_code"] == "type-exempt"


async def test_a_case_goes_from_the_draft_to_the_decision_and_into_history(ranked):
    await ready(ranked, FLAG, "co-tld")
    answer = await done(ranked, "/decisions", {**CLERK, "number": "12a", "proposal_ids": [FLAG]}, by="tld-van-thu")
    assert [event["type"] for event in answer["events"]] == [
        "awards.award-decision-issued.v1",
        "awards.award-conferred.v1",
    ]
    (award,) = await ranked.events(AwardConferred)
    assert award.header.correlation == case_id(YEAR, LAO_CAI)
    assert award.data.decision.number == "12a/QĐ-TLĐ"
    history = await read(ranked, "/history", kind="unit", id=LAO_CAI)
    assert [(one["title"], one["year"]) for one in history["awards"]] == [("co-tld", 2024)]
    told = await read(ranked, f"/proposals/{FLAG}", by="can-bo-lao-cai")
    assert told["status"] == "decided"
    assert [step["type"].split(".")[1] for step in told["way"]] == [
        "award-proposed",
        "proposal-submitted",
        "proposal-received",
        "dossier-item-added",
        "dossier-item-added",
        "proposal-forwarded",
        "proposal-forwarded",
        "council-conclusion-recorded",
        "proposal-forwarded",
        "proposal-forwarded",
        "award-conferred",
    ]
    decision = await read(ranked, f"/decisions/{award.data.decision_id}")
    assert [line["proposal_id"] for line in decision["awards"]] == [FLAG]
    assert await ranked.replay_differences() == []


async def test_a_number_is_given_once_per_body_year_and_kind(ranked):
    await ready(ranked, FLAG, "co-tld")
    await ready(ranked, PRAISE, "bang-khen-tld")
    await done(ranked, "/decisions", {**CLERK, "number": "7", "proposal_ids": [FLAG]}, by="tld-van-thu")
    second = {**CLERK, "number": "7", "proposal_ids": [PRAISE]}
    problem = await refused(ranked, "/decisions", second, by="tld-van-thu")
    assert problem["rule_code"] == "number-taken"
    await done(ranked, "/decisions", {**second, "number": "7a"}, by="tld-van-thu")
    assert len(await ranked.events(AwardDecisionIssued)) == 2


async def test_nothing_is_decided_before_the_signatory_or_for_another_level(ranked):
    await change(ranked, FLAG, "submission", LETTER, by="can-bo-cao-bang")
    await to_council(ranked, FLAG, by="tld-thuong-truc")
    early = {**CLERK, "number": "9", "proposal_ids": [FLAG]}
    assert (await refused(ranked, "/decisions", early, by="tld-van-thu"))["rule_code"] == "not-ready-for-decision"
    other = {**early, "issuing_body": CAO_BANG}
    problem = await refused(ranked, "/decisions", other, by="van-thu-cao-bang")
    assert problem["rule_code"] == "not-before-this-body"
    assert (await refused(ranked, "/decisions", early, by="van-thu-cao-bang"))["status"] == 403


async def test_a_case_leaves_the_council_only_with_a_conclusion(ranked):
    await change(ranked, FLAG, "submission", LETTER, by="can-bo-cao-bang")
    await to_council(ranked, FLAG, by="tld-thuong-truc")
    assert (await cannot(ranked, FLAG, "forwarding"))["rule_code"] == "council-not-concluded"
    ballot = "bp-1"
    opening = {"id": ballot, "proposal_id": FLAG, "way": "electronic-open"}
    await done(ranked, f"/councils/{MOVEMENT_COUNCIL}/ballots", opening)
    for seat in SEATS[:6]:
        await done(ranked, f"/ballots/{ballot}/votes", {"choice": "against"}, by=seat)
    await done(ranked, f"/ballots/{ballot}/closing", etag=await etag(ranked, f"/ballots/{ballot}"))
    one = {"proposal_id": FLAG, "recommendation": "approve", "title": "co-tld", "ballot_id": ballot}
    body = {"conclusions": [one], "minutes": paper("03/BB-HĐ")}
    problem = await refused(ranked, f"/councils/{MOVEMENT_COUNCIL}/conclusions", body)
    assert problem["rule_code"] == "threshold-not-met"
    no = {**one, "recommendation": "refuse", "reason": "Tập thể có đơn thư chưa giải quyết."}
    await done(ranked, f"/councils/{MOVEMENT_COUNCIL}/conclusions", {**body, "conclusions": [no]})
    assert (await cannot(ranked, FLAG, "forwarding"))["rule_code"] == "council-recommends-refusal"


async def test_a_draft_waits_until_the_cluster_is_known(bare):
    from contracts.events.scoring import RankingFinalized

    unknown = RankingFinalized(**{**ranking(ldld_lao_cai="leading").model_dump(), "cluster_id": "khoi-chua-biet"})
    await bare.given(unknown)
    assert await bare.events(AwardProposed) == []
