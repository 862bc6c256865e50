"""``thidua log restore``: have a service whose gate is shut take the end of its log from those who hold it."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from thidua.cli.session import ask, console

LOOK_SECONDS = 0.5
STEPS = {"begun": "bắt đầu", "replaying": "dựng lại các bảng", "taking in": "lấy sự kiện", "done": "xong"}


def restore(
    service: Annotated[str, typer.Argument(help="Dịch vụ có cổng ghi đang đóng.")],
    without: Annotated[
        list[str] | None,
        typer.Option("--without", help="Bỏ qua nơi không trả lời này (dịch vụ theo dõi, hoặc stream); có ghi vào sổ."),
    ] = None,
    reason: Annotated[str, typer.Option(help="Lý do; được ghi vào sổ.")] = "Khôi phục cơ sở dữ liệu từ bản sao lưu",
) -> None:
    """Lấy lại phần sổ còn thiếu từ các dịch vụ theo dõi và từ luồng, rồi mở kỷ mới; nêu rõ phần không lấy lại được."""
    ask(service, "POST", "/ops/restoring", json={"reason": reason, "without": without or []})
    raise typer.Exit(0 if follow_to_end(service) else 1)


def follow_to_end(service: str) -> bool:
    """Show how the last restore of a service comes along, until it ends. False when it stopped before its end."""
    shown = ""
    while True:
        told = ask(service, "GET", "/ops/restoring")
        run = told["runs"][0] if told["runs"] else None
        if run is not None:
            line = f"{STEPS.get(run['step'], run['step'])}: tới {run['reached_seq']}, đã biết tới {run['known_seq']}"
            if line != shown:
                console.print(f"  {line}")
                shown = line
            if run["finished_at"]:
                _show_end(service, run, told["not_recovered"])
                return True
            if run["trouble"]:
                console.print(f"[red]Việc khôi phục {service} dừng giữa chừng:[/] {run['trouble']}")
                console.print("  Cổng ghi vẫn đóng. Chạy lại lệnh này để làm tiếp từ chỗ đã tới.")
                return False
        time.sleep(LOOK_SECONDS)


def _show_end(service: str, run: dict[str, Any], lost: list[dict[str, Any]]) -> None:
    taken = run["reached_seq"] - run["from_seq"]
    console.print(f"[bold]{service}[/]: đã lấy lại {max(0, taken)} sự kiện, sổ đã mở để ghi.")
    last = max((one["opened"] for one in lost), default=0)
    for one in (one for one in lost if one["opened"] == last):
        known = (
            f"đã biết có tới {one['to_seq']}"
            if one["to_seq"] >= one["from_seq"]
            else "không nơi nào biết có sự kiện nào như vậy"
        )
        console.print(
            f"  Không lấy lại được: sổ {one['log']}, kỷ {one['epoch']}, từ số {one['from_seq']} trở đi ({known})."
        )
    if run["without"]:
        console.print(f"  Đã bỏ qua, không hỏi được: {', '.join(run['without'])}.")
