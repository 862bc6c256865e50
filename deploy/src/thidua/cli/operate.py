"""Commands for those who run the site: token, status, journey, quarantine."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any

import httpx
import typer
from chassis.clock import HANOI
from rich.table import Table

from thidua.cli.session import addresses, ask, console, keep_token, made_up_password, show_problem

quarantine_app = typer.Typer(help="Sự kiện bị cách ly: xem, thử lại, loại bỏ có ghi danh.", no_args_is_help=True)


def token(
    login: Annotated[str, typer.Argument(help="Tên đăng nhập.")],
    password: Annotated[
        str, typer.Option(envvar="THIDUA_PASSWORD", help="Mật khẩu; không nêu thì hỏi, trừ tài khoản của `make up`.")
    ] = "",
) -> None:
    """Lấy mã truy cập (tối đa một giờ), in ra và giữ lại cho các lệnh sau."""
    password = password or made_up_password(login) or typer.prompt("Mật khẩu", hide_input=True)
    with httpx.Client(base_url=addresses().services["registry"], timeout=30, trust_env=False) as client:
        answer = client.post("/tokens", json={"login": login, "password": password})
    if answer.status_code >= 400:
        show_problem(answer)
        raise typer.Exit(1)
    fetched = answer.json()["token"]
    keep_token(fetched)
    # Plain print: the token goes whole into a variable or a pipe, never wrapped.
    print(fetched)


def status() -> None:
    """Tình trạng bốn dịch vụ: đầu sổ, đã chuyển tới đâu, theo dõi tới đâu, cách ly, chờ, chưa gửi."""
    table = Table(title="Tình trạng hệ thống")
    for column in ("Dịch vụ", "Đồng hồ", "Đầu sổ", "Đã chuyển", "Theo dõi", "Cách ly", "Chờ", "Chưa gửi", "Sức khỏe"):
        table.add_column(column)
    for name in addresses().services:
        told = ask(name, "GET", "/ops/state")
        table.add_row(
            name,
            in_hanoi(told["clock"]),
            str(told["head"]["seq"]),
            ", ".join(f"{to}: {seq}" for to, seq in told["relayed"].items()) or "–",
            ", ".join(f"{log.split('.')[1]}: {mark['seq']}" for log, mark in told["marks"].items()) or "–",
            str(told["held"]),
            str(told["waits"]),
            str(told["unsent"]) + ("" if told["whole"] else " (giữ lại tới khi đuổi kịp)"),
            "; ".join(f"{part}: {why}" for part, why in told["health"].items()) or "tốt",
        )
    console.print(table)


def journey(
    id: Annotated[str, typer.Argument(help="Mã hồ sơ (correlation), ví dụ case-nam-2024-ldld-cao-bang.")],
) -> None:
    """Hành trình của một hồ sơ qua mọi dịch vụ: lúc nào, ở đâu, ai, do đâu, mã vết."""
    steps: list[dict[str, Any]] = []
    for name in addresses().services:
        steps += ask(name, "GET", f"/ops/journey/{id}")
    if not steps:
        console.print(f"Không có sự kiện nào thuộc hồ sơ [bold]{id}[/].")
        raise typer.Exit(1)
    console.print(journey_table(id, steps))


def in_hanoi(instant: str) -> str:
    """An instant as officials read it."""
    return f"{datetime.fromisoformat(instant).astimezone(HANOI):%d/%m/%Y %H:%M}"


def journey_table(id: str, steps: list[dict[str, Any]]) -> Table:
    """All events of a case, oldest first; events of one kind and one cause, such as notices, share a row."""
    table = Table(title=f"Hành trình hồ sơ {id}")
    for column in ("Lúc", "Dịch vụ", "Sự kiện", "Của", "Người nhập", "Do", "Mã vết"):
        table.add_column(column, overflow="fold")
    for alike in _alike(sorted(steps, key=_order)):
        first, last = alike[0], alike[-1]
        more = "" if len(alike) == 1 else f" … {last['key'].split(':')[2]} ({len(alike)} sự kiện)"
        table.add_row(
            in_hanoi(first["at"]),
            first["service"],
            f"{first['type'].split('.')[1]}\n[dim]{first['key']}{more}[/]",
            first["whose"],
            first["typed_by"] + ("" if first["means"] == "online" else f" ({first['means']})"),
            first["causation"] or "–",
            (first["trace_id"] or "–")[:16],
        )
    return table


def _order(step: dict[str, Any]) -> tuple[str, int, int]:
    """By instant; within one, causes before effects: the services in the order in which they follow one another."""
    services = ("registry", "scoring", "awards", "notify")
    return step["at"], services.index(step["service"]), int(step["key"].split(":")[2])


def _alike(steps: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Neighbours of the same instant, service, type and cause together."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for step in steps:
        same = (in_hanoi(step["at"]), step["service"], step["type"], str(step["causation"]), step["typed_by"])
        groups.setdefault(same, []).append(step)
    return list(groups.values())


@quarantine_app.command("list")
def list_held(service: Annotated[str, typer.Argument(help="Dịch vụ đang giữ.")]) -> None:
    """Liệt kê sự kiện bị cách ly và lý do."""
    held = ask(service, "GET", "/ops/quarantine")
    if not held:
        console.print(f"{service}: không có sự kiện nào bị cách ly.")
        return
    table = Table(title=f"Cách ly tại {service}")
    for column in ("Sự kiện", "Loại", "Quy định", "Lý do", "Đối tượng", "Từ lúc"):
        table.add_column(column, overflow="fold")
    for one in held:
        key = f"{one['log']}:{one['epoch']}:{one['seq']}"
        table.add_row(key, one["kind"], one["rule"], one["reason"], ", ".join(one["subjects"]), one["held_at"][:19])
    console.print(table)


@quarantine_app.command()
def redrive(service: Annotated[str, typer.Argument(help="Dịch vụ đang giữ.")]) -> None:
    """Thử áp dụng lại, theo đúng thứ tự."""
    told = ask(service, "POST", "/ops/quarantine/redriving")
    console.print(f"{service}: đã yêu cầu thử lại {told['held']} sự kiện.")


@quarantine_app.command()
def discard(
    service: Annotated[str, typer.Argument(help="Dịch vụ đang giữ.")],
    event: Annotated[str, typer.Argument(help="Sự kiện, dạng <sổ>:<kỷ>:<số>.")],
    reason: Annotated[str, typer.Option(prompt="Lý do", help="Lý do; được ghi vào sổ cùng tên người.")],
) -> None:
    """Loại bỏ hẳn một sự kiện: việc này được ghi vào sổ của dịch vụ và ràng buộc mọi lần dựng lại."""
    log, epoch, seq = event.split(":")
    told = ask(
        service,
        "POST",
        f"/ops/quarantine/{log}/{epoch}/{seq}/discard",
        json={"reason": reason},
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )
    console.print(f"Đã loại bỏ {event}; biên nhận {told['events'][0]['id']}.")
