"""What every command of the CLI starts from: where the site listens, and the token that was fetched last."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx
import typer
from rich.console import Console

from thidua.local.addresses import Addresses
from thidua.local.folders import data_folder, write_private

console = Console()
TOKEN_FILE = "token"
LOGINS_FILE = "logins.json"


def folder() -> Path:
    """The data folder of the site that runs: `make up`'s, else `make demo`'s; of two sites that of THIDUA_SITE."""
    for kind in ("up", "demo", f"demo-two-sites/{os.environ.get('THIDUA_SITE', 'vn')}"):
        if (data_folder(kind) / "addresses.json").exists():
            return data_folder(kind)
    return data_folder("up")


def addresses() -> Addresses:
    """Where the running site listens. Ends the command with an explanation when none runs."""
    found = Addresses.read(folder())
    if found is None:
        console.print("Không có hệ thống nào đang chạy ở đây. Chạy [bold]make up[/] trước, hoặc đặt THIDUA_DATA.")
        raise typer.Exit(2)
    return found


def token() -> str:
    """THIDUA_TOKEN, else the token that `thidua token` kept. Ends the command when there is none."""
    kept = folder() / TOKEN_FILE
    found = os.environ.get("THIDUA_TOKEN") or (kept.read_text(encoding="ascii").strip() if kept.exists() else "")
    if not found:
        console.print("Chưa có mã truy cập: chạy [bold]thidua token TÊN-ĐĂNG-NHẬP[/] trước, hoặc đặt THIDUA_TOKEN.")
        raise typer.Exit(2)
    return found


def keep_token(text: str) -> Path:
    path = folder() / TOKEN_FILE
    write_private(path, text)
    return path


def made_up_password(login: str) -> str:
    """Password of an account that `make up` itself opened on this machine; empty for all others."""
    path = folder() / LOGINS_FILE
    logins: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return logins.get(login, "")


def ask(service: str, method: str, path: str, **options: Any) -> Any:
    """One HTTP call to a service; prints a refusal as an officer reads it and ends the command."""
    where = addresses().services
    if service not in where:
        console.print(f"Không có dịch vụ “{service}”. Có: {', '.join(where)}.")
        raise typer.Exit(2)
    headers = {"Authorization": f"Bearer {token()}", **options.pop("headers", {})}
    try:
        with httpx.Client(base_url=where[service], timeout=30, trust_env=False) as client:
            answer = client.request(method, path, headers=headers, **options)
    except httpx.TransportError as error:
        console.print(f"[red]{service}[/] không trả lời tại {where[service]}: {error}")
        raise typer.Exit(2) from error
    if answer.status_code >= 400:
        show_problem(answer)
        raise typer.Exit(1)
    return answer.json()


def show_problem(answer: httpx.Response) -> None:
    """A refusal: what was wrong, which rule says so, what to do."""
    told = answer.json()
    console.print(f"[red]{told.get('status')} {told.get('title')}[/]  ({told.get('type')})")
    console.print(f"  {told.get('detail')}")
    console.print(f"  Quy định: {told.get('rule')}")
    console.print(f"  Cần làm: {told.get('todo')}")
