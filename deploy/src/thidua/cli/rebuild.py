"""``thidua rebuild``: build tables anew from their log beside the live ones, compare, swap; watch until it is done."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from rich.table import Table

from thidua.cli.session import ask, console

LOOK_SECONDS = 0.5
_STATES = {
    "asked": "đang chờ",
    "running": "đang dựng lại",
    "swapped": "đã đổi sang bảng mới",
    "differs": "khác với bảng đang dùng, chưa đổi",
    "failed": "không dựng lại được; bảng đang dùng giữ nguyên",
}


def rebuild(
    service: Annotated[str, typer.Argument(help="Dịch vụ có các bảng cần dựng lại.")],
    log: Annotated[
        str, typer.Argument(help="Sổ nuôi các bảng đó, ví dụ registry hoặc vn.registry; không nêu: mọi sổ của dịch vụ.")
    ] = "",
    swap_anyway: Annotated[
        bool, typer.Option("--swap-anyway", help="Đổi sang bảng mới cả khi nó khác với bảng đang dùng.")
    ] = False,
) -> None:
    """Dựng lại các bảng từ sổ bên cạnh bảng đang dùng, so từng dòng, rồi đổi; dịch vụ vẫn chạy."""
    site = ask(service, "GET", "/ops/state")["site"]
    name = f"{site}.{log}" if log and "." not in log else log or None
    asked = ask(service, "POST", "/ops/rebuild", json={"log": name, "swap_anyway": swap_anyway})["asked"]
    with console.status("…") as shown:
        while True:
            told = [one for one in ask(service, "GET", "/ops/rebuild") if one["log"] in asked]
            if all(one["ended_at"] for one in told):
                break
            shown.update("; ".join(_line(one) for one in told))
            time.sleep(LOOK_SECONDS)
    for one in told:
        console.print(_line(one))
        if one["wrong"]:
            console.print(f"  {one['wrong']}", markup=False)
        if one["differences"]:
            console.print(_differences(one["differences"]))
    if any(one["state"] == "differs" for one in told):
        console.print("Xem các dòng khác nhau ở trên; muốn đổi vẫn đổi: thêm [bold]--swap-anyway[/].")
    if any(one["state"] != "swapped" for one in told):
        raise typer.Exit(1)


def _line(one: dict[str, Any]) -> str:
    far = f" {one['done']}/{one['upto']}" if one["state"] == "running" and one["upto"] else ""
    return f"{one['log']}: {_STATES[one['state']]}{far}"


def _differences(found: list[dict[str, Any]]) -> Table:
    table = Table(title="Khác nhau")
    for column in ("Bảng", "Chỉ có ở bảng đang dùng", "Chỉ có ở bảng dựng lại"):
        table.add_column(column, overflow="fold")
    for one in found:
        table.add_row(
            one["table"],
            "\n".join([str(one["only_live"]), *one["live_rows"]]),
            "\n".join([str(one["only_replayed"]), *one["replayed_rows"]]),
        )
    return table
