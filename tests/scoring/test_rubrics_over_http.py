"""Tables of criteria over HTTP: refused with lines, drafted, commented on, agreed by all, frozen, signed."""

from __future__ import annotations

from typing import Any

from chassis.testing import Trial
from contracts.events.scoring import RubricAgreed, RubricDrafted, RubricFrozen, RubricRevised

from tests.scoring.builders import EXAMPLE, MEMBERS, SMALL
from tests.scoring.year import CLUSTER, DEPUTY, LEAD, THIRD, YEAR, agreed_rubric, etag_of, leader, office, officer

DRAFT = {"id": "bang-2024", "cluster_id": CLUSTER, "year_id": YEAR, "drafted_by_unit": DEPUTY, "form": SMALL}


async def test_a_wrong_table_is_answered_line_by_line_and_nothing_is_recorded(scoring: Trial) -> None:
    wrong = SMALL.replace("kind: qualitative", "kind: quality").replace("max_points: 20", "max_points: 12")
    checked = await scoring.post("/rubrics/validations", {"form": wrong}, by=office(DEPUTY))
    assert checked.status_code == 200
    assert checked.json()["sound"] is False
    assert [fault["line"] for fault in checked.json()["faults"]] == sorted(
        fault["line"] for fault in checked.json()["faults"]
    )
    refused = await scoring.post("/rubrics", {**DRAFT, "form": wrong}, by=office(DEPUTY))
    told = refused.json()
    assert (refused.status_code, told["type"]) == (422, "urn:thidua:problem:rubric-invalid")
    unknown = next(fault for fault in told["faults"] if fault["fault"] == "unknown-kind")
    assert unknown["line"] == 8
    assert "quality" in unknown["reason"]
    assert await scoring.events(RubricDrafted) == []


async def test_a_sound_table_is_told_its_hash_before_anything_is_recorded(scoring: Trial) -> None:
    answer = await scoring.post("/rubrics/validations", {"form": EXAMPLE.read_text(encoding="utf-8")}, by=leader(THIRD))
    told = answer.json()
    assert (told["sound"], told["max_points"], told["criteria"]) == (True, "100", 24)
    assert len(told["hash"]) == 64


async def test_from_draft_over_comments_to_a_frozen_table_with_its_hash(scoring: Trial) -> None:
    assert (await scoring.post("/rubrics", DRAFT, by=office(DEPUTY))).status_code == 201
    said = await scoring.post(
        "/rubrics/bang-2024/comments",
        {"unit_id": THIRD, "code": "1.1", "comment": "Chỉ tiêu 100 cao quá"},
        by=officer(THIRD),
    )
    assert said.status_code == 201, said.text
    etag = await etag_of(scoring, "/rubrics/bang-2024", office(DEPUTY))
    revision = {"unit_id": DEPUTY, "form": SMALL.replace("target: 100", "target: 90"), "reasons": "Tiếp thu góp ý"}
    assert (await scoring.post("/rubrics/bang-2024/revisions", revision, by=office(DEPUTY))).status_code == 428
    assert (
        await scoring.post("/rubrics/bang-2024/revisions", revision, by=office(DEPUTY), etag=etag)
    ).status_code == 200
    stale = await scoring.post("/rubrics/bang-2024/revisions", revision, by=office(DEPUTY), etag=etag)
    assert stale.status_code == 412
    for member in MEMBERS[:-1]:
        agreed = await scoring.post(
            "/rubrics/bang-2024/agreements", {"unit_id": member, "version": 2}, by=leader(member)
        )
        assert agreed.status_code == 201, agreed.text
    etag = await etag_of(scoring, "/rubrics/bang-2024", leader(LEAD))
    early = await scoring.post("/rubrics/bang-2024/freezing", by=office(DEPUTY), etag=etag)
    assert early.json()["type"] == "urn:thidua:problem:agreement-missing"
    assert early.json()["units"] == [MEMBERS[-1]]

    on_paper = {
        "unit_id": MEMBERS[-1],
        "version": 2,
        "act": {
            "means": "paper",
            "made": "2023-12-04T00:00:00+07:00",
            "received": "2023-12-05T08:00:00+07:00",
            "paper": {"number": "12a/CV-LĐLĐ", "date": "2023-12-04"},
        },
    }
    entered = await scoring.post("/rubrics/bang-2024/agreements", on_paper, by=office(LEAD))
    assert entered.status_code == 201, entered.text
    last = (await scoring.events(RubricAgreed))[-1]
    assert last.header.act.whose == f"unit:{MEMBERS[-1]}"
    assert last.header.act.on_behalf

    etag = await etag_of(scoring, "/rubrics/bang-2024", leader(LEAD))
    assert (await scoring.post("/rubrics/bang-2024/freezing", by=office(DEPUTY), etag=etag)).status_code == 200
    [frozen] = await scoring.events(RubricFrozen)
    view = (await scoring.get("/rubrics/bang-2024", by=leader(THIRD))).json()
    assert (view["state"], view["version"], view["hash"]) == ("frozen", 2, frozen.data.hash)
    assert view["comments"][0]["comment"] == "Chỉ tiêu 100 cao quá"
    assert view["missing"] == []
    assert next(each for each in view["agreed"] if each["unit_id"] == MEMBERS[-1])["paper"]["number"] == "12a/CV-LĐLĐ"
    assert [fact.data.version for fact in await scoring.events(RubricRevised)] == [2]


async def test_a_unit_agrees_by_its_own_leader_and_by_nobody_elses(scoring: Trial) -> None:
    await scoring.post("/rubrics", DRAFT, by=office(DEPUTY))
    for person in (officer(THIRD), leader(LEAD), "nguoi-ha-noi"):
        answer = await scoring.post("/rubrics/bang-2024/agreements", {"unit_id": THIRD, "version": 1}, by=person)
        assert answer.status_code == 403
    without_paper = {"unit_id": THIRD, "version": 1, "act": {"means": "paper"}}
    answer = await scoring.post("/rubrics/bang-2024/agreements", without_paper, by=office(LEAD))
    assert answer.json()["type"] == "urn:thidua:problem:paper-missing"
    assert await scoring.events(RubricAgreed) == []


async def test_a_draft_is_seen_by_its_cluster_only_and_a_frozen_table_by_everybody(scoring: Trial) -> None:
    await scoring.post("/rubrics", DRAFT, by=office(DEPUTY))
    assert (await scoring.get("/rubrics/bang-2024", by="nguoi-ha-noi")).status_code == 404
    listed = await scoring.get("/rubrics", by="nguoi-ha-noi", cluster_id=CLUSTER, year_id=YEAR)
    assert listed.json()["items"] == []


async def test_the_agreement_is_signed_on_the_frozen_table(scoring: Trial) -> None:
    await agreed_rubric(scoring)
    body: dict[str, Any] = {
        "id": "giao-uoc-2024",
        "rubric_id": "bang-2024",
        "signatories": [{"unit_id": member} for member in MEMBERS],
        "signed_on": "2023-12-05",
        "place": "Thành phố Lào Cai",
        "paper": {"number": "01/GƯ-CTĐ", "date": "2023-12-05"},
    }
    short = await scoring.post("/agreements", {**body, "signatories": body["signatories"][1:]}, by=office(DEPUTY))
    assert short.json()["type"] == "urn:thidua:problem:signature-missing"
    signed = await scoring.post("/agreements", body, by=office(DEPUTY))
    assert signed.status_code == 201, signed.text
    read = await scoring.get("/agreements/giao-uoc-2024", by=leader(THIRD))
    assert len(read.json()["signatories"]) == 7
    assert (await scoring.get("/rubrics/bang-2024", by="nguoi-ha-noi")).status_code == 200
    assert await scoring.replay_differences() == []
