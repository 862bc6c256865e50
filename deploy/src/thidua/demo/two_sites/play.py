"""Plays the shortened year at two sites, shows what each saw of the other, and checks the promise over both."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console
from thidua.demo.api import Api
from thidua.demo.clock import DemoTime
from thidua.demo.findings import shown
from thidua.demo.stage import ADMINISTRATOR, Stage
from thidua.demo.two_sites import show
from thidua.demo.two_sites.clock import SitesTime
from thidua.demo.two_sites.story import CHAPTERS, SITE, STARTS, Story, national_world, provincial_world
from thidua.invariants import Accepted, Books, Finding, check
from thidua.invariants_across import check_across
from thidua.local.sites import Sites


async def play(folder: Path, console: Console) -> int:
    """Play in ``folder``; the exit status says whether every invariant held."""
    show.first_screen(console)
    began = time.monotonic()
    said = lambda step: console.print(f"[dim]  {step}[/]")  # noqa: E731
    async with Sites(folder, demo=True, starts=STARTS, settings={"beacon_seconds": 2}, report=said) as sites:
        console.print(f"[dim]  sẵn sàng sau {time.monotonic() - began:.1f} giây[/]")
        async with AsyncExitStack() as stack:
            apis, players = {}, {}
            for name, site in sites.all.items():
                apis[name] = await stack.enter_async_context(
                    Api(site.addresses, {ADMINISTRATOR: site.bootstrap_password})
                )
                below = name if site.topology.above else ""
                players[name] = await DemoTime.connect(site.nats.url, site.nats_password(), below)
                stack.push_async_callback(players[name].close)
            clock = SitesTime(sites, apis, players, ADMINISTRATOR, STARTS)
            story = Story(
                sites,
                clock,
                Stage(apis[sites.tree.hub], clock, lambda line: console.print(f"    {line}"), national_world()),
                Stage(apis[SITE], clock, lambda line: console.print(f"    [cyan]{line}[/]"), provincial_world()),
            )
            await sites.while_alive(asyncio.ensure_future(_year(story, console)))
            await show.ranking_at_the_province(story, console)
            show.receipts(story, console)
            await show.crossings(story, console)
            await story.time.rest()
        findings = await _check(sites, apis)
    console.print(shown(findings, "Tự kiểm tra trên cơ sở dữ liệu của cả hai điểm (chỉ đọc)"))
    return 1 if any(finding.wrong for finding in findings) else 0


async def _year(story: Story, console: Console) -> None:
    began = time.monotonic()
    for nr, (title, chapter) in enumerate(CHAPTERS, 1):
        started = time.monotonic()
        console.print(f"[bold]{nr}. {title}[/]  [dim]từ {story.time.now:%d/%m/%Y}[/]")
        await chapter(story)
        console.print(f"    [dim]{time.monotonic() - started:.1f} giây[/]")
    calls = sum(stage.api.calls for stage in (story.centre, story.province))
    console.print(f"[dim]Cả năm trong {time.monotonic() - began:.1f} giây; {calls} lời gọi API.[/]\n")


async def _check(sites: Sites, apis: dict[str, Api]) -> list[Finding]:
    books: dict[str, Books] = {}
    findings: list[Finding] = []
    try:
        for name, site in sites.all.items():
            audit = {service: site.audit(service) for service in site.names}
            books[name] = Books(name, audit, await site.scratch(), above=site.topology.above or "")
            accepted = [
                Accepted(one["log"], one["epoch"], one["first_seq"], one["last_seq"], one["hash"])
                for one in apis[name].receipts
            ]
            for finding in await check(books[name], accepted):
                finding.name = f"{name}: {finding.name}"
                findings.append(finding)
        for name, link in sites.tree.below.items():
            findings.append(await check_across(books[sites.tree.hub], books[name], link))
    finally:
        for one in books.values():
            await one.close()
    return findings
