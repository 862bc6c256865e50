"""``thidua checkpoint``: sign where the logs stand, print it for minutes, check a bundle anywhere without a site."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import nats.errors
import typer
from chassis.clock import HANOI

from thidua.cli.session import addresses, console, folder
from thidua.local.folders import write_private
from thidua.proof import keeping
from thidua.proof.chain import Broken, Chain
from thidua.proof.checkpoints import Checkpoint, NotGenuine, genuine, key_id, shown
from thidua.proof.exports import checked, log_of
from thidua.proof.judging import against_earlier, against_log, seqs_of
from thidua.proof.keys import KeyUnusable, key_files, public_key
from thidua.proof.printed import page

checkpoint_app = typer.Typer(
    help="Xác nhận có chữ ký về trạng thái các sổ; kiểm tra được ở nơi khác, không cần hệ thống.",
    no_args_is_help=True,
)
Bundle = Annotated[Path, typer.Argument(help="Tệp checkpoint.", exists=True, dir_okay=False)]


@checkpoint_app.command("make")
def make(
    out: Annotated[Path | None, typer.Option(help="Chép thêm ra tệp này.", dir_okay=False)] = None,
    post: Annotated[str, typer.Option(help="Gửi (POST) tới địa chỉ này; mặc định THIDUA_CHECKPOINT_URL.")] = "",
) -> None:
    """Ký trạng thái hiện tại của mọi sổ; giữ trong thư mục checkpoints của hệ thống."""
    try:
        path = asyncio.run(keeping.make(folder(), addresses()))
        console.print(f"Đã ký {path}", soft_wrap=True)
        if out is not None:
            write_private(out.absolute(), path.read_text(encoding="utf-8"))
        if url := post or os.environ.get(keeping.URL_SETTING, ""):
            asyncio.run(keeping.post(path, url))
            console.print(f"{url} đã nhận.", soft_wrap=True)
    except (nats.errors.Error, OSError, ValueError, KeyUnusable, keeping.NotTaken) as failed:
        console.print(f"[red]Không xong:[/] {failed}", soft_wrap=True)
        raise typer.Exit(1) from failed


@checkpoint_app.command("key")
def key() -> None:
    """Khóa công khai để trao cho người kiểm tra, và dấu nhận ra nó."""
    public = key_files(folder())[1]
    # The key alone goes to standard output, so that it can be sent into a file.
    print(public.read_text(encoding="ascii"), end="")
    typer.echo(f"Dấu (SHA-256): {key_id(public_key(public))}\nTệp: {public}", err=True)


@checkpoint_app.command("print")
def print_page(bundle: Bundle) -> None:
    """In checkpoint thành một trang chữ để kèm biên bản."""
    try:
        print(page(shown(bundle.read_bytes())))
    except NotGenuine as wrong:
        console.print(f"[red]{wrong}[/]", soft_wrap=True)
        raise typer.Exit(1) from wrong


@checkpoint_app.command("verify")
def verify(
    bundle: Bundle,
    key: Annotated[Path, typer.Option(help="Khóa công khai của nơi ký.", exists=True, dir_okay=False)],
    log: Annotated[
        list[Path] | None, typer.Option(help="Bản xuất sổ (thidua log export); nêu được nhiều lần.", exists=True)
    ] = None,
    earlier: Annotated[
        list[Path] | None, typer.Option(help="Checkpoint ký trước đó; nêu được nhiều lần.", exists=True)
    ] = None,
) -> None:
    """Kiểm tra chữ ký, bản xuất sổ và các checkpoint trước; không cần hệ thống nào chạy. Mã thoát 1 khi có điều sai."""
    try:
        by = public_key(key)
        checkpoint = genuine(bundle.read_bytes(), by)
        before = [genuine(path.read_bytes(), by) for path in earlier or []]
    except (KeyUnusable, NotGenuine) as wrong:
        console.print(f"[red]{wrong}[/]", soft_wrap=True)
        raise typer.Exit(1) from wrong
    console.print(f"Chữ ký đúng: {checkpoint.site}, {_when(checkpoint)}, khóa {checkpoint.key[:16]}…", soft_wrap=True)
    wrong_things = [said for one in before for said in against_earlier(checkpoint, one)]
    proved: set[str] = set()
    for path in log or []:
        try:
            chain, found = _held_against([checkpoint, *before], path)
        except Broken as broken:
            wrong_things.append(str(broken))
            continue
        wrong_things += found
        if not found:
            proved.add(chain.log)
            console.print(_said(chain, checkpoint, len(before)), soft_wrap=True)
    for said in wrong_things:
        console.print(f"[red]SAI[/] {said}", soft_wrap=True)
    if before and (unproved := set(checkpoint.logs) - proved):
        console.print(
            f"Chưa chứng minh được là một chuỗi: {', '.join(sorted(unproved))}; cần bản xuất sổ (--log).",
            soft_wrap=True,
        )
    if wrong_things:
        raise typer.Exit(1)


def _held_against(checkpoints: list[Checkpoint], path: Path) -> tuple[Chain, list[str]]:
    """Raises Broken."""
    name = log_of(path)
    chain = checked(path, {seq for one in checkpoints for seq in seqs_of(one, name)})
    return chain, [said for one in checkpoints for said in against_log(one, chain)]


def _said(chain: Chain, checkpoint: Checkpoint, others: int) -> str:
    head = checkpoint.logs[chain.log].head
    through = f"đi qua đúng chỗ đã ký {head}"
    if others:
        through += f" và {others} checkpoint trước"
    return f"{chain.log}: {chain.end.seq} sự kiện, chuỗi băm đúng từ đầu, {through}."


def _when(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.made.astimezone(HANOI):%H:%M:%S %d/%m/%Y}"
