"""Commands that speak to NATS as ``ops``: read logs, plan, apply and verify the topology."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import nats.errors
import typer
from chassis.logread import Page
from chassis.topology_changes import Impossible, apply, find, plan, verify
from nats.aio.client import Client
from rich.table import Table

from thidua.cli.session import addresses, console, folder
from thidua.local.topologies import topology_of
from thidua.proof.heads import as_ops, own_page

log_app = typer.Typer(help="Sổ sự kiện của từng dịch vụ.", no_args_is_help=True)
topology_app = typer.Typer(help="Luồng và quyền trên NATS, so với deploy/topology.yaml.", no_args_is_help=True)

T = TypeVar("T")


def run(work: Callable[[Client], Awaitable[T]]) -> T:
    async def connected() -> T:
        async with as_ops(folder(), addresses()) as client:
            return await work(client)

    try:
        return asyncio.run(connected())
    except (nats.errors.Error, OSError) as error:
        console.print(f"NATS không trả lời: {error or type(error).__name__}")
        raise typer.Exit(2) from error


@log_app.command()
def tail(
    service: Annotated[str, typer.Argument(help="Dịch vụ giữ sổ.")],
    count: Annotated[int, typer.Option("-n", help="Số sự kiện cuối.")] = 10,
    full: Annotated[bool, typer.Option("--full", help="In cả nội dung.")] = False,
) -> None:
    """Các sự kiện cuối của một sổ."""

    async def last(client: Client) -> Page:
        site = addresses().site
        head = (await own_page(client, site, service, 0, 1)).head
        return await own_page(client, site, service, max(0, (head.seq if head else 0) - count), count)

    for event in run(last).events:
        header = json.loads(event.header)
        console.print(
            f"[bold]{event.key}[/] {header['act']['recorded'][:19]} {header['type']} "
            f"[dim]{', '.join(header['subjects'])} · {header['act']['typed_by']} · {event.hash.hex()[:12]}[/]"
        )
        if full:
            console.print_json(event.data.decode())


@topology_app.command("plan")
def plan_topology() -> None:
    """Việc cần làm để NATS khớp với tệp mô tả; không thay đổi gì."""

    async def planned(client: Client) -> list[Any]:
        wanted = topology_of(addresses())
        return plan(wanted, await find(client.jetstream(), wanted))

    changes = run(planned)
    if not changes:
        console.print("NATS đã khớp với deploy/topology.yaml; không có gì phải làm.")
    for change in changes:
        console.print(f"  {change}")


@topology_app.command("apply")
def apply_topology() -> None:
    """Làm cho NATS khớp với tệp mô tả."""

    async def applied(client: Client) -> list[Any]:
        wanted = topology_of(addresses())
        js = client.jetstream()
        changes = plan(wanted, await find(js, wanted))
        await apply(js, wanted, changes)
        return changes

    try:
        changes = run(applied)
    except Impossible as error:
        console.print(f"[red]Không thể tự sửa:[/] {error}. Phải có người quyết định xóa luồng.")
        raise typer.Exit(1) from error
    for change in changes:
        console.print(f"  {change}")
    console.print(f"Đã làm {len(changes)} việc.")


@topology_app.command("verify")
def verify_topology() -> None:
    """So NATS với tệp mô tả; mã thoát 1 khi lệch."""

    async def verified(client: Client) -> list[Any]:
        return await verify(client.jetstream(), topology_of(addresses()))

    drifts = run(verified)
    if not drifts:
        console.print("NATS khớp với deploy/topology.yaml.")
        return
    table = Table("Đối tượng", "Lệch")
    for drift in drifts:
        table.add_row(*(str(part) for part in vars(drift).values()))
    console.print(table)
    raise typer.Exit(1)
