"""Commands that speak to NATS as ``ops``: read and verify logs, plan, apply and verify the topology."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeVar

import nats
import nats.errors
import typer
from chassis import subjects
from chassis.logread import MAX_EVENTS, Page, from_json
from chassis.topology import OPS, Topology
from chassis.topology_changes import Impossible, apply, find, plan, verify
from contracts.envelope import event_hash, seed_hash
from nats.aio.client import Client
from rich.table import Table

from thidua.cli.session import addresses, console, folder
from thidua.local.folders import topology_file
from thidua.local.nats import users_of

log_app = typer.Typer(help="Sổ sự kiện của từng dịch vụ.", no_args_is_help=True)
topology_app = typer.Typer(help="Luồng và quyền trên NATS, so với deploy/topology.yaml.", no_args_is_help=True)

T = TypeVar("T")


@asynccontextmanager
async def as_ops() -> AsyncIterator[Client]:
    """A connection with the rights of operations and no others."""
    where = addresses()
    user = users_of(Topology.load(topology_file()), folder())[OPS]
    client = await nats.connect(
        where.nats, user=OPS, password=user.password, inbox_prefix=subjects.inbox(OPS).encode(), connect_timeout=5
    )
    try:
        yield client
    finally:
        await client.close()


def run(work: Callable[[Client], Awaitable[T]]) -> T:
    async def connected() -> T:
        async with as_ops() as client:
            return await work(client)

    try:
        return asyncio.run(connected())
    except (nats.errors.Error, OSError) as error:
        console.print(f"NATS không trả lời: {error or type(error).__name__}")
        raise typer.Exit(2) from error


async def page(client: Client, service: str, after: int, limit: int = MAX_EVENTS) -> Page:
    """A page of a service's log, by ``log.read``."""
    site = addresses().site
    request = json.dumps({"log": f"{site}.{service}", "after_seq": after, "limit": limit}).encode()
    answer = await client.request(subjects.log_read(site, service), request, timeout=10)
    return from_json(json.loads(answer.data))


@log_app.command()
def tail(
    service: Annotated[str, typer.Argument(help="Dịch vụ giữ sổ.")],
    count: Annotated[int, typer.Option("-n", help="Số sự kiện cuối.")] = 10,
    full: Annotated[bool, typer.Option("--full", help="In cả nội dung.")] = False,
) -> None:
    """Các sự kiện cuối của một sổ."""

    async def last(client: Client) -> Page:
        head = (await page(client, service, 0, 1)).head
        return await page(client, service, max(0, (head.seq if head else 0) - count), count)

    for event in run(last).events:
        header = json.loads(event.header)
        console.print(
            f"[bold]{event.key}[/] {header['act']['recorded'][:19]} {header['type']} "
            f"[dim]{', '.join(header['subjects'])} · {header['act']['typed_by']} · {event.hash.hex()[:12]}[/]"
        )
        if full:
            console.print_json(event.data.decode())


@log_app.command("verify")
def verify_log(service: Annotated[str, typer.Argument(help="Dịch vụ giữ sổ.")]) -> None:
    """Tính lại chuỗi băm của cả sổ và so với đầu sổ."""

    async def walk(client: Client) -> tuple[int, list[str], Page]:
        seq, prev, wrong = 0, seed_hash(f"{addresses().site}.{service}"), []
        while True:
            read = await page(client, service, seq)
            for event in read.events:
                fits = event_hash(event.prev, event.epoch, event.seq, event.header, event.data) == event.hash
                if event.seq != seq + 1 or event.prev != prev or not fits:
                    wrong.append(event.key)
                seq, prev = event.seq, event.hash
            if not read.events or (read.head and seq >= read.head.seq):
                if read.head and (seq, prev) != (read.head.seq, read.head.hash):
                    wrong.append(f"đầu sổ {read.head.seq}")
                return seq, wrong, read

    seq, wrong, _ = run(walk)
    if wrong:
        console.print(f"[red]{service}: chuỗi băm SAI tại {', '.join(wrong[:10])}[/]")
        raise typer.Exit(1)
    console.print(f"{service}: {seq} sự kiện, chuỗi băm đúng từ sự kiện đầu đến đầu sổ.")


@topology_app.command("plan")
def plan_topology() -> None:
    """Việc cần làm để NATS khớp với tệp mô tả; không thay đổi gì."""

    async def planned(client: Client) -> list[Any]:
        topology = Topology.load(topology_file())
        return plan(topology, await find(client.jetstream(), topology))

    changes = run(planned)
    if not changes:
        console.print("NATS đã khớp với deploy/topology.yaml; không có gì phải làm.")
    for change in changes:
        console.print(f"  {change}")


@topology_app.command("apply")
def apply_topology() -> None:
    """Làm cho NATS khớp với tệp mô tả."""

    async def applied(client: Client) -> list[Any]:
        topology = Topology.load(topology_file())
        js = client.jetstream()
        changes = plan(topology, await find(js, topology))
        await apply(js, topology, changes)
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
        return await verify(client.jetstream(), Topology.load(topology_file()))

    drifts = run(verified)
    if not drifts:
        console.print("NATS khớp với deploy/topology.yaml.")
        return
    table = Table("Đối tượng", "Lệch")
    for drift in drifts:
        table.add_row(*(str(part) for part in vars(drift).values()))
    console.print(table)
    raise typer.Exit(1)
