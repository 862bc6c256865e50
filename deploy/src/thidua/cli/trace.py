"""``thidua trace ID``: one command across all services as a tree with bars, in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from thidua.traces.shape import colour, duration, instant
from thidua.traces.spans import Span
from thidua.traces.store import Store
from thidua.traces.waterfall import Row, Waterfall, waterfall

DEFAULT_URL = "http://127.0.0.1:4318"


def trace(
    id: Annotated[str, typer.Argument(help="Mã vết (đầu mục trace-id của câu trả lời), hoặc các chữ số đầu.")],
    url: Annotated[str, typer.Option(envvar="THIDUA_TRACES_URL", help="Nơi nhận vết đang chạy.")] = DEFAULT_URL,
    file: Annotated[
        Path | None,
        typer.Option(envvar="THIDUA_TRACES_FILE", help="Tệp vết đã lưu, dùng khi nơi nhận không chạy."),
    ] = None,
) -> None:
    """Vẽ một vết xử lý qua các dịch vụ."""
    console = Console()
    wanted = id.strip().lower()
    try:
        shown = fetched(wanted, url)
    except httpx.TransportError:
        if file is None or not file.exists():
            console.print(f"Không kết nối được nơi nhận vết [bold]{escape(url)}[/], và không có tệp vết đã lưu.")
            raise typer.Exit(2) from None
        shown = stored(wanted, file)
    if not shown.rows:
        console.print(f"Không có vết nào mã [bold]{escape(wanted)}[/], hoặc có nhiều vết bắt đầu như vậy.")
        raise typer.Exit(1)
    render_trace(console, shown)


def fetched(trace_id: str, url: str) -> Waterfall:
    """Ask a running receiver; empty when it has no such trace. httpx.TransportError: it is not there."""
    with httpx.Client(base_url=url, timeout=10, trust_env=False) as client:
        answer = client.get(f"/api/traces/{trace_id}")
    if answer.status_code != 200:
        return waterfall([])
    return waterfall(list(_flat(answer.json()["tree"])))


def stored(trace_id: str, file: Path) -> Waterfall:
    """Look into a dump, whatever its age."""
    store = Store(keep_seconds=float("inf"))
    store.load(file)
    found = store.find(trace_id)
    return waterfall(store.trace(found[0])) if len(found) == 1 else waterfall([])


def _flat(nodes: list[dict[str, Any]]) -> list[Span]:
    found: list[Span] = []
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        waiting.extend(node["children"])
        if not node["missing"]:
            found.append(Span.from_json(node))
    return found


def render_trace(console: Console, shown: Waterfall) -> None:
    """Print a waterfall: tree on the left, bars in the middle, durations on the right."""
    console.print(
        f"[bold]Vết {shown.trace_id}[/] · {instant(shown.start_ns)} · {duration(shown.duration_ns)} · "
        f"{shown.spans} bước" + (f" · [red]{shown.failed} lỗi[/]" if shown.failed else ""),
        highlight=False,
    )
    console.print(Text("  ").join(Text(f"■ {service}", style=colour(service)) for service in shown.services))
    cells = max(16, min(60, console.width // 2 - 12))
    table = Table(box=None, padding=(0, 1), show_header=False, expand=True)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column(width=cells, no_wrap=True)
    table.add_column(width=9, justify="right", no_wrap=True)
    for row in shown.rows:
        table.add_row(_label(row), _bar(row, shown.duration_ns, cells), _length(row))
    console.print(table)
    linked = dict.fromkeys(link.trace_id for row in shown.rows if row.span for link in row.span.links)
    for other in linked:
        console.print(f"↗ liên kết: {other}", highlight=False)


def _label(row: Row) -> Text:
    branches = "".join("│ " if guide else "  " for guide in row.guides)
    if row.depth:
        branches += "└ " if row.last else "├ "
    label = Text().append(branches, style="dim")
    if row.span is None:
        return label.append(f"(bước cha {row.span_id} không có ở đây)", style="italic dim")
    label.append(row.span.name, style="bold red" if row.span.failed else "")
    if "refused" in row.span.attributes:
        label.append(f"  từ chối: {row.span.attributes['refused']}", style="yellow")
    if row.span.failed and row.span.message:
        label.append(f"  {row.span.message}", style="red")
    return label


def _bar(row: Row, whole_ns: int, cells: int) -> Text:
    whole = max(1, whole_ns)
    left = min(cells - 1, row.offset_ns * cells // whole)
    length = max(1, min(cells - left, round(row.duration_ns * cells / whole)))
    bar = Text(" " * left)
    if row.span is None:
        return bar.append("┄" * length, style="dim")
    return bar.append(("█" if row.duration_ns * cells >= whole else "▏") * length, style=colour(row.span.service))


def _length(row: Row) -> str:
    return duration(row.duration_ns) if row.span else "–"
