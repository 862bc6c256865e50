"""``thidua log verify`` and ``thidua log export``: hold a log against all who have it; carry it away to be checked."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer
from chassis.logread import Page
from nats.aio.client import Client

from thidua.cli.courier import log_app, run
from thidua.cli.session import addresses, console
from thidua.local.topologies import topology_of
from thidua.proof.agreement import Verdict, verified
from thidua.proof.exports import heading, line
from thidua.proof.heads import own_page


@log_app.command("verify")
def verify(
    service: Annotated[str, typer.Argument(help="Dịch vụ giữ sổ; không nêu thì mọi dịch vụ.")] = "",
) -> None:
    """Tính lại chuỗi băm của cả sổ, so đầu sổ với luồng và với mọi dịch vụ theo dõi; mã thoát 1 khi có điều sai."""
    topology = topology_of(addresses())
    services = [service] if service else list(topology.services)

    async def all_verified(client: Client) -> list[Verdict]:
        return [await verified(client, topology, name) for name in services]

    verdicts = run(all_verified)
    for verdict in verdicts:
        show(verdict)
    if not all(verdict.well for verdict in verdicts):
        raise typer.Exit(1)


def show(verdict: Verdict) -> None:
    name = verdict.log.split(".")[1]
    if verdict.broken:
        console.print(f"[red]{name}: chuỗi băm SAI.[/] {verdict.broken}", soft_wrap=True)
        return
    console.print(
        f"{name}: {verdict.head.seq} sự kiện, chuỗi băm đúng từ sự kiện đầu đến đầu sổ {verdict.head}.", soft_wrap=True
    )
    for holding in verdict.holdings:
        at = f" ({holding.at})" if holding.at and holding.at.seq else ""
        said = f"[red]{holding.said}[/]" if holding.wrong else holding.said
        console.print(f"  {holding.holder}{at}: {said}", soft_wrap=True)


@log_app.command("export")
def export(
    service: Annotated[str, typer.Argument(help="Dịch vụ giữ sổ.")],
    file: Annotated[Path, typer.Argument(help="Tệp ghi ra.", dir_okay=False)],
    without_data: Annotated[
        bool, typer.Option("--without-data", help="Thay nội dung bằng mã băm của nó; chuỗi vẫn kiểm tra được.")
    ] = False,
) -> None:
    """Xuất cả sổ ra tệp để nơi khác kiểm tra (thidua checkpoint verify --log)."""

    async def written(client: Client) -> int:
        count = 0
        unfinished = file.with_name(f"{file.name}.unfinished")
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(heading(f"{addresses().site}.{service}"))
            async for page in _pages(client, service):
                out.writelines(line(event, with_data=not without_data) for event in page.events)
                count += len(page.events)
        unfinished.replace(file)
        return count

    console.print(f"Đã xuất {run(written)} sự kiện của {service} ra {file}.", soft_wrap=True)


async def _pages(client: Client, service: str) -> AsyncIterator[Page]:
    """The whole log as it stands, to its head of the moment."""
    site = addresses().site
    page = await own_page(client, site, service, 0)
    while page.events:
        yield page
        page = await own_page(client, site, service, page.events[-1].seq)
