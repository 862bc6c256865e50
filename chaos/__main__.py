"""``python -m chaos [--seed N] [--minutes M] [--kinds a,b]``: one run; SEED and CHAOS_JSON of the environment count."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Collection
from functools import reduce
from pathlib import Path

from rich.console import Console
from thidua.local.stand_in import remove_stand_ins

from chaos.cut_site import SITE_CUT, site_cut
from chaos.faults import Kind
from chaos.faults.every import EVERY
from chaos.report import ONCE, Result, show
from chaos.run import run
from chaos.three_nodes_lost import nodes_lost

SCENARIOS = {"nats_nodes": nodes_lost, "site_cut": site_cut}
PLANNED = frozenset({*(kind.name for kind in EVERY), *ONCE, SITE_CUT})
"""What a whole run has to have seen."""


def _chosen() -> argparse.Namespace:
    known = ", ".join([*dict.fromkeys(kind.name for kind in EVERY), *SCENARIOS])
    parser = argparse.ArgumentParser(prog="python -m chaos", description="Break a site under load; count what is lost.")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or secrets.randbelow(1_000_000)))
    parser.add_argument("--minutes", type=float, default=8.0, help="no fault on the whole site begins after this")
    parser.add_argument("--kinds", default="", help=f"only what begins so: {known}")
    return parser.parse_args()


def main() -> int:
    chosen = _chosen()
    # The stream of now: commands of `thidua` that run in this process have what they print caught.
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    only = [name for name in chosen.kinds.split(",") if name]
    kinds = [kind for kind in EVERY if not only or any(kind.name.startswith(name) for name in only)]
    folder = Path(tempfile.mkdtemp(prefix="thidua-chaos-"))
    console.print(f"SEED={chosen.seed}, data in {folder}")
    # Both end a run in the same orderly way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        result = asyncio.run(_all(folder, kinds, only, chosen, console))
    except BaseException:
        console.print(f"[red]broken off; logs and data are kept in {folder} (SEED={chosen.seed})[/]")
        raise
    return _told(console, result, folder, chosen.seed, () if only else PLANNED)


async def _all(
    folder: Path, kinds: list[Kind], only: list[str], chosen: argparse.Namespace, console: Console
) -> Result:
    """The faults on a whole site, then the scenarios that need sites of their own."""
    results = []
    if kinds:
        results.append(await run(folder, kinds, chosen.seed, chosen.minutes, console.print, whole=not only))
    chosen_too = [name for name in SCENARIOS if not only or any(name.startswith(one) for one in only)]
    async with asyncio.TaskGroup() as together:
        running = [together.create_task(SCENARIOS[name](folder / name, console.print)) for name in chosen_too]
    results += [scenario.result() for scenario in running]
    if not results:
        raise SystemExit(f"no kind of fault is called {', '.join(only)}")
    return reduce(Result.with_other, results)


def _told(console: Console, result: Result, folder: Path, seed: int, planned: Collection[str]) -> int:
    show(console, result)
    if path := os.environ.get("CHAOS_JSON"):
        Path(path).write_text(json.dumps(result.flat() | {"seed": seed}, indent=2) + "\n", encoding="utf-8")
    failures = result.failures(planned)
    for failure in failures:
        console.print(f"[red]FAILED: {failure}[/]")
    if failures:
        console.print(f"logs and data are kept in {folder} (SEED={seed})")
        return 1
    remove_stand_ins(folder)
    shutil.rmtree(folder, ignore_errors=True)
    console.print("nothing lost, nothing twice, nothing out of order")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
