"""Plays the year: a site of its own, the chapters in order, the screens at the end, the invariants last of all."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console
from thidua.demo.api import Api
from thidua.demo.chapters import filings, foundation
from thidua.demo.clock import DemoTime, day
from thidua.demo.stage import ADMINISTRATOR, Stage
from thidua.local.site import Site

STARTS = day("2023-11-18")
"""The first day of the cluster's plan for 2024."""

Chapter = Callable[[Stage], Awaitable[None]]

CHAPTERS: list[tuple[str, Chapter]] = [
    ("Dựng đơn vị, con người, cụm, năm, hạn nộp", foundation.play),
    ("Đăng ký thi đua", filings.registrations),
    ("Sơ kết sáu tháng", filings.half_year),
    ("Báo cáo năm", filings.year_reports),
]


async def play(folder: Path, console: Console) -> int:
    """Play the whole year in ``folder``; the exit status says whether every invariant held."""
    began = time.monotonic()
    async with Site(folder, demo=True, starts=STARTS, report=lambda step: console.print(f"[dim]  {step}[/]")) as site:
        console.print(f"[dim]  sẵn sàng sau {time.monotonic() - began:.1f} giây[/]")
        async with Api(site.addresses, {ADMINISTRATOR: site.bootstrap_password}) as api:
            player = await DemoTime.connect(site.nats.url, site.nats_password())
            try:
                follows = {name: list(links.follows) for name, links in site.topology.services.items()}
                clock = DemoTime(api, player, ADMINISTRATOR, follows, STARTS)
                stage = Stage(api, clock, lambda line: console.print(f"    {line}"))
                await site.while_alive(year(stage, console))
            finally:
                await player.close()
    return 0


async def year(stage: Stage, console: Console) -> None:
    """Every chapter in turn, each with its day and how long it took."""
    for nr, (title, chapter) in enumerate(CHAPTERS, 1):
        began = time.monotonic()
        console.print(f"[bold]{nr}. {title}[/]  [dim]{stage.time.now:%d/%m/%Y}[/]")
        await chapter(stage)
        console.print(f"    [dim]{time.monotonic() - began:.1f} giây[/]")
