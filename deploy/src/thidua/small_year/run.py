"""``make up``: a site with the wall clock and its own data, a small year played into it once, kept up until Ctrl-C."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

from chassis.clock import HANOI
from rich.console import Console

from thidua.cli.session import LOGINS_FILE
from thidua.demo.api import Api
from thidua.demo.stage import ADMINISTRATOR, Stage
from thidua.local.folders import write_private
from thidua.local.site import Site
from thidua.proof import keeping
from thidua.settled import Settled, settled
from thidua.small_year.play import play, world

PLAYED = "played"


class WallTime:
    """The wall clock as the chapters see it: it only ever waits for rest."""

    def __init__(self, api: Api, follows: Mapping[str, list[str]], operator: str) -> None:
        self._api = api
        self._follows = follows
        self._operator = operator

    @property
    def now(self) -> datetime:
        return datetime.now(timezone.utc).astimezone(HANOI)

    async def rest(self) -> Settled:
        return await settled(lambda: self._api.states(self._operator), self._follows)

    async def to(self, instant: datetime) -> Settled:
        """Raises RuntimeError: nobody moves the wall clock."""
        raise RuntimeError(f"the wall clock cannot be set to {instant}")

    async def later(self, **span: float) -> Settled:
        """Raises RuntimeError: nobody moves the wall clock."""
        raise RuntimeError(f"the wall clock cannot be moved by {span}")


async def keep_up(folder: Path, console: Console) -> int:
    """Start, play the small year unless it was, print what is where, and stay until cancelled."""
    async with Site(folder, archive=True, report=lambda step: console.print(f"[dim]  {step}[/]")) as site:
        await site.while_alive(played_once(site, console))
        tell(console, site)
        await site.while_alive(keeping.regularly(folder, site.addresses, console.print))
    return 0


async def played_once(site: Site, console: Console) -> None:
    """Play the small year into a site unless it was before, and keep the passwords of the accounts it opened."""
    logins = _logins(site.folder)
    logins[ADMINISTRATOR] = site.bootstrap_password
    async with Api(site.addresses, logins) as api:
        if not (site.folder / PLAYED).exists():
            console.print("[bold]Một năm nhỏ quanh hôm nay[/]")
            follows = {name: list(links.follows) for name, links in site.topology.services.items()}
            clock = WallTime(api, follows, ADMINISTRATOR)
            await play(Stage(api, clock, lambda line: console.print(f"  {line}"), world=world()))
            await clock.rest()
            (site.folder / PLAYED).touch()
        write_private(site.folder / LOGINS_FILE, json.dumps(api.passwords, indent=2))


def _logins(folder: Path) -> dict[str, str]:
    path = folder / LOGINS_FILE
    read: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return read


def tell(console: Console, site: Site) -> None:
    """Addresses, API docs, traces, mail, and how to get a token."""
    where = site.addresses
    console.print("\n[bold]Hệ thống đang chạy.[/] Ctrl-C để dừng.")
    for name, url in where.services.items():
        console.print(f"  {name:<9} {url}   tài liệu API: {url}/docs")
    if where.traces:
        console.print(f"  vết       {where.traces}/traces")
    console.print(f"  thư đi    {site.folder / 'mail.jsonl'}")
    console.print(f"  tài khoản {site.folder / LOGINS_FILE}   (ví dụ: van-hanh, thuong-truc-cao-bang, can-bo-son-la)")
    console.print("\nLấy mã truy cập, xem tình trạng (ở cửa sổ khác):")
    console.print("  .venv/bin/thidua token van-hanh && .venv/bin/thidua status")
    console.print("  .venv/bin/thidua journey case-nam-nay-ldld-lao-cai")
    console.print("  make refusals")
