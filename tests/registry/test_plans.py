"""Plans as they are on paper – numbers that jump, "12a", joint papers, (nếu có) – and the launch rule of campaigns."""

from __future__ import annotations

from typing import Any

import pytest
from chassis.testing import Trial

from tests.registry.world import YEAR, done, etag_of, paper, refused


def plan(**more: Any) -> dict[str, Any]:
    """Rows of the cluster's plan of 2015 (Cụm biên giới phía Bắc), shifted."""
    return {
        "number": "01/KH-CTĐ",
        "date": "2024-01-05",
        "kind": "KH",
        "body": "ldld-cao-bang",
        "year_id": YEAR,
        "title": "Kế hoạch hoạt động Cụm thi đua năm 2024",
        "tasks": [
            {"no": "3", "text": "Đăng ký thi đua với Thường trực Cụm", "bodies": ["Thành viên Cụm"], "quarter": "I",
             "window": {"starts": "2024-01-01", "ends": "2024-02-01"}, "deadline": "2024-01-31"},
            {"no": "9", "text": "Trình khen thưởng Bằng Lao động sáng tạo (Nếu có)", "if_any": True},
            {"no": "9a", "text": "Tổ chức Hội nghị tổng kết", "unit_ids": ["ldld-cao-bang", "ldld-lao-cai"]},
        ],
        "recipients": [{"name": "Các thành viên trong Cụm", "purpose": "carry-out"}],
        **more,
    }  # fmt: skip


async def test_a_plan_keeps_its_rows_as_written_and_is_amended_and_closed_task_by_task(registry: Trial) -> None:
    by = "cao-bang-can-bo"
    await done(registry, "/plans", plan(id="kh"), by=by)
    amendment = {
        "replaced": [{"no": "9a", "text": "Tổ chức Hội nghị tổng kết và ký giao ước"}],
        "added": [{"no": "12", "text": "Thăm hỏi đoàn viên vùng lũ"}],
        "reason": "Phát sinh trong năm",
        "paper": paper("09/KH-CTĐ", "2024-05-02"),
    }
    await done(registry, "/plans/kh/amendments", amendment, by=by, etag=await etag_of(registry, "/plans/kh"))
    closed = {"outcome": "no-case-arose", "note": "Không phát sinh"}
    await done(registry, "/plans/kh/tasks/9/closure", closed, by=by, etag=await etag_of(registry, "/plans/kh"))
    seen = (await registry.get("/plans/kh", by=by)).json()
    assert [(task["no"], task["outcome"]) for task in seen["tasks"]] == [
        ("3", None), ("9", "no-case-arose"), ("9a", None), ("12", None),
    ]  # fmt: skip
    assert seen["tasks"][2]["text"].endswith("ký giao ước")
    assert seen["tasks"][0]["window"] == {"starts": "2024-01-01", "ends": "2024-02-01"}
    assert seen["amendments"][0]["paper"]["number"] == "09/KH-CTĐ"


async def test_no_case_arose_is_only_for_what_the_plan_calls_if_any_and_a_closed_task_stays(registry: Trial) -> None:
    by = "cao-bang-can-bo"
    await done(registry, "/plans", plan(id="kh"), by=by)
    etag = await etag_of(registry, "/plans/kh")

    async def told(path: str, body: dict[str, Any], etag: str) -> str:
        return (await refused(registry, f"/plans/kh/{path}", body, by=by, etag=etag))[1]

    assert await told("tasks/3/closure", {"outcome": "no-case-arose"}, etag) == "plan-task-not-if-any"
    assert await told("tasks/4/closure", {"outcome": "done"}, etag) == "plan-task-unknown"
    await done(registry, "/plans/kh/tasks/3/closure", {"outcome": "done"}, by=by, etag=etag)
    etag = await etag_of(registry, "/plans/kh")
    assert await told("tasks/3/closure", {"outcome": "not-done"}, etag) == "plan-task-closed"
    assert (
        await told("amendments", {"reason": "x", "replaced": [{"no": "3", "text": "Khác"}]}, etag) == "plan-task-closed"
    )
    assert (
        await told("amendments", {"reason": "x", "added": [{"no": "9", "text": "Trùng số"}]}, etag)
        == "plan-task-number-twice"
    )
    assert await told("amendments", {"reason": "x"}, etag) == "plan-amendment-empty"


async def test_a_number_is_given_once_by_body_year_and_kind(registry: Trial) -> None:
    by = "cao-bang-can-bo"
    await done(registry, "/plans", plan(id="kh"), by=by)
    assert await refused(registry, "/plans", plan(id="kh-2"), by=by) == (409, "plan-number-taken")
    for nr, other in enumerate(({"number": "12a/KH-CTĐ"}, {"kind": "CTPH"}, {"date": "2025-01-05"})):
        await done(registry, "/plans", plan(id=f"kh-khac-{nr}", **other), by=by)
    await done(registry, "/plans", plan(id="kh-lao-cai", body="ldld-lao-cai"), by="lao-cai-can-bo")


async def test_each_side_of_a_joint_plan_gives_a_number_of_its_own(registry: Trial) -> None:
    side = {"body": "Ban Thi đua - Khen thưởng tỉnh", "number": "03/CTPH-BTĐKT", "signatory": "Trưởng ban"}
    joint = plan(id="ctph", kind="CTPH", sides=[side])
    await done(registry, "/plans", joint, by="cao-bang-can-bo")
    again = plan(id="ctph-2", kind="CTPH", number="04/CTPH", sides=[side])
    assert await refused(registry, "/plans", again, by="cao-bang-can-bo") == (409, "plan-number-taken")


async def test_task_numbers_of_a_plan_are_not_repeated(registry: Trial) -> None:
    twice = plan(tasks=[{"no": "1", "text": "Một"}, {"no": "1", "text": "Một nữa"}])
    assert await refused(registry, "/plans", twice, by="cao-bang-can-bo") == (422, "plan-task-number-twice")


CAMPAIGN: dict[str, Any] = {
    "id": "lao-dong-gioi",
    "title": "Lao động giỏi, Lao động sáng tạo",
    "span": "yearly",
    "scope": "general",
    "launched_by": "ldld-cao-bang",
    "year_id": YEAR,
    "period": {"starts": "2024-01-01", "ends": "2025-01-01"},
    "goals": ["Nâng cao năng suất"],
    "targets": ["100% CĐCS tham gia"],
    "content": ["Phát huy sáng kiến"],
    "measures": ["Sơ kết 6 tháng"],
    "participants": ["Đoàn viên, người lao động"],
}
NAMES = {"goals": "mục tiêu", "targets": "chỉ tiêu", "content": "nội dung", "measures": "biện pháp",
         "participants": "đối tượng tham gia"}  # fmt: skip


@pytest.mark.parametrize("missing", list(NAMES))
async def test_a_campaign_is_not_launched_before_all_five_things_are_set(registry: Trial, missing: str) -> None:
    answer = await registry.post("/campaigns", {**CAMPAIGN, missing: ["  "]}, by="cao-bang-can-bo")
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:thidua:problem:campaign-not-set")
    assert answer.json()["missing"] == [NAMES[missing]]


async def test_a_campaign_is_reviewed_until_it_is_closed(registry: Trial) -> None:
    by = "cao-bang-can-bo"
    await done(registry, "/campaigns", CAMPAIGN, by=by)
    path = "/campaigns/lao-dong-gioi"
    for result in ("adjust", "closed"):
        review = {"on": "2024-06-20", "result": result, "finding": "Đạt yêu cầu"}
        await done(registry, f"{path}/reviews", review, by=by, etag=await etag_of(registry, path))
    seen = (await registry.get(path, by=by)).json()
    assert (seen["over"], [one["result"] for one in seen["reviews"]]) == (True, ["adjust", "closed"])
    etag = await etag_of(registry, path)
    more = {"on": "2024-12-20", "result": "continue", "finding": "x"}
    assert await refused(registry, f"{path}/reviews", more, by=by, etag=etag) == (409, "campaign-over")


async def test_a_joined_campaign_says_who_launched_it(registry: Trial) -> None:
    joined = {**CAMPAIGN, "joined": True}
    assert await refused(registry, "/campaigns", joined, by="cao-bang-can-bo") == (422, "campaign-joined-what")
    await done(registry, "/campaigns", {**joined, "launched_above": "Tổng Liên đoàn"}, by="cao-bang-can-bo")
