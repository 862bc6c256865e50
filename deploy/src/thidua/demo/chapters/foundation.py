"""Before the year: units, persons, accounts and grants, the two clusters, the years, their deadlines and plans."""

from __future__ import annotations

import asyncio
from typing import Any

from thidua.demo.stage import ADMINISTRATOR, BLOC, CLUSTER, LEAD, NEXT_YEAR, TLD, YEAR, Stage, data, paper

SINCE = "2015-01-01"


async def play(stage: Stage) -> None:
    await units(stage)
    await people(stage)
    await clusters(stage)
    await years(stage)
    await plans(stage)
    await stage.time.rest()


async def units(stage: Stage) -> None:
    administrator = stage.by(ADMINISTRATOR)
    for unit in stage.world["units"]:
        if unit["id"] == TLD:
            continue  # stands since the first start
        body = {key: unit[key] for key in ("id", "code", "name", "level", "kind")}
        body |= {"parent_id": unit["parent"], "province": unit.get("province"), "effective": SINCE}
        await administrator.post("registry", "/units", body | {"source": "Danh mục đơn vị năm 2024"})
    stage.say(f"{len(stage.world['units'])} đơn vị")


async def people(stage: Stage) -> None:
    """Everybody at once: nobody's entry depends on another's."""
    await asyncio.gather(*(_enter(stage, person) for person in stage.world["people"]))
    stage.say(f"{len(stage.world['people'])} người, tài khoản và quyền")


async def _enter(stage: Stage, person: dict[str, Any]) -> None:
    administrator = stage.by(ADMINISTRATOR)
    particulars = {
        "name": person["name"],
        "birth_date": person["born"],
        "sex": person["sex"],
        "email": f"{person['id']}@thi-dua.example",
    }
    post = {
        "unit_id": person["unit"],
        "post": person["office"],
        "direct_worker": person.get("direct_worker", False),
        "period": {"starts": "2020-01-01"},
    }
    body = {"id": person["id"], "particulars": particulars, "post": post}
    await administrator.post("registry", "/people", body)
    login = {"login": person["id"], "password": stage.password_for(person["id"]), "person_id": person["id"]}
    await administrator.post("registry", "/accounts", login)
    for role, unit in person["roles"]:
        grant = {"person_id": person["id"], "role": role, "unit_id": unit, "period": {"starts": "2023-01-01"}}
        await administrator.post("registry", "/grants", grant)


async def clusters(stage: Stage) -> None:
    runners = {CLUSTER: "thuong-truc-tld", BLOC: "thuong-truc-cao-bang"}
    for cluster in stage.world["clusters"]:
        runner = stage.by(runners[cluster["id"]])
        body = {key: cluster[key] for key in ("id", "name", "kind", "run_by")}
        await runner.post("registry", "/clusters", body | {"effective": SINCE})
        for unit in cluster["members"]:
            joining = {"unit_id": unit, "period": {"starts": SINCE}}
            await runner.post("registry", f"/clusters/{cluster['id']}/members", joining)
    stage.say("Cụm bảy tỉnh và khối huyện, ngành của Cao Bằng")


async def years(stage: Stage) -> None:
    standing = stage.by("thuong-truc-tld")
    for year, calendar, starts, ends in (
        (YEAR, 2024, "2023-11-18", "2025-03-31"),
        (NEXT_YEAR, 2025, "2024-11-18", "2026-03-31"),
    ):
        body = {"id": year, "label": f"Năm thi đua {calendar}", "kind": "calendar", "calendar_year": calendar}
        await standing.post("registry", "/years", body | {"starts": starts, "ends": ends, "tested_registration": True})
    for cluster in stage.world["clusters"]:
        runner = stage.by("thuong-truc-tld" if cluster["id"] == CLUSTER else "thuong-truc-cao-bang")
        leadership: dict[str, Any] = {
            "year_id": YEAR,
            "lead_unit_id": cluster["lead"],
            "deputy_unit_id": cluster["deputy"],
            "basis": "Bầu tại hội nghị tổng kết năm 2022, ghi từ biên bản",
            "paper": paper("01/BB-HN", "2022-12-09", "Hội nghị tổng kết"),
        }
        await runner.post("registry", f"/clusters/{cluster['id']}/leadership", leadership)
        await deadlines(stage, runner.login, cluster["id"])
    stage.say("Năm thi đua 2024, 2025; hạn nộp của cụm và của khối")


async def deadlines(stage: Stage, runner: str, cluster: str) -> None:
    """The dates of the cluster's real plan; the bloc's lie a little earlier so that the province can sum up."""
    dates = {
        CLUSTER: [
            ("registration", "2024-01-31", "2024-02-05", "2024-02-15"),
            ("half-year-report", "2024-06-15", "2024-06-17", "2024-06-25"),
            ("year-report", "2024-12-05", "2024-12-08", "2024-12-12"),
        ],
        BLOC: [
            ("registration", "2024-01-25", "2024-01-29", "2024-02-05"),
            ("year-report", "2024-11-25", "2024-11-28", "2024-12-02"),
        ],
    }
    for filing, due, grace, close in dates[cluster]:
        body = {
            "id": f"han-{'cum' if cluster == CLUSTER else 'khoi'}-{filing}",
            "year_id": YEAR,
            "cluster_id": cluster,
            "filing": filing,
            "due": due,
            "grace_until": grace,
            "hard_close": close,
            "rest_day_rule": "moves",
        }
        await stage.by(runner).post("registry", "/deadlines", body)


async def plans(stage: Stage) -> None:
    await issue(stage, "plan-cum-2024.yaml")


async def province_plan(stage: Stage) -> None:
    """The lead's own plan: twenty-two tasks, issued, amended in May, closed task by task at the end of the year."""
    await issue(stage, "plan-cao-bang-2024.yaml")


async def issue(stage: Stage, name: str) -> None:
    plan = data(name)
    plan_id = plan.pop("plan_id")
    await stage.by(stage.officer(LEAD)).post("registry", "/plans", plan | {"id": plan_id, "year_id": YEAR})
    stage.kept.setdefault("plans", []).append(plan_id)
    stage.say(f"{plan['title']}: {len(plan['tasks'])} việc")


async def amend_plan(stage: Stage) -> None:
    added = {"no": "23", "text": "Thăm hỏi, hỗ trợ đoàn viên vùng lũ quét (phát sinh)", "quarter": "II", "if_any": True}
    body = {
        "added": [added],
        "paper": paper("09/KH-LĐLĐ", "2024-06-10", "LĐLĐ tỉnh Cao Bằng"),
        "reason": "Bổ sung nhiệm vụ phát sinh sau đợt lũ quét.",
    }
    await stage.by(stage.officer(LEAD)).change("registry", "/plans/kh-cao-bang-2024", "amendments", body)


async def close_plans(stage: Stage) -> None:
    """What was done is done; what never arose is closed as such; one task is said to be not done."""
    officer = stage.by(stage.officer(LEAD))
    for plan_id in stage.kept["plans"]:
        for task in (await officer.get("registry", f"/plans/{plan_id}"))["tasks"]:
            outcome = "no-case-arose" if task["no"] in ("9", "15") and task["if_any"] else "done"
            closing: dict[str, Any] = {"outcome": outcome}
            if plan_id == "kh-cao-bang-2024" and task["no"] == "13":
                closing = {"outcome": "not-done", "note": "Hoãn sang quý I năm 2025 vì thiên tai."}
            await officer.post(
                "registry",
                f"/plans/{plan_id}/tasks/{task['no']}/closure",
                closing,
                etag=await officer.etag("registry", f"/plans/{plan_id}"),
            )
    stage.say("Khép các việc của hai kế hoạch: đã làm, không phát sinh, một việc không làm")
