"""``make bench``: runs every measurement, prints the table and, with ``BENCH_JSON=file``, writes the figures."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.table import Table
from thidua.local.stand_in import remove_stand_ins

from benchmarks.row import Figures, Measurement

MEASUREMENTS = ("relay", "follow", "submit", "hop", "rebuild", "catch_up")
"""Modules of this package, each with a ``MEASUREMENT``."""
ROUNDS = 3


def table(measurements: list[Measurement], figures: Figures) -> Table:
    """The figures with their aims, then the absolutes."""
    shown = Table(title="Benchmarks")
    for column in ("name", "what", "aim", "measured", "met"):
        shown.add_column(column, overflow="fold")
    for measurement in measurements:
        for aim in measurement.aims:
            if aim.name in figures:
                sign = "≥" if aim.means == "at least" else "≤"
                met = "yes" if aim.met(figures[aim.name]) else "no"
                shown.add_row(aim.name, aim.what, f"{sign} {aim.bound:g}", f"{figures[aim.name]:.3g}", met)
    aimed = {aim.name for measurement in measurements for aim in measurement.aims}
    for name in figures:
        if name not in aimed:
            shown.add_row(name, "", "", f"{figures[name]:,.4g}", "")
    return shown


async def run(names: list[str], rounds: int, console: Console) -> Figures:
    """Measure one after the other; nothing else of ours runs meanwhile."""
    figures: Figures = {}
    for name in names:
        measurement = cast(Measurement, import_module(f"benchmarks.{name}").MEASUREMENT)
        began = time.monotonic()
        console.print(f"[bold]{name}[/]")
        with tempfile.TemporaryDirectory(prefix=f"thidua-bench-{name}-") as folder:
            try:
                figures |= await measurement.measure(Path(folder), rounds, lambda said: console.print(f"  {said}"))
            finally:
                remove_stand_ins(Path(folder))
        console.print(f"  {time.monotonic() - began:.0f} s")
        _write(figures)
    return figures


def _write(figures: Figures) -> None:
    """After each measurement: a run that is broken off leaves what it had measured."""
    if file := os.environ.get("BENCH_JSON"):
        Path(file).write_text(json.dumps(figures, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", default=list(MEASUREMENTS), help=f"of {', '.join(MEASUREMENTS)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # both end a run in the same orderly way
    console = Console(width=120)
    began = time.monotonic()
    figures = asyncio.run(run(asked.names, asked.rounds, console))
    measured = [cast(Measurement, import_module(f"benchmarks.{name}").MEASUREMENT) for name in asked.names]
    console.print(table(measured, figures))
    console.print(f"{time.monotonic() - began:.0f} s in all")


if __name__ == "__main__":
    main()
