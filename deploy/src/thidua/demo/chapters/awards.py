"""Awards: rules put in force, councils, cases of both tracks and channels, one returned, one refused, one completed."""

from __future__ import annotations

from typing import Any

from thidua.demo.chapters.casework import (
    AGENCY_COUNCIL,
    CHAIR,
    OFFICE,
    PROVINCE_COUNCIL,
    at_the_province,
    basis,
    decide,
    proposal,
    send,
    through,
)
from thidua.demo.clock import day
from thidua.demo.stage import LEAD, TLD, YEAR, Stage, paper

NATIONAL_COUNCIL = "hd-tld"
TWO_THIRDS = {"percentage": "70", "denominator": "present", "quorum": "66.67"}
HIGH_TITLE = {"percentage": "90", "denominator": "all", "quorum": "66.67"}


async def rules_and_councils(stage: Stage) -> None:
    """28 December 2023: no rule set is in force yet, so a case of that day is refused; from 2 January there are two."""
    await stage.time.to(day("2023-12-28"))
    await enact_rules(stage)
    await stage.by("can-bo-hoa-an").post(
        "awards",
        "/proposals",
        proposal(
            "dn-dot-xuat-hoa-an",
            {"kind": "unit", "id": "ldld-hoa-an"},
            "bang-khen-ldld",
            "ad-hoc",
            basis("deed", "Cứu người trong lũ quét đêm 26/12/2023"),
            proposed_by="ldld-hoa-an",
            year_id=None,
        ),
        refused="no-rule-set-in-force",
    )
    await _councils(stage)
    await stage.time.rest()
    stage.say("Hai bộ quy tắc có hiệu lực từ 01/01/2024; hồ sơ nhận ngày 28/12/2023 bị từ chối; ba hội đồng")


async def enact_rules(stage: Stage) -> None:
    """The law's rule set and the union's own, as they are shipped."""
    national = stage.by("lanh-dao-tld")
    for name in ("luat-06-2022", "quy-che-cong-doan"):
        text = await stage.by("thuong-truc-tld").text("awards", f"/shipped-rule-sets/{name}")
        await national.post("awards", "/rule-sets", {"yaml": text})


async def _councils(stage: Stage) -> None:
    members = [
        ("lanh-dao-cao-bang", "Chủ tịch Hội đồng"),
        ("hd-pho-chu-tich", "Phó Chủ tịch Hội đồng"),
        ("thuong-truc-cao-bang", "Ủy viên thường trực"),
        ("hd-to-chuc", "Ủy viên"),
        ("hd-tai-chinh", "Ủy viên"),
        ("hd-tuyen-giao", "Ủy viên"),
        ("hd-kiem-tra", "Ủy viên"),
        ("hd-van-phong", "Ủy viên"),
        ("can-bo-cao-bang", "Thư ký"),
    ]
    seats = [{"person_id": person, "office": office, "unit_id": LEAD} for person, office in members]
    agency = [seat for seat in seats if seat["person_id"] not in ("hd-tuyen-giao", "hd-kiem-tra")]
    for council, name, track, taken in (
        (PROVINCE_COUNCIL, "Hội đồng TĐKT LĐLĐ tỉnh Cao Bằng", "movement", seats),
        (AGENCY_COUNCIL, "Hội đồng TĐKT cơ quan LĐLĐ tỉnh Cao Bằng", "apparatus", agency),
    ):
        await _council(stage, council, LEAD, name, track, taken, OFFICE)
    await national_council(stage)


async def national_council(stage: Stage) -> None:
    members = [
        {"person_id": "lanh-dao-tld", "office": "Chủ tịch Hội đồng", "unit_id": TLD},
        {"person_id": "thuong-truc-tld", "office": "Ủy viên thường trực", "unit_id": TLD},
        {"person_id": "van-thu-tld", "office": "Thư ký", "unit_id": TLD},
    ]
    name = "Hội đồng TĐKT Tổng Liên đoàn"
    await _council(stage, NATIONAL_COUNCIL, TLD, name, "movement", members, "thuong-truc-tld")


async def _council(
    stage: Stage, council: str, unit: str, name: str, track: str, members: list[dict[str, str]], office: str
) -> None:
    body = {
        "id": council,
        "unit_id": unit,
        "name": name,
        "track": track,
        "members": members,
        "threshold": TWO_THIRDS,
        "thresholds": {"cstd-cap-tinh": HIGH_TITLE},
        "in_office": {"starts": "2023-01-01"},
        "decision": paper("05/QĐ", "2023-01-10", stage.name(unit)),
    }
    await stage.by(office).post("awards", "/councils", body)


async def thematic(stage: Stage) -> None:
    """August: the education union's year; a thematic case is put to the council as a question and decided."""
    await stage.time.to(day("2024-08-12"))
    await stage.by("can-bo-cao-bang").post(
        "registry",
        "/campaigns",
        {
            "id": "pt-giao-duc-2024",
            "title": "Đổi mới, sáng tạo trong dạy và học năm học 2023-2024",
            "span": "yearly",
            "scope": "thematic",
            "launched_by": LEAD,
            "year_id": YEAR,
            "period": {"starts": "2023-09-05", "ends": "2024-08-01"},
            "goals": ["Nâng chất lượng dạy và học ở vùng cao"],
            "targets": ["Mỗi công đoàn trường có ít nhất một sáng kiến"],
            "content": ["Dạy tốt, học tốt, đổi mới quản lý"],
            "measures": ["Phát động từ đầu năm học, sơ kết học kỳ"],
            "participants": ["Cán bộ, nhà giáo, người lao động ngành Giáo dục"],
        },
    )
    await stage.time.rest()
    case = "dn-chuyen-de-giao-duc"
    await stage.by("can-bo-giao-duc").post(
        "awards",
        "/proposals",
        proposal(
            case,
            {"kind": "person", "id": "giao-vien-trung-khanh"},
            "bang-khen-ldld",
            "thematic",
            basis("campaign", "Dẫn đầu phong trào đổi mới dạy học ở Trùng Khánh", campaign_id="pt-giao-duc-2024"),
            proposed_by="cd-giao-duc-cao-bang",
            unit_id="cd-giao-duc-cao-bang",
        ),
    )
    await send(stage, "can-bo-giao-duc", case, "21/TTr-CĐGD")
    await at_the_province(stage, case, recused="hd-tuyen-giao")
    await decide(stage, [case], "qd-chuyen-de-2024", "112", "QĐ")
    stage.say("Khen chuyên đề giáo dục: hội đồng bỏ phiếu, một thành viên không tham gia, quyết định số 112")


async def of_the_bloc(stage: Stage) -> None:
    """December: the drafts of the bloc's ranking go to the province; one is returned and sent again."""
    await stage.time.to(day("2024-12-04"))
    officer = stage.by("can-bo-tp-cao-bang")
    drafts = await stage.by(OFFICE).all("awards", "/proposals", year_id=YEAR)
    cases = [one["proposal_id"] for one in drafts if one["status"] == "drafted"]
    for case in cases:
        await send(stage, officer.login, case, f"{30 + cases.index(case)}/TTr-KTĐ")
    first, *others = cases
    await stage.by(OFFICE).change("awards", f"/proposals/{first}", "receipt", {"register_number": "301"})
    await stage.by(OFFICE).change(
        "awards", f"/proposals/{first}", "return", {"reason": "Báo cáo thành tích chưa nêu số liệu ba năm."}
    )
    await stage.time.later(days=2)
    await officer.change(
        "awards",
        f"/proposals/{first}",
        "resubmission",
        {"changes": "Bổ sung số liệu ba năm.", "letter": paper("38/TTr-KTĐ", "2024-12-06")},
    )
    for case in (first, *others):
        await at_the_province(stage, case)
    await decide(stage, [first, *others], "qd-toan-dien-2024", "245a", "QĐ")
    stage.kept["bloc_cases"] = cases
    stage.say(f"{len(cases)} đề nghị từ xếp hạng khối; 1 bị trả lại rồi gửi lại; quyết định số 245a")


async def persons(stage: Stage) -> None:
    """By hand: a direct worker to the province and beside it to the People's Committee; one refused; one completed."""
    await _ratings(stage)
    await _never_registered(stage)
    await _direct_worker(stage)
    await _unknown_history(stage)
    await stage.time.rest()


async def _ratings(stage: Stage) -> None:
    await stage.time.to(day("2024-12-10"))
    for person, officer, grade in (
        ("tho-xi-mang", "can-bo-tp-cao-bang", "excellent"),
        ("tho-dien-nguyen-binh", "can-bo-nguyen-binh", "excellent"),
        ("chuyen-vien-cspl", "can-bo-cao-bang", "excellent"),
        ("giao-vien-trung-khanh", "can-bo-giao-duc", "good"),
    ):
        rating = {
            "subject": {"kind": "person", "id": person},
            "year": 2024,
            "rating": grade,
            "decision": paper("77/QĐ-XL", "2024-12-09"),
            "source": "Quyết định xếp loại chất lượng năm 2024",
        }
        await stage.by(officer).post("registry", "/ratings", rating)
    await stage.time.rest()


async def _never_registered(stage: Stage) -> None:
    """The unit never registered: its yearly case is not considered, and the rule is named."""
    case = "dn-nguyen-binh-2024"
    await stage.by("can-bo-nguyen-binh").post(
        "awards",
        "/proposals",
        proposal(
            case,
            {"kind": "unit", "id": "ldld-nguyen-binh"},
            "bang-khen-ldld",
            "comprehensive",
            basis("year", "Thành tích năm 2024"),
            proposed_by="ldld-nguyen-binh",
        ),
    )
    await send(stage, "can-bo-nguyen-binh", case, "09/TTr-LĐLĐ")
    await stage.by(OFFICE).change("awards", f"/proposals/{case}", "receipt", {})
    await stage.by(OFFICE).change("awards", f"/proposals/{case}", "forwarding", {}, refused="not-registered")
    refusal = {"rule": "not-registered", "reason": "Đơn vị không đăng ký thi đua năm 2024."}
    await stage.by(OFFICE).change("awards", f"/proposals/{case}", "refusal", refusal)
    stage.kept["refused_case"] = case
    stage.say("Nguyên Bình không đăng ký: đề nghị khen toàn diện bị từ chối, nêu rõ quy định")


async def _direct_worker(stage: Stage) -> None:
    """The union channel to the province's own decision, and the authority channel with a letter to the committee."""
    worker = {"kind": "person", "id": "tho-xi-mang"}
    union, authority = "dn-tho-xi-mang", "dn-tho-xi-mang-ubnd"
    officer = "can-bo-tp-cao-bang"
    await stage.by(officer).post(
        "awards",
        "/proposals",
        proposal(
            union,
            worker,
            "bang-khen-ldld",
            "ad-hoc",
            basis("deed", "Cứu lò nung khỏi sự cố ngày 02/12/2024, tránh thiệt hại lớn"),
            proposed_by="ldld-tp-cao-bang",
            unit_id="cdcs-xi-mang-cao-bang",
        ),
    )
    await send(stage, officer, union, "40/TTr-LĐLĐ")
    await at_the_province(stage, union)
    await decide(stage, [union], "qd-dot-xuat-2024", "251", "QĐ")
    await stage.by(officer).post(
        "awards",
        "/proposals",
        proposal(
            authority,
            worker,
            "bang-khen-cap-tinh",
            "ad-hoc",
            basis("deed", "Công nhân trực tiếp tiêu biểu, cứu lò nung khỏi sự cố"),
            proposed_by="ldld-tp-cao-bang",
            unit_id="cdcs-xi-mang-cao-bang",
            channel="authority",
        ),
    )
    await send(stage, officer, authority, "41/TTr-LĐLĐ")
    await at_the_province(stage, authority)
    letter = {"to_body": "ubnd-cao-bang", "letter": paper("18/TTr-LĐLĐ", "2024-12-16", "LĐLĐ tỉnh Cao Bằng")}
    await stage.by(CHAIR).change("awards", f"/proposals/{authority}", "forwarding", letter)
    stage.kept["authority_case"] = authority
    stage.say("Công nhân trực tiếp: Bằng khen LĐLĐ (đột xuất); tờ trình sang UBND tỉnh theo kênh chính quyền")


async def _unknown_history(stage: Stage) -> None:
    """Apparatus track: was she Lao động tiên tiến? Nobody knows here; a certificate settles it."""
    case = "dn-cstd-co-so-kieu"
    officer = "can-bo-cao-bang"
    await stage.by(officer).post(
        "awards",
        "/proposals",
        proposal(
            case,
            {"kind": "person", "id": "chuyen-vien-cspl"},
            "cstd-co-so",
            "comprehensive",
            basis("year", "Hoàn thành xuất sắc nhiệm vụ năm 2024"),
            proposed_by="ban-cspl-cao-bang",
            unit_id="ban-cspl-cao-bang",
            track="apparatus",
        ),
    )
    await send(stage, officer, case, "05/TTr-CSPL")
    told = await stage.by(OFFICE).get("awards", f"/proposals/{case}")
    stage.kept["before_completion"] = told["assessment"]
    # Of two alternatives one is met already (rated excellent); only the chain's own step is missing.
    for condition in _unknown(told["assessment"]) & {"dang-ky", "thanh-tich.1"}:
        settlement = {
            "condition": condition,
            "outcome": "met",
            "paper": paper("02/QĐ-LĐTT", "2024-12-05", "LĐLĐ tỉnh Cao Bằng"),
            "reason": "Có quyết định công nhận trong hồ sơ giấy.",
        }
        await stage.by(OFFICE).change("awards", f"/proposals/{case}", "settlements", settlement)
    await at_the_province(stage, case, council=AGENCY_COUNCIL)
    await decide(stage, [case], "qd-cstd-2024", "252", "QĐ")
    stage.kept["completed_case"] = case
    stage.say("CSTĐ cơ sở hệ chuyên trách: lịch sử chưa rõ, bổ sung bằng văn bản, hội đồng cơ quan thông qua")


def _unknown(assessment: dict[str, Any]) -> set[str]:
    """Codes of the conditions that nobody could answer."""
    found: set[str] = set()

    def look(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("outcome") == "unknown" and "code" in node:
                found.add(node["code"])
            for inner in node.values():
                look(inner)
        elif isinstance(node, list):
            for inner in node:
                look(inner)

    look(assessment)
    return found


async def to_the_federation(stage: Stage) -> None:
    """January to March: the lead's letters to TLĐ for the leading and the excellent; decided there."""
    await stage.time.to(day("2025-01-10"))
    drafts = await stage.by("thuong-truc-tld").all("awards", "/proposals", year_id=YEAR)
    cases = [one["proposal_id"] for one in drafts if one["status"] == "drafted" and one["body"] == TLD]
    for nr, case in enumerate(cases):
        await send(stage, stage.officer(LEAD), case, f"{60 + nr}/TTr-CTĐ")
    await stage.time.to(day("2025-02-20"))
    for case in cases:
        await through(stage, case, "thuong-truc-tld", "lanh-dao-tld", NATIONAL_COUNCIL, members=3)
    await decide(stage, cases, "qd-tld-2024", "518", "QĐ", clerk="van-thu-tld", body=TLD, signatory="Trần Quốc Bảo")
    await stage.time.to(day("2025-03-31"))
    stage.kept["national_cases"] = cases
    stage.say(f"{len(cases)} hồ sơ của Cụm trình Tổng Liên đoàn; quyết định số 518")
