"""Registrations, half-year and year reports: in time, late, accepted late, missing, extended, typed in from paper."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from thidua.demo.clock import day
from thidua.demo.stage import BLOC, CLUSTER, LEAD, YEAR, Stage, data, on_paper, paper

CLUSTER_FIGURES = "figures-cum-2024.yaml"
BLOC_FIGURES = "figures-khoi-2024.yaml"
PAPER_UNIT = "ldld-lai-chau"
"""Its year report comes on paper and is typed in by the level above."""
LATE_UNIT = "ldld-dien-bien"
"""Its registration comes after hard close and is accepted late."""
UNREGISTERED = "ldld-nguyen-binh"
"""Never registers; later it is refused with the rule named."""


async def registrations(stage: Stage) -> None:
    """January and February: six register in time or in grace, one late and accepted late; in the bloc one never."""
    days = {unit: "2024-01-22" for unit in stage.members(CLUSTER)}
    days |= {"ldld-son-la": "2024-02-02"}  # in grace
    for unit in sorted(stage.members(CLUSTER), key=lambda unit: days[unit]):
        if unit != LATE_UNIT:
            await stage.time.to(max(day(days[unit], 9), stage.time.now))
            await register(stage, CLUSTER, unit, CLUSTER_FIGURES)
    await stage.time.to(day("2024-02-17", 9))
    await stage.by(stage.officer(LATE_UNIT)).post(
        "registry",
        "/registrations",
        _registration(stage, CLUSTER, LATE_UNIT, CLUSTER_FIGURES),
        refused="registration-after-hard-close",
    )
    await _accepted_late(stage)
    await stage.time.rest()
    stage.say("6 đăng ký đúng hạn hoặc trong thời gian chấp nhận, 1 nộp muộn được chấp nhận")


async def bloc_registrations(stage: Stage) -> None:
    for unit in stage.members(BLOC):
        if unit != UNREGISTERED:
            await register(stage, BLOC, unit, BLOC_FIGURES)
    stage.say("Khối: 5 đăng ký; 1 đơn vị không đăng ký (sẽ được ghi là thiếu khi khóa nhận)")


async def accept_registrations(stage: Stage, cluster: str) -> None:
    """The standing office takes in each; the lead's own goes to the deputy."""
    figures = CLUSTER_FIGURES if cluster == CLUSTER else BLOC_FIGURES
    for unit in data(figures)["units"]:
        if unit == UNREGISTERED:
            continue
        desk = _desk(cluster, unit)
        await stage.by(desk).change("registry", f"/registrations/{_registration_id(cluster, unit)}", "acceptance", {})


async def register(stage: Stage, cluster: str, unit: str, figures: str) -> None:
    await stage.by(stage.officer(unit)).post("registry", "/registrations", _registration(stage, cluster, unit, figures))


async def _accepted_late(stage: Stage) -> None:
    """The letter had left in time but the road was cut: the standing office types it in and accepts it, with reason."""
    received = stage.time.now - timedelta(hours=2)
    body = _registration(stage, CLUSTER, LATE_UNIT, CLUSTER_FIGURES)
    registration_id = body.pop("id")
    body["act"] = on_paper(f"unit:{LATE_UNIT}", day("2024-02-08"), received, "15/CV-LĐLĐ")
    body["acceptance"] = {
        "reason": "Sạt lở đường, văn bản đến sau ngày khóa nhận.",
        "paper": paper("03/TB-CTĐ", "2024-02-17", "Trưởng Cụm"),
        "penalty_kept": False,
    }
    await stage.by("thuong-truc-cao-bang").post("registry", f"/registrations/{registration_id}/late-acceptance", body)
    await stage.by(stage.officer(LATE_UNIT)).change("registry", f"/registrations/{registration_id}", "confirmation", {})


async def half_year(stage: Stage) -> None:
    """June: reports to the lead; one unit gets an extension; one report is returned and handed in again."""
    figures = data(CLUSTER_FIGURES)
    await stage.time.to(day("2024-06-12", 9))
    await stage.by("thuong-truc-tld").change(
        "registry",
        "/deadlines/han-cum-half-year-report",
        "extensions",
        {
            "unit_ids": [PAPER_UNIT],
            "due": "2024-06-20",
            "grace_until": "2024-06-21",
            "hard_close": "2024-06-25",
            "reason": "Đơn vị tập trung khắc phục hậu quả lũ quét.",
            "paper": paper("212/TLĐ-CSPL", "2024-06-12", "Tổng Liên đoàn"),
        },
    )
    # The one with more time comes last: the others keep the common day.
    for nr, unit in sorted(enumerate(figures["units"]), key=lambda one: one[1] == PAPER_UNIT):
        if unit == PAPER_UNIT:
            await stage.time.to(day("2024-06-19", 15))
        lines = [_line(code, values[nr]) for code, values in figures["half_year"].items()]
        await _report(stage, CLUSTER, unit, "half-year", lines)
    report = f"/reports/{_report_id(CLUSTER, 'ldld-ha-giang', 'half-year')}"
    await stage.by("thuong-truc-cao-bang").change(
        "registry", report, "return", {"reason": "Dòng 2.6: chưa nêu tên công đoàn cơ sở mới thành lập."}
    )
    await stage.time.later(days=1)
    again = [
        _line(code, values[1]) | {"explanation": "Đã bổ sung danh sách kèm theo."}
        for code, values in figures["half_year"].items()
    ]
    await _again(stage, CLUSTER, "ldld-ha-giang", "half-year", again)
    for unit in figures["units"]:
        await stage.by(_desk(CLUSTER, unit)).change(
            "registry", f"/reports/{_report_id(CLUSTER, unit, 'half-year')}", "receipt", {}
        )
    await stage.time.rest()
    stage.say("7 báo cáo sơ kết; 1 được gia hạn, 1 bị trả lại và nộp lại")


async def year_reports(stage: Stage) -> None:
    """November and December: year reports with self-scores; one came on paper, is typed in above and confirmed."""
    figures = data(CLUSTER_FIGURES)
    await stage.time.to(day("2024-12-03", 9))
    for nr, unit in enumerate(figures["units"]):
        lines = _year_lines(figures, nr, unit)
        if unit == PAPER_UNIT:
            act = on_paper(f"unit:{unit}", day("2024-11-29"), day("2024-12-02", 14), "87/BC-LĐLĐ")
            await _report(stage, CLUSTER, unit, "year", lines, typed_by="thuong-truc-cao-bang", act=act)
        else:
            await _report(stage, CLUSTER, unit, "year", lines)
    await stage.time.later(hours=4)
    await stage.by(stage.officer(PAPER_UNIT)).change(
        "registry", f"/reports/{_report_id(CLUSTER, PAPER_UNIT, 'year')}", "confirmation", {"note": "Đúng bản đã ký."}
    )
    for unit in figures["units"]:
        await stage.by(_desk(CLUSTER, unit)).change(
            "registry", f"/reports/{_report_id(CLUSTER, unit, 'year')}", "receipt", {}
        )
    await stage.time.rest()
    stage.say("7 báo cáo năm có tự chấm điểm; Lai Châu nộp bản giấy, nhập hộ, đã xác nhận")


async def year_report(stage: Stage, cluster: str, unit: str) -> None:
    """A unit hands in its year report by its own officer."""
    figures = data(CLUSTER_FIGURES if cluster == CLUSTER else BLOC_FIGURES)
    await _report(stage, cluster, unit, "year", _year_lines(figures, figures["units"].index(unit), unit))


async def take_in_year_report(stage: Stage, cluster: str, unit: str) -> None:
    path = f"/reports/{_report_id(cluster, unit, 'year')}"
    await stage.by(_desk(cluster, unit)).change("registry", path, "receipt", {})


async def bloc_reports(stage: Stage) -> None:
    figures = data(BLOC_FIGURES)
    for nr, unit in enumerate(figures["units"]):
        if unit == UNREGISTERED:
            continue
        lines = _year_lines(figures, nr, unit)
        await _report(stage, BLOC, unit, "year", lines)
        await stage.by(_desk(BLOC, unit)).change(
            "registry", f"/reports/{_report_id(BLOC, unit, 'year')}", "receipt", {}
        )
    await stage.time.rest()
    stage.say("Khối: 5 báo cáo năm đã tiếp nhận")


def _desk(cluster: str, unit: str) -> str:
    """Who takes in a unit's filings: the lead's standing office; the lead's own go to the deputy's."""
    if cluster == CLUSTER:
        return "tham-dinh-lao-cai" if unit == LEAD else "thuong-truc-cao-bang"
    return "thuong-truc-cao-bang"


def _registration_id(cluster: str, unit: str) -> str:
    return f"dk-2024-{unit}" if cluster == CLUSTER else f"dk-2024-khoi-{unit}"


def _report_id(cluster: str, unit: str, kind: str) -> str:
    return f"bc-{'nam' if kind == 'year' else '6t'}-2024-{'' if cluster == CLUSTER else 'khoi-'}{unit}"


def _registration(stage: Stage, cluster: str, unit: str, figures: str) -> dict[str, Any]:
    read = data(figures)
    nr = read["units"].index(unit)
    targets = [
        {"text": f"Chỉ tiêu đăng ký của tiêu chí {code}", "code": code, "amount": str(values[nr])}
        for code, values in read["registered"].items()
    ]
    titles = [{"recipient": {"kind": "unit", "id": unit}, "title": "co-tld" if cluster == CLUSTER else "co-ldld"}]
    titles += [
        {
            "recipient": {"kind": "person", "id": person["id"]},
            "title": "bang-khen-ldld" if person["unit"] == unit else "cstd-co-so",
        }
        for person in stage.world["people"]
        if not person["roles"]
        and person["id"] not in stage.council
        and unit in (person["unit"], stage.parent(person["unit"]))
    ]
    return {
        "id": _registration_id(cluster, unit),
        "year_id": YEAR,
        "cluster_id": cluster,
        "unit_id": unit,
        "targets": targets,
        "titles": titles,
    }


def _line(code: str, value: Any) -> dict[str, Any]:
    """A line as the form asks: a number, a yes or no, or *not assigned*."""
    if value is None:
        return {"code": code, "not_assigned": True}
    return {"code": code, "actual": str(value)}


def _year_lines(figures: dict[str, Any], nr: int, unit: str) -> list[dict[str, Any]]:
    lines = {code: _line(code, values[nr]) for code, values in figures["actual"].items()}
    for code, values in figures.get("typed", {}).items():
        lines[code] = {"code": code, "self_score": values[nr], "explanation": "Tự chấm theo số lần tham gia."}
    for code, points in figures.get("claimed", {}).get(unit, {}).items():
        lines[code]["self_score"] = points
    for line in lines.values():
        line["evidence"] = [{"kind": "file", "reference": f"{unit}/{line['code']}.pdf"}]
    return list(lines.values())


async def _report(
    stage: Stage,
    cluster: str,
    unit: str,
    kind: str,
    lines: list[dict[str, Any]],
    *,
    typed_by: str | None = None,
    act: dict[str, Any] | None = None,
) -> None:
    person = stage.by(typed_by or stage.officer(unit))
    path = f"/reports/{_report_id(cluster, unit, kind)}"
    body: dict[str, Any] = _report_body(cluster, unit, kind, lines)
    if act is None:
        await person.put("registry", f"{path}/draft", body)
    else:
        body["act"] = act
    await person.post("registry", f"{path}/submission", body)


async def _again(stage: Stage, cluster: str, unit: str, kind: str, lines: list[dict[str, Any]]) -> None:
    path = f"/reports/{_report_id(cluster, unit, kind)}"
    await stage.by(stage.officer(unit)).change("registry", path, "submission", _report_body(cluster, unit, kind, lines))


def _report_body(cluster: str, unit: str, kind: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "year_id": YEAR,
        "cluster_id": cluster,
        "unit_id": unit,
        "kind": kind,
        "lines": lines,
        "narrative": "Báo cáo tóm tắt kết quả (nội dung giả định).",
    }
