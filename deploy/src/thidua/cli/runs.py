"""Commands that start a site on this machine: the demo year, a site that stays up, and what it refuses."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Annotated, Any

import typer
from rich.console import Console

from thidua.local.folders import FolderUnusable, data_folder
from thidua.local.forget import forget
from thidua.local.processes import ChildDied, NotReady


def demo(
    sites: Annotated[int, typer.Option(min=1, max=2, help="2: Cao Bằng là một điểm riêng, có lúc bị cắt.")] = 1,
) -> None:
    """Diễn cả năm thi đua 2024 của Cụm bảy tỉnh qua bốn dịch vụ, rồi cho xem kết quả và tự kiểm tra."""
    from thidua.demo.play import play
    from thidua.demo.two_sites.play import play as play_at_two_sites

    console = _console()
    folder = data_folder("demo" if sites == 1 else "demo-two-sites")
    try:
        forget(folder)  # the year is played anew each time; `make up` is what keeps its data
        raise typer.Exit(_run(play(folder, console) if sites == 1 else play_at_two_sites(folder, console)))
    except (FolderUnusable, ChildDied, NotReady) as error:
        console.print(f"[red]{error}[/]", markup=True)
        raise typer.Exit(1) from error


def up() -> None:
    """Khởi động hệ thống với đồng hồ thật và một năm nhỏ quanh hôm nay; giữ chạy đến khi Ctrl-C."""
    from thidua.small_year.run import keep_up

    console = _console()
    try:
        raise typer.Exit(_run(keep_up(data_folder("up"), console)))
    except (FolderUnusable, ChildDied, NotReady) as error:
        console.print(f"[red]{error}[/]")
        raise typer.Exit(1) from error


def refusals() -> None:
    """Thử chín việc sai với hệ thống đang chạy (make up): in mã, lời từ chối, và chứng minh không có gì thay đổi."""
    from thidua.cli.session import addresses, folder
    from thidua.small_year.refusals import show_refusals

    raise typer.Exit(_run(show_refusals(addresses(), folder(), _console())))


def _console() -> Console:
    """Wide enough for the tables when the output is a file or a pipe."""
    return Console(width=None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", "150")), highlight=False)


def _run(work: Coroutine[Any, Any, int]) -> int:
    """Run to the end; Ctrl-C and SIGTERM let everything that was started stop in order."""

    async def interruptible() -> int:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            return 130

    return asyncio.run(interruptible())
