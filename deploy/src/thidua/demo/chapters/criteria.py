"""Tables of criteria: drafted, refused while wrong, commented on, revised, agreed by all, frozen, signed."""

from __future__ import annotations

from importlib.resources import files

from thidua.demo.clock import day
from thidua.demo.stage import BLOC, CLUSTER, DEPUTY, LEAD, NEXT_YEAR, YEAR, Stage, on_paper, paper

RUBRIC = "bang-tieu-chi-cum-2024"
BLOC_RUBRIC = "bang-tieu-chi-khoi-2024"
NEXT_RUBRIC = "bang-tieu-chi-cum-2025"
ON_PAPER = "ldld-lai-chau"
"""Agrees by a signed paper that the cluster's office enters."""


def cluster_form() -> str:
    """The union table 40/40/15 + 5 as an officer types it: the example that scoring's documentation explains."""
    return (files("scoring") / "examples" / "cum-40-40-15-5.yaml").read_text(encoding="utf-8")


def bloc_form() -> str:
    return (files("thidua.demo") / "data" / "rubric-khoi-2024.yaml").read_text(encoding="utf-8")


async def cluster_criteria(stage: Stage) -> None:
    """18 November to 5 December 2023, as the cluster's plan has it."""
    await stage.time.to(day("2023-11-20"))
    office = stage.by("thuong-truc-cao-bang")
    sound = cluster_form()
    wrong = sound.replace("kind: qualitative", "kind: dinh-tinh", 1)
    body = {"id": RUBRIC, "cluster_id": CLUSTER, "year_id": YEAR, "drafted_by_unit": LEAD}
    await office.post("scoring", "/rubrics", body | {"form": wrong}, refused="rubric-invalid")
    await office.post("scoring", "/rubrics", body | {"form": sound.replace("percent: 30", "percent: 40")})
    await stage.time.to(day("2023-11-27"))
    for unit, code, comment in (
        ("ldld-son-la", "2.5", "Đề nghị giữ điểm chuẩn 8 nhưng nêu rõ chỉ tính đoàn viên kết nạp mới."),
        ("ldld-ha-giang", None, "Tỷ lệ đơn vị xuất sắc 40 % là cao, đề nghị theo hướng dẫn 30 %."),
    ):
        remark = {"unit_id": unit, "code": code, "comment": comment}
        await stage.by(stage.officer(unit)).post("scoring", f"/rubrics/{RUBRIC}/comments", remark)
    await stage.time.to(day("2023-12-01"))
    await office.change(
        "scoring",
        f"/rubrics/{RUBRIC}",
        "revisions",
        {"unit_id": LEAD, "form": sound, "reasons": "Tiếp thu góp ý: tỷ lệ đơn vị xuất sắc còn 30 %."},
    )
    await agree(stage, RUBRIC, CLUSTER, 2)
    await stage.time.to(day("2023-12-05"))
    await office.change("scoring", f"/rubrics/{RUBRIC}", "freezing", {})
    await sign(stage, "giao-uoc-cum-2024", RUBRIC, CLUSTER, "2023-12-05", "thuong-truc-cao-bang")
    await stage.time.rest()
    stage.say("Bảng 40/40/15 + 5: bản sai bị từ chối, 2 góp ý, sửa thành bản 2, 7 đơn vị thống nhất, ký giao ước")


async def bloc_criteria(stage: Stage) -> None:
    office = stage.by("thuong-truc-cao-bang")
    body = {"id": BLOC_RUBRIC, "cluster_id": BLOC, "year_id": YEAR, "drafted_by_unit": LEAD}
    await office.post("scoring", "/rubrics", body | {"form": bloc_form()})
    await agree(stage, BLOC_RUBRIC, BLOC, 1)
    await office.change("scoring", f"/rubrics/{BLOC_RUBRIC}", "freezing", {})
    await sign(stage, "giao-uoc-khoi-2024", BLOC_RUBRIC, BLOC, stage.time.now.date().isoformat(), office.login)
    await stage.time.rest()
    stage.say("Bảng tiêu chí của khối: thống nhất, chốt và ký")


async def next_year(stage: Stage) -> None:
    """November 2024: the deputy drafts next year's table, the members agree, it is frozen before the conference."""
    await stage.time.to(day("2024-11-20"))
    deputy = stage.by("tham-dinh-lao-cai")
    body = {"id": NEXT_RUBRIC, "cluster_id": CLUSTER, "year_id": NEXT_YEAR, "drafted_by_unit": DEPUTY}
    text = cluster_form().replace("năm 2024", "năm 2025")
    await deputy.post("scoring", "/rubrics", body | {"form": text})
    for unit in stage.members(CLUSTER):
        await stage.by(stage.leader(unit)).post(
            "scoring", f"/rubrics/{NEXT_RUBRIC}/agreements", {"unit_id": unit, "version": 1}
        )
    await deputy.change("scoring", f"/rubrics/{NEXT_RUBRIC}", "freezing", {})
    await stage.time.rest()
    stage.say("Phó Cụm dự thảo bảng tiêu chí 2025; các đơn vị thống nhất")


async def agree(stage: Stage, rubric: str, cluster: str, version: int) -> None:
    """Every member by its leader; one on paper, entered by the office of the cluster."""
    for unit in stage.members(cluster):
        body: dict[str, object] = {"unit_id": unit, "version": version}
        if unit == ON_PAPER:
            now = stage.time.now
            body["act"] = on_paper(f"unit:{unit}", now, now, "64/CV-LĐLĐ")
            await stage.by("thuong-truc-cao-bang").post("scoring", f"/rubrics/{rubric}/agreements", body)
        else:
            await stage.by(stage.leader(unit)).post("scoring", f"/rubrics/{rubric}/agreements", body)


async def sign(stage: Stage, agreement: str, rubric: str, cluster: str, on: str, office: str) -> None:
    signatories = [{"unit_id": unit, "person_id": stage.leader(unit)} for unit in stage.members(cluster)]
    body = {
        "id": agreement,
        "rubric_id": rubric,
        "signatories": signatories,
        "signed_on": on,
        "place": "Cao Bằng",
        "paper": paper("01/GƯTĐ", on, "Hội nghị"),
    }
    await stage.by(office).post("scoring", "/agreements", body)
