"""Plays the year: a site of its own, the chapters in order, the screens at the end, the invariants last of all."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from contracts.case import case_id
from rich.console import Console
from thidua.demo import results, screens
from thidua.demo.api import Api
from thidua.demo.chapters import awards, criteria, filings, foundation, year_end
from thidua.demo.clock import DemoTime, day
from thidua.demo.findings import shown
from thidua.demo.stage import ADMINISTRATOR, BLOC, CLUSTER, YEAR, Stage
from thidua.invariants import Accepted, Books, check
from thidua.local.site import Site

STARTS = day("2023-11-18")
"""The first day of the cluster's plan for 2024."""

Chapter = Callable[[Stage], Awaitable[None]]


async def bloc_start(stage: Stage) -> None:
    await stage.time.to(day("2024-01-15"))
    await criteria.bloc_criteria(stage)
    await filings.bloc_registrations(stage)
    await filings.accept_registrations(stage, BLOC)


async def cluster_registrations(stage: Stage) -> None:
    await filings.registrations(stage)
    await filings.accept_registrations(stage, CLUSTER)
    await foundation.province_plan(stage)


async def half_year(stage: Stage) -> None:
    await filings.half_year(stage)
    await foundation.amend_plan(stage)


async def closing(stage: Stage) -> None:
    await awards.to_the_federation(stage)
    await foundation.close_plans(stage)
    await stage.time.rest()
    stage.kept["journey"] = case_id(YEAR, "ldld-lao-cai")


async def bloc_year_end(stage: Stage) -> None:
    await criteria.next_year(stage)
    await stage.time.to(day("2024-11-22"))
    await filings.bloc_reports(stage)
    await stage.time.to(day("2024-11-25"))
    await year_end.bloc_ranking(stage)


CHAPTERS: list[tuple[str, Chapter]] = [
    ("Dựng đơn vị, con người, cụm, năm, hạn nộp", foundation.play),
    ("Tiêu chí: dự thảo, góp ý, thống nhất, ký giao ước", criteria.cluster_criteria),
    ("Quy tắc khen thưởng và hội đồng", awards.rules_and_councils),
    ("Đăng ký thi đua của khối Cao Bằng", bloc_start),
    ("Đăng ký thi đua của Cụm", cluster_registrations),
    ("Sơ kết sáu tháng", half_year),
    ("Khen chuyên đề năm học", awards.thematic),
    ("Báo cáo năm và xếp hạng của khối", bloc_year_end),
    ("Báo cáo năm của Cụm có tự chấm điểm", filings.year_reports),
    ("Khen toàn diện của khối", awards.of_the_bloc),
    ("Cá nhân: hai kênh, hai hệ, một từ chối, một bổ sung lịch sử", awards.persons),
    ("Thẩm định, xem xét lại, chốt điểm", year_end.appraisal),
    ("Hội nghị tổng kết: bỏ phiếu, xếp hạng, bầu Trưởng và Phó Cụm", year_end.conference),
    ("Trình Tổng Liên đoàn, khép kế hoạch", closing),
]


async def play(folder: Path, console: Console) -> int:
    """Play the whole year in ``folder``; the exit status says whether every invariant held."""
    screens.first_screen(console)
    began = time.monotonic()
    async with Site(folder, demo=True, starts=STARTS, report=lambda step: console.print(f"[dim]  {step}[/]")) as site:
        console.print(f"[dim]  sẵn sàng sau {time.monotonic() - began:.1f} giây[/]")
        async with Api(site.addresses, {ADMINISTRATOR: site.bootstrap_password}) as api:
            player = await DemoTime.connect(site.nats.url, site.nats_password())
            try:
                follows = {name: list(links.follows) for name, links in site.topology.services.items()}
                clock = DemoTime(api, player, ADMINISTRATOR, follows, STARTS)
                stage = Stage(api, clock, lambda line: console.print(f"    {line}"))
                began = time.monotonic()
                await site.while_alive(year(stage, console))
                console.print(
                    f"[dim]Cả năm trong {time.monotonic() - began:.1f} giây; {api.calls} lời gọi API,"
                    f" {len(api.receipts)} biên nhận, {clock.stops} lần dừng vì có việc đến hạn.[/]\n"
                )
                await show(stage, console, mails=len(site.mail.received))
            finally:
                await player.close()
        held = await invariants_hold(site, api, console)
    console.print(f"[dim]Vết của cả năm còn xem được: thidua trace ID (tệp {folder / 'traces.jsonl.gz'})[/]")
    return 0 if held else 1


async def year(stage: Stage, console: Console) -> None:
    """Every chapter in turn, each with its day and how long it took."""
    for nr, (title, chapter) in enumerate(CHAPTERS, 1):
        began = time.monotonic()
        console.print(f"[bold]{nr}. {title}[/]  [dim]từ {stage.time.now:%d/%m/%Y}[/]")
        await chapter(stage)
        console.print(f"    [dim]{time.monotonic() - began:.1f} giây[/]")


async def show(stage: Stage, console: Console, mails: int) -> None:
    """Everything that a federation officer wants to see of the year."""
    await screens.plan_and_deadlines(stage, console)
    await results.score_table(stage, console)
    await results.ranking(stage, console)
    await results.votes(stage, console)
    await results.proposals(stage, console)
    await results.eligibility(stage, console)
    await results.decisions(stage, console)
    await results.notices(stage, console, mails)
    screens.refusals(stage, console)
    await screens.journey(stage, console, stage.kept["journey"])
    await screens.receipts(stage, console)


async def invariants_hold(site: Site, api: Api, console: Console) -> bool:
    """The promise, looked up in the databases by a role that can only read."""
    accepted = [
        Accepted(one["log"], one["epoch"], one["first_seq"], one["last_seq"], one["hash"]) for one in api.receipts
    ]
    scratch = await site.scratch()
    books = Books(site.addresses.site, {name: site.audit(name) for name in site.names}, scratch)
    try:
        findings = await check(books, accepted)
    finally:
        await books.close()
    console.print(shown(findings, "Tự kiểm tra trên cơ sở dữ liệu (chỉ đọc)"))
    return not any(finding.wrong for finding in findings)
