"""``thidua backup``: base backups of this machine's PostgreSQL, and one service's database brought back from them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from chassis.clock import HANOI
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table

from thidua.cli.session import console, folder
from thidua.local.addresses import Addresses
from thidua.local.backups import (
    SEGMENT_BYTES,
    Archived,
    Backup,
    BackupFailed,
    archived_after,
    find_backup,
    keep_newest,
    list_backups,
    make_backup,
    verify_backup,
)
from thidua.local.folders import FolderUnusable, held_alone
from thidua.local.postgres import EmbeddedPostgres
from thidua.local.processes import ChildDied, NotReady
from thidua.local.recovery import Recovered, recover_service
from thidua.local.wal_archive import ArchiveBehind

backup_app = typer.Typer(
    help="Sao lưu PostgreSQL của máy này (bản gốc và nhật ký WAL), khôi phục cơ sở dữ liệu của một dịch vụ.",
    no_args_is_help=True,
)
Result = TypeVar("Result")
Name = Annotated[str, typer.Argument(help="Tên bản sao, xem `thidua backup list`.")]


@backup_app.command("make")
def make(
    name: Annotated[str, typer.Option(help="Tên bản sao; không nêu thì lấy thời điểm (UTC).")] = "",
    keep: Annotated[
        int, typer.Option(help="Chỉ giữ chừng ấy bản mới nhất, bỏ bản cũ hơn và WAL chúng cần; 0: giữ tất cả.")
    ] = 0,
) -> None:
    """Sao toàn bộ máy chủ PostgreSQL trong khi hệ thống vẫn chạy."""

    async def made(server: EmbeddedPostgres) -> tuple[Backup, list[str]]:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True))
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("Đang sao")
            backup = await make_backup(
                server, name or None, lambda done, total: bar.update(task, completed=done, total=total)
            )
        return backup, await keep_newest(server, keep) if keep else []

    backup, gone = run(made)
    console.print(f"Đã sao xong [bold]{backup.name}[/]: {size(backup.bytes)}, tại {backup.path}")
    if gone:
        console.print(f"Đã bỏ {len(gone)} bản cũ: {', '.join(gone)}.")


@backup_app.command("list")
def list_all() -> None:
    """Các bản sao hiện có, độ lớn, và WAL được lưu tiếp tới đâu."""
    try:
        backups = list_backups(EmbeddedPostgres(_here()))
    except (BackupFailed, FolderUnusable) as failed:
        raise refused(failed) from failed
    if not backups:
        console.print("Chưa có bản sao nào. Chạy [bold]thidua backup make[/].")
        return
    table = Table(title="Bản sao lưu")
    for column in ("Tên", "Lúc (Hà Nội)", "Độ lớn", "WAL lưu tiếp sau đó", "Thiếu"):
        table.add_column(column, overflow="fold")
    for backup in backups:
        after = archived_after(backup)
        table.add_row(
            backup.name,
            f"{backup.began.astimezone(HANOI):%d/%m/%Y %H:%M:%S}",
            size(backup.bytes),
            going_on(backup, after),
            f"{len(after.missing)} đoạn, từ {after.missing[0]}" if after.missing else "–",
        )
    console.print(table)


@backup_app.command("verify")
def verify(name: Name) -> None:
    """Đọc lại từng byte của bản sao theo bảng kê của nó và tìm chỗ đứt trong WAL; mã thoát 1 khi hỏng hoặc đứt."""

    async def verified() -> tuple[Backup, Archived]:
        server = EmbeddedPostgres(_here())
        backup = find_backup(server, name)
        return backup, await verify_backup(server, backup)

    try:
        backup, after = asyncio.run(verified())
    except (BackupFailed, FolderUnusable) as failed:
        raise refused(failed) from failed
    console.print(f"{name}: {size(backup.bytes)} đúng với bảng kê; {going_on(backup, after)}.")
    if after.missing:
        console.print(f"[red]WAL đứt:[/] thiếu {len(after.missing)} đoạn, từ {after.missing[0]}.")
        raise typer.Exit(1)


@backup_app.command("recover")
def recover(
    service: Annotated[str, typer.Argument(help="Dịch vụ (đang dừng) cần lấy lại cơ sở dữ liệu.")],
    source: Annotated[str, typer.Option("--from", help="Tên bản sao.")],
    until: Annotated[str, typer.Option(help="Tới thời điểm này (ISO; không nêu múi giờ thì là giờ Hà Nội).")] = "",
    without_wal: Annotated[
        bool, typer.Option("--without-wal", help="Chỉ tới cuối bản sao, không dùng WAL đã lưu.")
    ] = False,
    drop_replaced: Annotated[
        bool, typer.Option("--drop-replaced", help="Xóa hẳn cơ sở dữ liệu bị thay, thay vì giữ dưới tên khác.")
    ] = False,
) -> None:
    """Khôi phục cơ sở dữ liệu của một dịch vụ; các dịch vụ khác giữ nguyên.

    Khi dịch vụ khởi động lại, cửa kiểm tra của nó so đầu sổ với luồng và với các dịch vụ theo dõi nó; phần sau bản sao
    được lấy lại bằng `thidua log restore`.
    """
    if until and without_wal:
        raise typer.BadParameter("--until và --without-wal không đi cùng nhau.")
    instant = _instant(until) if until else None

    def report(step: str) -> None:
        console.print(f"[dim]  {step}[/]")

    async def recovered(server: EmbeddedPostgres) -> Recovered:
        return await recover_service(
            server,
            service,
            source,
            until=instant,
            with_wal=not without_wal,
            keep_replaced=not drop_replaced,
            report=report,
        )

    done = run(recovered)
    console.print(f"[bold]{service}[/] đã được khôi phục từ {source}: sổ tới {done.log}:{done.epoch}:{done.seq}.")
    if done.was_seq is not None:
        console.print(f"Trước khi thay, sổ tới số {done.was_seq}.")
    if done.kept_as:
        console.print(f"Cơ sở dữ liệu cũ được giữ dưới tên {done.kept_as}, không dịch vụ nào vào được.")


def run(work: Callable[[EmbeddedPostgres], Awaitable[Result]]) -> Result:
    """With the server of the site that runs here, or, while none runs, with one started for this command alone."""

    async def with_server() -> Result:
        async with _server() as server:
            return await work(server)

    try:
        return asyncio.run(with_server())
    except (BackupFailed, ArchiveBehind, FolderUnusable, ChildDied, NotReady) as failed:
        raise refused(failed) from failed


@asynccontextmanager
async def _server() -> AsyncIterator[EmbeddedPostgres]:
    where = _here()
    if Addresses.read(where) is not None:
        yield EmbeddedPostgres(where).attach()
        return
    with held_alone(where):
        async with EmbeddedPostgres(where, archive=True) as server:
            yield server


def _here() -> Path:
    """The data folder of the site, running or stopped. Raises BackupFailed when there is none."""
    where = folder()
    if not (where / "secrets").exists():
        raise BackupFailed(f"Chưa có hệ thống nào ở {where}. Chạy `make up` trước, hoặc đặt THIDUA_DATA.")
    return where


def refused(failed: Exception) -> typer.Exit:
    console.print(f"[red]{failed}[/]")
    return typer.Exit(1)


def size(count: int) -> str:
    """Bytes as people read them."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"


def going_on(backup: Backup, after: Archived) -> str:
    segments = (after.until_lsn - 1) // SEGMENT_BYTES - backup.last_lsn // SEGMENT_BYTES
    return f"{segments} đoạn WAL sau bản sao" if segments > 0 else "WAL trong cùng đoạn với cuối bản sao"


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"“{text}” không phải là thời điểm ISO, ví dụ 2024-11-14T07:30:00.") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=HANOI)
