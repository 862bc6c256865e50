"""Year-end: appraisal with reasons, a review, the conference with its ballots, the final ranking, the conclusion."""

from __future__ import annotations

from typing import Any

from thidua.demo.chapters.criteria import NEXT_RUBRIC
from thidua.demo.clock import day
from thidua.demo.stage import BLOC, CLUSTER, LEAD, NEXT_YEAR, YEAR, Stage, paper

HALF = {"percentage": "50", "denominator": "present", "quorum": "66.67", "strictly_more": True}
"""More than half of those present, two thirds of the members being there."""


async def appraisal(stage: Stage) -> None:
    """The lead's appraisers look at the members' cards, the deputy's at the lead's; one unit asks for a review."""
    await stage.time.to(day("2024-12-13"))
    cards = await scorecards(stage, CLUSTER)
    changes = {
        "ldld-ha-giang": [
            {"code": "2.5", "actual": "1900", "reason": "80 đoàn viên kết nạp từ năm 2023, không tính cho năm nay."}
        ],
        "ldld-son-la": [{"code": "1.3", "actual": "75", "reason": "Ba biên bản đối thoại không có chữ ký hai bên."}],
        "ldld-lai-chau": [{"code": "3.1", "actual": "2", "reason": "Báo cáo quý I đến đúng hạn theo dấu bưu điện."}],
        LEAD: [{"code": "T.1", "actual": "1", "reason": "Một mô hình chưa có văn bản nhân rộng."}],
    }
    # Nobody appraises a line of the own unit: the lead's appraiser is refused at the lead's own card.
    await stage.by("thuong-truc-cao-bang").change(
        "scoring", f"/scorecards/{cards[LEAD]}", "appraisal", {"lines": []}, refused="appraises-own-unit"
    )
    for unit in stage.members(CLUSTER):
        await stage.by(_appraiser(unit)).change(
            "scoring", f"/scorecards/{cards[unit]}", "appraisal", {"lines": changes.get(unit, [])}
        )
    stage.say(f"Thẩm định 7 phiếu, sửa {len(changes)} dòng có lý do; phiếu của Trưởng Cụm do Phó Cụm thẩm định")
    await _review(stage, cards["ldld-son-la"])
    council = {"lines": [{"code": "3.2", "points": "3.5", "reason": "Vắng một hội thảo; Hội nghị Cụm thống nhất."}]}
    await stage.time.to(day("2024-12-19"))
    await stage.by("thuong-truc-cao-bang").change(
        "scoring", f"/scorecards/{cards['ldld-lang-son']}", "council", council
    )
    for unit in stage.members(CLUSTER):
        await stage.by(_appraiser(unit)).change(
            "scoring", f"/scorecards/{cards[unit]}", "finalisation", {"cause": "Kết luận thẩm định ngày 19/12/2024"}
        )
    await stage.time.rest()
    stage.say("Chốt 7 phiếu điểm với bốn lớp: tự chấm → thẩm định → hội nghị → cuối cùng")


async def _review(stage: Stage, card: str) -> None:
    await stage.time.to(day("2024-12-16"))
    request = {
        "id": "xem-xet-lai-son-la",
        "lines": [{"code": "1.3", "reason": "Đã bổ sung hai biên bản có đủ chữ ký."}],
    }
    await stage.by(stage.officer("ldld-son-la")).change("scoring", f"/scorecards/{card}", "review-requests", request)
    answer = {
        "lines": [
            {"code": "1.3", "actual": "78", "reason": "Chấp nhận hai biên bản bổ sung.", "outcome": "changed"},
        ]
    }
    await stage.by("thuong-truc-cao-bang").post(
        "scoring",
        f"/scorecards/{card}/review-requests/xem-xet-lai-son-la/answer",
        answer,
        etag=await _etag(stage, "thuong-truc-cao-bang", f"/scorecards/{card}"),
    )
    stage.say("Sơn La đề nghị xem xét lại một dòng; được chấp nhận một phần")


async def conference(stage: Stage) -> None:
    """20 December 2024: ballots for leader, excellent units, next lead and deputy; ranking; conclusion."""
    await stage.time.to(day("2024-12-20", 9))
    members = stage.members(CLUSTER)
    await _counted(
        stage,
        CLUSTER,
        ballot("bp-dan-dau-2024", CLUSTER, "leading-unit", "Suy tôn đơn vị dẫn đầu Cụm năm 2024", "paper"),
        {"ldld-lao-cai": 5, LEAD: 2},
        present=7,
    )
    await _voted(
        stage,
        CLUSTER,
        ballot("bp-xuat-sac-2024", CLUSTER, "excellent-units", "Suy tôn đơn vị xuất sắc", "electronic-open", 2),
        {unit: [LEAD, "ldld-son-la"] for unit in members if unit not in ("ldld-lang-son", "ldld-lai-chau")}
        | {"ldld-lang-son": [LEAD, "ldld-lang-son"]},
        abstains=["ldld-lai-chau"],
    )
    for ballot_id, purpose, title, counts in (
        ("bp-truong-cum-2025", "next-lead", "Bầu Trưởng Cụm năm 2025", {"ldld-lao-cai": 7}),
        ("bp-pho-cum-2025", "next-deputy", "Bầu Phó Cụm năm 2025", {"ldld-son-la": 6, "ldld-ha-giang": 1}),
    ):
        await _counted(stage, CLUSTER, ballot(ballot_id, CLUSTER, purpose, title, "show-of-hands"), counts, present=7)
    stage.say("4 cuộc bỏ phiếu: phiếu kín kiểm trên giấy, biểu quyết, điện tử công khai; 1 đơn vị không bỏ phiếu")
    office = stage.by("thuong-truc-cao-bang")
    ranking = {"id": "xep-hang-cum-2024", "cluster_id": CLUSTER, "year_id": YEAR}
    await office.post("scoring", "/rankings", ranking)
    await office.post(
        "scoring",
        "/conferences",
        {
            "id": "hoi-nghi-cum-2024",
            "cluster_id": CLUSTER,
            "year_id": YEAR,
            "held_on": "2024-12-20",
            "next_year_id": NEXT_YEAR,
            "next_rubric_id": NEXT_RUBRIC,
            "minutes": paper("02/BB-CTĐ", "2024-12-20", "Hội nghị tổng kết Cụm"),
        },
    )
    await stage.time.rest()
    stage.say("Chốt xếp hạng; Lào Cai là Trưởng Cụm, Sơn La là Phó Cụm năm 2025")


async def bloc_ranking(stage: Stage) -> None:
    """The province appraises its bloc, ranks it; the unit that never registered has no card and is not ranked."""
    cards = await scorecards(stage, BLOC)
    ranked = [unit for unit in stage.members(BLOC) if unit != "ldld-nguyen-binh"]
    for unit in ranked:
        await stage.by("thuong-truc-cao-bang").change(
            "scoring", f"/scorecards/{cards[unit]}", "appraisal", {"lines": []}
        )
    # Five days in which a unit may ask for a review come before anything is closed.
    await stage.time.to(day("2024-12-02", 9))
    for unit in ranked:
        await stage.by("thuong-truc-cao-bang").change(
            "scoring",
            f"/scorecards/{cards[unit]}",
            "finalisation",
            {"cause": "Kết luận thẩm định khối", "empty_lines_reason": "Đơn vị không có phát sinh."},
        )
    await _counted(
        stage,
        BLOC,
        ballot("bp-dan-dau-khoi-2024", BLOC, "leading-unit", "Suy tôn đơn vị dẫn đầu khối", "paper"),
        {"cd-giao-duc-cao-bang": 5, "ldld-tp-cao-bang": 1},
        present=6,
    )
    await _counted(
        stage,
        BLOC,
        ballot("bp-xuat-sac-khoi-2024", BLOC, "excellent-units", "Suy tôn đơn vị xuất sắc khối", "paper", 2),
        {"ldld-tp-cao-bang": 5, "ldld-trung-khanh": 4},
        present=6,
    )
    ranking = {
        "id": "xep-hang-khoi-2024",
        "cluster_id": BLOC,
        "year_id": YEAR,
        "left_out": {"ldld-nguyen-binh": "Không đăng ký thi đua, không có báo cáo năm."},
    }
    await stage.by("thuong-truc-cao-bang").post("scoring", "/rankings", ranking)
    await stage.time.rest()
    stage.say("Khối: chốt 5 phiếu, xếp hạng; Nguyên Bình không xếp hạng vì không đăng ký")


async def scorecards(stage: Stage, cluster: str) -> dict[str, str]:
    """Card ids by unit, from the cluster's table."""
    table = await stage.by("thuong-truc-cao-bang").get("scoring", "/scorecards", cluster_id=cluster, year_id=YEAR)
    return {card["unit_id"]: card["scorecard_id"] for card in table["cards"]}


def ballot(ballot_id: str, cluster: str, purpose: str, title: str, way: str, choose: int = 1) -> dict[str, Any]:
    return {
        "id": ballot_id,
        "cluster_id": cluster,
        "year_id": YEAR,
        "purpose": purpose,
        "title": title,
        "threshold": HALF,
        "self_vote": True,
        "way": way,
        "choose": choose,
    }


async def _counted(
    stage: Stage, cluster: str, opening: dict[str, Any], counts: dict[str, int], *, present: int
) -> None:
    """Counted by tellers or by hands: the numbers and the minutes are the record."""
    office = stage.by("thuong-truc-cao-bang")
    await office.post("scoring", "/ballots", opening)
    path = f"/ballots/{opening['id']}"
    given = sum(counts.values())
    valid = present if opening["choose"] > 1 else given
    count = {
        "present": present,
        "issued": present if opening["way"] == "paper" else valid,
        "returned": valid,
        "valid": valid,
        "invalid": 0,
        "counts": [{"option": option, "votes": votes} for option, votes in counts.items()],
        "abstentions": 0,
        "tellers": ["lanh-dao-son-la" if cluster == CLUSTER else "can-bo-hoa-an"],
        "minutes": paper(f"BB-{opening['id']}", stage.time.now.date().isoformat(), "Ban kiểm phiếu"),
    }
    await office.change("scoring", path, "count", count)
    await office.change("scoring", path, "closing", {})


async def _voted(
    stage: Stage, cluster: str, opening: dict[str, Any], votes: dict[str, list[str]], *, abstains: list[str]
) -> None:
    """An open electronic vote: each leader with an account of their own."""
    office = stage.by("thuong-truc-cao-bang")
    await office.post("scoring", "/ballots", opening)
    path = f"/ballots/{opening['id']}"
    for unit, choices in votes.items():
        await stage.by(stage.leader(unit)).post("scoring", f"{path}/votes", {"unit_id": unit, "choices": choices})
    for unit in abstains:
        await stage.by(stage.leader(unit)).post("scoring", f"{path}/votes", {"unit_id": unit, "abstains": True})
    await office.change("scoring", path, "closing", {"present": len(votes) + len(abstains)})


def _appraiser(unit: str) -> str:
    return "tham-dinh-lao-cai" if unit == LEAD else "thuong-truc-cao-bang"


async def _etag(stage: Stage, login: str, path: str) -> str:
    return await stage.by(login).etag("scoring", path)
