"""``thidua``: the operator's command. It speaks HTTP and reads logs; ``demo`` and ``up`` start a site here."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from thidua.cli import courier, fork, operate, proving, rebuild, restore, runs
from thidua.cli.backup import backup_app
from thidua.cli.checkpoint import checkpoint_app
from thidua.cli.session import addresses, folder
from thidua.cli.trace import DEFAULT_URL
from thidua.cli.trace import trace as show_trace

app = typer.Typer(
    help="Thi Đua: vận hành hệ thống thi đua, khen thưởng công đoàn.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(operate.token)
app.command()(operate.status)
app.command()(operate.journey)
app.command()(rebuild.rebuild)
proving.log_app.command()(restore.restore)
proving.log_app.add_typer(fork.fork_app, name="fork")
app.add_typer(proving.log_app, name="log")
app.add_typer(operate.quarantine_app, name="quarantine")
app.add_typer(courier.topology_app, name="topology")
app.add_typer(backup_app, name="backup")
app.add_typer(checkpoint_app, name="checkpoint")
app.command()(runs.demo)
app.command()(runs.up)
app.command()(runs.refusals)


@app.command()
def trace(
    id: Annotated[str, typer.Argument(help="Mã vết (đầu mục trace-id của câu trả lời), hoặc các chữ số đầu.")],
) -> None:
    """Vẽ một vết xử lý qua các dịch vụ, cũng sau khi hệ thống đã dừng."""
    running = (folder() / "addresses.json").exists()
    url = os.environ.get("THIDUA_TRACES_URL") or (addresses().traces if running else DEFAULT_URL)
    show_trace(id, url, folder() / "traces.jsonl.gz")


if __name__ == "__main__":
    app()
