"""The screens at the end of the demo: plan and deadlines, registrations and reports, notices, the journey of a case."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from thidua.cli.operate import journey_table
from thidua.demo.stage import BLOC, CLUSTER, OPERATOR, YEAR, Stage

_FILINGS = {"registration": "Đăng ký", "half-year-report": "Sơ kết 6 tháng", "year-report": "Tổng kết năm"}
_OUTCOMES = {"done": "đã làm", "no-case-arose": "không phát sinh", "not-done": "không làm", None: "đang mở"}


def day(instant: str | None) -> str:
    """An instant or a date as officers write it."""
    return f"{instant[8:10]}/{instant[5:7]}/{instant[:4]}" if instant else "–"


def first_screen(console: Console) -> None:
    """Said before anything starts: what is played, what is real, what is made up."""
    console.print("[bold]THI ĐUA – một năm thi đua của Cụm LĐLĐ bảy tỉnh biên giới phía Bắc[/]")
    console.print(
        "Kế hoạch thật của Cụm năm 2015 được dời sang năm 2024: năm đầu của Luật 06/2022/QH15 và là năm cuối còn cấp\n"
        "huyện và 63 tỉnh. Kế hoạch riêng của Cao Bằng là kế hoạch thật năm 2017. Nguồn nêu tên Cao Bằng, Lào Cai và\n"
        "Lai Châu; bốn tỉnh Hà Giang, Lạng Sơn, Điện Biên, Sơn La, mọi tên người, con số và số văn bản là giả định."
    )


async def plan_and_deadlines(stage: Stage, console: Console) -> None:
    officer = stage.by("thuong-truc-cao-bang")
    for plan in stage.kept.get("plans", ["kh-cum-2024"]):
        told = await officer.get("registry", f"/plans/{plan}")
        table = Table(title=f"{told['title']} (số {told['number']}, {day(told['date'])})", show_lines=False)
        for column in ("TT", "Nội dung", "Thực hiện", "Quý", "Hạn", "Kết quả"):
            table.add_column(column, overflow="fold")
        for task in told["tasks"]:
            table.add_row(
                task["no"],
                task["text"],
                ", ".join(task["bodies"]),
                task.get("quarter") or "",
                day(task.get("deadline")),
                _OUTCOMES[task.get("outcome")],
            )
        console.print(table)
    await filings(stage, console)


async def filings(stage: Stage, console: Console) -> None:
    """Who was on time, late, accepted late, extended or missing, for every deadline of both clusters."""
    for cluster, reader in ((CLUSTER, "thuong-truc-tld"), (BLOC, "thuong-truc-cao-bang")):
        rows = await stage.by(reader).get("registry", "/filings", year_id=YEAR, cluster_id=cluster)
        kinds = [kind for kind in _FILINGS if any(row["kind"] == kind for row in rows)]
        table = Table(title=f"Hạn nộp và tình trạng – {_name(stage, cluster)}")
        table.add_column("Đơn vị")
        for kind in kinds:
            due = next(row["due"] for row in rows if row["kind"] == kind)
            table.add_column(f"{_FILINGS[kind]}\n(hạn {day(due)})", overflow="fold")
        for unit in stage.members(cluster):
            told = {row["kind"]: row for row in rows if row["unit_id"] == unit}
            table.add_row(stage.short(unit), *(_filing(told.get(kind)) for kind in kinds))
        console.print(table)


def _filing(row: dict[str, Any] | None) -> str:
    if row is None:
        return "–"
    received = f" {day(row['received'])}" if row.get("received") else ""
    waits = " · nhập hộ, chờ xác nhận" if row.get("awaits_confirmation") else ""
    return f"{row['told']}{received}{waits}"


async def journey(stage: Stage, console: Console, case: str) -> None:
    operator = stage.by(OPERATOR)
    steps: list[dict[str, Any]] = []
    for service in stage.api.addresses.services:
        steps += await operator.get(service, f"/ops/journey/{case}")
    console.print(journey_table(case, steps))


async def receipts(stage: Stage, console: Console) -> None:
    """How many receipts were given, and how many already read *at the centre*."""
    operator = stage.by(OPERATOR)
    last: dict[str, dict[str, Any]] = {}
    for receipt in stage.api.receipts:
        last[receipt["log"]] = receipt
    table = Table(title=f"{len(stage.api.receipts)} biên nhận đã cấp; biên nhận cuối của mỗi sổ")
    for column in ("Sổ", "Số", "Băm", "Ở đâu", "Nơi giữ"):
        table.add_column(column)
    for log, receipt in sorted(last.items()):
        told = await operator.get(log.split(".")[1], receipt["href"])
        where = "đã về trung tâm" if told["where"] == "at-the-centre" else "mới có tại đây"
        table.add_row(log, str(receipt["last_seq"]), receipt["hash"][:16], where, ", ".join(told["held_by"]))
    console.print(table)


def refusals(stage: Stage, console: Console) -> None:
    """What was refused on the way, as the officer read it."""
    table = Table(title="Những việc đã bị từ chối trong năm", show_lines=True)
    for column in ("Ai", "Lời từ chối", "Quy định", "Cần làm"):
        table.add_column(column, overflow="fold")
    for problem in stage.api.refusals:
        table.add_row(problem["who"], f"{problem['title']}: {problem['detail']}", problem["rule"], problem["todo"])
    console.print(table)


def _name(stage: Stage, cluster: str) -> str:
    return next(one["name"] for one in stage.world["clusters"] if one["id"] == cluster)
