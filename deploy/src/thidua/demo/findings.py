"""Invariants as a table for people."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from thidua.invariants import Finding


def shown(findings: Iterable[Finding], title: str) -> Table:
    """What was looked at, and the first five contradictions of each."""
    table = Table(title=title)
    for column in ("Điều phải đúng", "Đã xem", "Kết quả"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        result = "[green]đúng[/]" if not finding.wrong else "[red]SAI[/]: " + "; ".join(finding.wrong[:5])
        table.add_row(finding.name, finding.seen, result)
    return table
