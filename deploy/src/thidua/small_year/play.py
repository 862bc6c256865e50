"""Plays the small year through the APIs: registrations closed, reports open, one returned, a ballot under way."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

import yaml

from thidua.demo.chapters import criteria, foundation
from thidua.demo.stage import Stage, on_paper

CLUSTER = "cum-bien-gioi"
YEAR = "nam-nay"
BALLOT = "bp-xuat-sac"
RECUSED = "ldld-dien-bien"
CLOSED = "han-so-ket"
OPEN = "han-bao-cao-nam"
RUBRIC = "bang-tieu-chi-nam-nay"
FIGURES = {"1.1": "88", "1.2": "140", "1.3": "0", "2.1": "300", "2.2": "42", "2.3": "1", "3.1": "0", "T.1": "1"}


def world() -> dict[str, Any]:
    text = (files("thidua.small_year") / "world.yaml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.safe_load(text)
    return read


async def play(stage: Stage) -> None:
    """About a minute's worth of a year, around this very day."""
    now = stage.time.now
    await foundation.units(stage)
    await foundation.people(stage)
    await _cluster(stage, now)
    await _criteria(stage)
    await _registrations(stage, now)
    await _reports(stage)
    await _ballot(stage)


async def _cluster(stage: Stage, now: datetime) -> None:
    standing = stage.by("thuong-truc-tld")
    [cluster] = stage.world["clusters"]
    body = {key: cluster[key] for key in ("id", "name", "kind", "run_by")}
    await standing.post("registry", "/clusters", body | {"effective": foundation.SINCE})
    for unit in cluster["members"]:
        joining = {"unit_id": unit, "period": {"starts": foundation.SINCE}}
        await standing.post("registry", f"/clusters/{CLUSTER}/members", joining)
    year = {
        "id": YEAR,
        "label": f"Năm thi đua {now.year}",
        "kind": "calendar",
        "calendar_year": now.year,
        "starts": (now - timedelta(days=200)).date().isoformat(),
        "ends": (now + timedelta(days=120)).date().isoformat(),
    }
    await standing.post("registry", "/years", year)
    leadership = {
        "year_id": YEAR,
        "lead_unit_id": cluster["lead"],
        "deputy_unit_id": cluster["deputy"],
        "basis": "Bầu tại hội nghị tổng kết năm trước",
    }
    await standing.post("registry", f"/clusters/{CLUSTER}/leadership", leadership)
    for deadline_id, filing, days in (
        ("han-dang-ky", "registration", -40),
        (CLOSED, "half-year-report", -20),
        (OPEN, "year-report", 10),
    ):
        due = (now + timedelta(days=days)).date()
        body = {
            "id": deadline_id,
            "year_id": YEAR,
            "cluster_id": CLUSTER,
            "filing": filing,
            "due": due.isoformat(),
            "grace_until": (due + timedelta(days=2)).isoformat(),
            "hard_close": (due + timedelta(days=5)).isoformat(),
            "rest_day_rule": "stands",
        }
        await standing.post("registry", "/deadlines", body)
    stage.say("cụm bốn tỉnh; đăng ký và sơ kết đã khóa nhận, báo cáo năm đang mở")


async def _criteria(stage: Stage) -> None:
    office = stage.by("thuong-truc-cao-bang")
    draft = {"id": RUBRIC, "cluster_id": CLUSTER, "year_id": YEAR, "drafted_by_unit": "ldld-cao-bang"}
    await stage.time.rest()
    await office.post("scoring", "/rubrics", draft | {"form": criteria.bloc_form()})
    await criteria.agree(stage, RUBRIC, CLUSTER, 1)
    await office.change("scoring", f"/rubrics/{RUBRIC}", "freezing", {})
    stage.say("bảng tiêu chí đã chốt")


async def _registrations(stage: Stage, now: datetime) -> None:
    """Received on paper before the deadline and typed in today; one unit has confirmed, the others have yet to."""
    received = now - timedelta(days=45)
    for unit in stage.members(CLUSTER):
        body = {
            "id": f"dk-{unit}",
            "year_id": YEAR,
            "cluster_id": CLUSTER,
            "unit_id": unit,
            "targets": [{"text": "Kết nạp đoàn viên mới", "code": "2.1", "amount": "280"}],
            "titles": [{"recipient": {"kind": "unit", "id": unit}, "title": "co-tld"}],
            "act": on_paper(f"unit:{unit}", received - timedelta(days=2), received, "12/CV-LĐLĐ"),
        }
        # Nobody takes in a filing of the own unit: the lead's comes in above it.
        desk = "thuong-truc-tld" if unit == "ldld-cao-bang" else "thuong-truc-cao-bang"
        await stage.by(desk).post("registry", "/registrations", body)
    await stage.by("can-bo-lao-cai").change("registry", "/registrations/dk-ldld-lao-cai", "confirmation", {})
    stage.say("4 đăng ký nhận bằng giấy, nhập hộ; 1 đã được đơn vị xác nhận")


async def _reports(stage: Stage) -> None:
    """The year report is open: one received, one returned, two still owed."""
    for unit in ("ldld-lao-cai", "ldld-son-la"):
        lines = [{"code": code, "actual": actual} for code, actual in FIGURES.items()]
        body = {"year_id": YEAR, "cluster_id": CLUSTER, "unit_id": unit, "kind": "year", "lines": lines}
        await stage.by(stage.officer(unit)).post("registry", f"/reports/bc-{unit}/submission", body)
    office = stage.by("thuong-truc-cao-bang")
    await office.change("registry", "/reports/bc-ldld-lao-cai", "receipt", {})
    await office.change("registry", "/reports/bc-ldld-son-la", "return", {"reason": "Dòng 2.2 chưa có danh sách."})
    stage.say("báo cáo năm: 1 đã tiếp nhận, 1 bị trả lại, 2 còn nợ")


async def _ballot(stage: Stage) -> None:
    opening = {
        "id": BALLOT,
        "cluster_id": CLUSTER,
        "year_id": YEAR,
        "purpose": "excellent-units",
        "title": "Suy tôn đơn vị xuất sắc (đang bỏ phiếu)",
        "recused": [RECUSED],
        "threshold": {"percentage": "50", "denominator": "present", "quorum": "50"},
        "self_vote": True,
        "way": "electronic-open",
        "choose": 1,
    }
    await stage.time.rest()
    await stage.by("thuong-truc-cao-bang").post("scoring", "/ballots", opening)
    vote = {"unit_id": "ldld-lao-cai", "choices": ["ldld-son-la"]}
    await stage.by("lanh-dao-lao-cai").post("scoring", f"/ballots/{BALLOT}/votes", vote)
    stage.say("một cuộc bỏ phiếu đang mở: 1 phiếu đã bỏ, 1 thành viên không tham gia biểu quyết")
