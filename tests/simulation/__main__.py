"""``python -m tests.simulation``: long runs of the simulation, one seed again, or the proof that it can fail."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.simulation import seeds
from tests.simulation.mutants import MUTANTS

MUTANT_SEEDS = 40
"""A mutant that survives so many seeds is not caught."""


def main() -> int:
    """0 when every promise held (or, with ``--mutants``, every mutant was caught), else 1."""
    asked = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    which = asked.add_mutually_exclusive_group()
    which.add_argument("--seeds", type=int, default=100, metavar="N", help="run N seeds (100)")
    which.add_argument("--seed", type=int, metavar="SEED", help="run this seed alone, as when it failed")
    which.add_argument("--mutants", action="store_true", help="break the steps on purpose: each must be caught")
    asked.add_argument("--first", type=int, default=1, metavar="SEED", help="the first of the seeds (1)")
    asked.add_argument("--processes", type=int, default=2, metavar="P", help="seeds run at once (2)")
    told = asked.parse_args()
    if told.mutants:
        return _mutants()
    if told.seed is not None:
        return _report([seeds.run(told.seed)], 1)
    return _report(_run(range(told.first, told.first + told.seeds), told.processes), told.seeds)


def _run(which: range, processes: int) -> Iterator[seeds.Outcome]:
    if processes < 2:
        yield from map(seeds.run, which)
        return
    with ProcessPoolExecutor(processes) as pool:
        running = [pool.submit(seeds.run, seed) for seed in which]
        try:
            for done in as_completed(running):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _report(outcomes: Iterable[seeds.Outcome], of: int) -> int:
    """Say how it goes; stop at the first failure with its shortest story."""
    began = said = time.monotonic()
    done = parts = 0
    for outcome in outcomes:
        done, parts = done + 1, parts + outcome.parts
        if outcome.wrong is not None:
            print(f"\n{seeds.told(outcome)}", flush=True)
            return 1
        if time.monotonic() - said > 5:
            said = time.monotonic()
            print(f"{done} of {of} seeds, {parts:,} parts of work, {parts / (said - began):,.0f} a second", flush=True)
    took = time.monotonic() - began
    stories = done * seeds.STORIES
    print(f"{done} seeds, {stories:,} stories, {parts:,} parts of work in {took:.0f} s: every promise held")
    return 0


def _mutants() -> int:
    """A table: what was made wrong, after how much it was seen, by which promise."""
    survived = 0
    for mutant in MUTANTS.values():
        parts, caught = 0, None
        with mutant.at_large():
            for seed in range(1, MUTANT_SEEDS + 1):
                outcome = seeds.run(seed, shorten=False)
                parts += outcome.parts
                if outcome.wrong is not None:
                    caught = f"seed {seed}, after {parts:,} parts of work: {outcome.wrong}"
                    break
        survived += caught is None
        print(f"{mutant.title}\n    {caught or 'NOT CAUGHT'}", flush=True)
    print(f"{len(MUTANTS) - survived} of {len(MUTANTS)} mutants caught")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
