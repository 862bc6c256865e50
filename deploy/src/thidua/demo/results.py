"""The result screens: scores with their layers, ranking with reasons, votes, proposals and why, decisions, notices."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from thidua.demo.screens import day
from thidua.demo.stage import BLOC, CLUSTER, TLD, YEAR, Stage

STATUS = {
    "drafted": "dự thảo, chờ đơn vị gửi",
    "submitted": "đã gửi",
    "received": "đã tiếp nhận",
    "returned": "trả lại để bổ sung",
    "forwarded": "đã trình",
    "refused": "từ chối",
    "withdrawn": "đã rút",
    "decided": "đã có quyết định",
}
OUTCOME = {
    "eligible": "đủ điều kiện",
    "not-eligible": "không đủ điều kiện",
    "to-be-completed": "cần bổ sung",
    "for-the-council-to-judge": "hội đồng xem xét",
    "for-council": "hội đồng xem xét",
}
ANSWER = {"met": "đạt", "not-met": "không đạt", "unknown": "chưa rõ", "for-council": "hội đồng xem xét"}
CLASS = {"leading": "dẫn đầu", "excellent": "xuất sắc", "none": ""}
WAY = {
    "show-of-hands": "biểu quyết giơ tay",
    "paper": "phiếu giấy, có ban kiểm phiếu",
    "in-writing": "lấy ý kiến bằng văn bản",
    "electronic-open": "điện tử, công khai",
}
OFFICE = "thuong-truc-cao-bang"


async def score_table(stage: Stage, console: Console) -> None:
    """Four layers for every unit, and the lines that somebody changed, with the reasons."""
    told = await stage.by(OFFICE).get("scoring", "/scorecards", cluster_id=CLUSTER, year_id=YEAR)
    table = Table(title=f"Bảng điểm – {told['title']} (băm {told['rubric_hash'][:12]})")
    table.add_column("Tiêu chí")
    for unit in stage.members(CLUSTER):
        table.add_column(stage.short(unit), justify="right")
    cards = {card["unit_id"]: card for card in told["cards"]}
    for nr, line in enumerate(told["cards"][0]["lines"]):
        cells = [_layers(cards[unit]["lines"][nr]) for unit in stage.members(CLUSTER)]
        table.add_row(f"{line['code']} (tối đa {line['max_points']})", *cells)
    table.add_section()
    for label, field in (("Tổng điểm", "total"), ("Được giao", "assigned"), ("Tỷ lệ %", "percentage")):
        table.add_row(label, *(str(cards[unit][field]) for unit in stage.members(CLUSTER)), style="bold")
    console.print(table)
    console.print("[dim]a → b: tự chấm → thẩm định hoặc hội nghị; ô trống: không được giao.[/]")


def _layers(line: dict[str, Any]) -> str:
    """The final points; where a layer changed them, the layers in order."""
    if line["final_points"] is None:
        return ""
    seen = [line[f"{layer}_points"] for layer in ("self", "appraised", "council")]
    changed = [points for points in seen if points is not None]
    steps = [points for nr, points in enumerate(changed) if nr == 0 or points != changed[nr - 1]]
    return " → ".join(steps) if len(steps) > 1 else str(line["final_points"])


async def ranking(stage: Stage, console: Console) -> None:
    for cluster in (CLUSTER, BLOC):
        [told] = await stage.by(OFFICE).get("scoring", "/rankings", cluster_id=cluster, year_id=YEAR)
        table = Table(title=f"Xếp hạng {'Cụm' if cluster == CLUSTER else 'khối huyện, ngành Cao Bằng'} năm 2024")
        for column in ("Hạng", "Đơn vị", "Điểm", "Tỷ lệ %", "Danh hiệu", "Vì sao"):
            table.add_column(column, overflow="fold")
        for row in told["rows"]:
            table.add_row(
                str(row.get("rank") or "–"),
                stage.short(row["unit_id"]),
                str(row.get("total") or "–"),
                str(row.get("percentage") or "–"),
                CLASS[row["classification"]],
                " ".join(row["reasons"]),
            )
        console.print(table)


async def votes(stage: Stage, console: Console) -> None:
    table = Table(title="Các cuộc bỏ phiếu của Cụm và của hội đồng")
    for column in ("Cuộc bỏ phiếu", "Cách", "Kết quả", "Vì sao"):
        table.add_column(column, overflow="fold")
    for told in await stage.by(OFFICE).get("scoring", "/ballots", cluster_id=CLUSTER, year_id=YEAR):
        result = told["result"] or {}
        elected = ", ".join(stage.short(unit) for unit in result.get("elected", []))
        table.add_row(told["opened"]["title"], WAY[told["opened"]["way"]], elected or "–", result.get("why", ""))
    for proposal in await _proposals(stage):
        reader = "thuong-truc-tld" if proposal["body"] == TLD else OFFICE
        for told in await stage.by(reader).get("awards", "/ballots", proposal_id=proposal["proposal_id"]):
            result = told["result"] or {}
            recused = len(told["opened"]["recused"])
            figures = f"{result.get('in_favour')} thuận, {result.get('against')} chống, {result.get('abstained')} trắng"
            table.add_row(
                f"Hội đồng xét {proposal['proposal_id']}",
                WAY[told["way"]],
                "thông qua" if result.get("passed") else "không thông qua",
                f"{figures}; ngưỡng: {told['threshold_words']}" + (f"; {recused} không tham gia" if recused else ""),
            )
    console.print(table)


async def proposals(stage: Stage, console: Console) -> None:
    table = Table(title="Đề nghị khen thưởng: đang ở đâu và vì sao", show_lines=True)
    for column in ("Đề nghị", "Cho ai", "Hình thức", "Hệ / kênh", "Điều kiện", "Đang ở đâu", "Vì sao"):
        table.add_column(column, overflow="fold")
    names = await shown(stage)
    for told in await _proposals(stage):
        table.add_row(
            told["proposal_id"],
            names.recipient(told["recipient"]),
            names.title(told["title"]),
            f"{'phong trào' if told['track'] == 'movement' else 'chuyên trách'} / "
            f"{'công đoàn' if told['channel'] == 'union' else 'chính quyền'}",
            OUTCOME.get(told["outcome"], told["outcome"]),
            f"{STATUS.get(told['status'], told['status'])}: {stage.short(told['body'])}"
            + (f", {told['stage']}" if told.get("stage") else ""),
            told.get("why") or (told["basis"]["text"]),
        )
    console.print(table)


async def eligibility(stage: Stage, console: Console) -> None:
    """Condition by condition for the case that a paper completed: the answer before, the answer now."""
    case = stage.kept["completed_case"]
    now = (await stage.by(OFFICE).get("awards", f"/proposals/{case}"))["assessment"]
    table = Table(title=f"Điều kiện của hồ sơ {case} (theo {now['rule_set_id']})")
    for column in ("Điều kiện", "Lúc gửi", "Sau khi bổ sung", "Đã tính gì"):
        table.add_column(column, overflow="fold")
    before = dict(_conditions(stage.kept["before_completion"]))
    for code, told in _conditions(now):
        first = before.get(code, {}).get("outcome", "–")
        counted = "; ".join(one.get("text", "") for one in told.get("counted", [])) or told.get("why", "") or ""
        table.add_row(
            f"{code} {told['text']}", ANSWER.get(first, first), ANSWER.get(told["outcome"], told["outcome"]), counted
        )
    console.print(table)


def _conditions(assessment: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found = [(one["code"], one) for one in assessment["general"]]
    for route in assessment["routes"]:
        found += [(one["code"], one) for one in route["conditions"]]
    return found


async def decisions(stage: Stage, console: Console) -> None:
    table = Table(title="Quyết định khen thưởng")
    for column in ("Số", "Ngày", "Nơi ban hành", "Người ký", "Danh sách"):
        table.add_column(column, overflow="fold")
    names = await shown(stage)
    for told in await stage.by(OFFICE).all("awards", "/decisions"):
        listed = [f"{names.recipient(one['recipient'])} ({names.title(one['title'])})" for one in told["awards"]]
        table.add_row(
            told["number"], day(told["date"]), stage.short(told["issuing_body"]), told["signatory"], "; ".join(listed)
        )
    console.print(table)


async def notices(stage: Stage, console: Console, mails: int) -> None:
    """How much each unit was told, by topic; and what the mail server took."""
    table = Table(title="Thông báo, nhắc việc theo đơn vị")
    for column in ("Đơn vị", "Hộp thư đơn vị", "Thư điện tử", "Trong đó nhắc hạn", "Chủ đề nhiều nhất"):
        table.add_column(column, overflow="fold")
    for unit in (*stage.members(CLUSTER), *stage.members(BLOC)):
        told = await stage.by(stage.officer(unit)).all("notify", "/notices", unit_id=unit, limit=500)
        inbox = [one for one in told if one["channel"] == "inbox"]
        mail = [one for one in told if one["channel"] == "email"]
        topics = Counter(one["title"] for one in inbox)
        reminders = sum(1 for one in inbox if one["topic"].startswith("remind"))
        most = "; ".join(f"{title} ({count})" for title, count in topics.most_common(2))
        table.add_row(stage.short(unit), str(len(inbox)), str(len(mail)), str(reminders), most)
    console.print(table)
    console.print(f"[dim]Máy chủ thư nhận {mails} thư.[/]")


async def shown(stage: Stage) -> Shown:
    """Names of persons from registry, of titles from the rule sets in force: ids are for machines."""
    ids = ",".join(one["id"] for one in stage.world["people"])
    people = await stage.by("thuong-truc-tld").all("registry", "/people", ids=ids, limit=500)
    titles: dict[str, str] = {}
    for rules in await stage.by(OFFICE).all("awards", "/rule-sets"):
        titles |= rules["forms"]
    return Shown(stage, {one["id"]: one["name"] for one in people}, titles)


@dataclass(frozen=True)
class Shown:
    """How recipients and titles are called."""

    stage: Stage
    people: dict[str, str]
    titles: dict[str, str]

    def recipient(self, told: dict[str, str]) -> str:
        return self.stage.short(told["id"]) if told["kind"] == "unit" else self.people.get(told["id"], told["id"])

    def title(self, code: str) -> str:
        return self.titles.get(code, code)


async def _proposals(stage: Stage) -> list[dict[str, Any]]:
    """Everything that the province's standing office or the federation's may see, each once."""
    found = {
        one["proposal_id"]: one
        for login in (OFFICE, "thuong-truc-tld")
        for one in await stage.by(login).all("awards", "/proposals")
    }
    return sorted(found.values(), key=lambda one: (one["body"] == TLD, one["proposal_id"]))
