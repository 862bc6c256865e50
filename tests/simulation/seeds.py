"""Runs the state machine with a seed: so many stories, the shortest one told when a promise breaks."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import seed as with_seed
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.machine import Machine

STORIES = 25
"""Stories a seed."""
STEPS = 30
"""Steps a story, before the world comes to rest."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a seed found. ``wrong`` is None when every promise held; ``parts`` counts what shells did."""

    seed: int
    seconds: float
    parts: int
    wrong: str | None = None
    story: tuple[str, ...] = ()


def run(seed: int, *, stories: int = STORIES, steps: int = STEPS, shorten: bool = True) -> Outcome:
    """The same seed tells the same stories, as long as neither the machine nor Hypothesis changes."""

    class Seeded(Machine):
        parts = 0

    seeded = with_seed(seed)(Seeded)
    phases = [Phase.generate, Phase.shrink] if shorten else [Phase.generate]
    chosen = settings(
        max_examples=stories,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=False,
    )
    began = time.perf_counter()
    wrong: str | None = None
    try:
        run_state_machine_as_test(seeded, settings=chosen)
    except Exception as broken:
        wrong = _reason(broken)
    seconds = time.perf_counter() - began
    if wrong is None:
        return Outcome(seed, seconds, Seeded.parts)
    return Outcome(seed, seconds, Seeded.parts, wrong, tuple(Seeded.last.story))


def _reason(broken: Exception) -> str:
    """The broken promise, or, for any other error of the steps, where it was raised."""
    if isinstance(broken, AssertionError) and str(broken):
        return str(broken)
    last = traceback.extract_tb(broken.__traceback__)[-1]
    return f"{type(broken).__name__}: {broken} ({last.filename.rsplit('/', 1)[-1]}:{last.lineno})"


def told(outcome: Outcome) -> str:
    """A failure for people: the promise, the shortest story, and how to see it again."""
    story = "\n".join(f"  {nr}. {sentence}" for nr, sentence in enumerate(outcome.story, 1))
    return f"Seed {outcome.seed}: {outcome.wrong}\n{story}\n  Again: make simulate SEED={outcome.seed}"
