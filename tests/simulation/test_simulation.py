"""Short runs of the simulation, and stories that once broke a promise."""

from __future__ import annotations

import pytest

from tests.simulation import seeds
from tests.simulation.mutants import MUTANTS
from tests.simulation.world import REGISTRY, SCORING, World


@pytest.mark.parametrize("seed", [1, 2])
def test_every_promise_holds_whatever_is_lost_repeated_reordered_or_killed(seed: int) -> None:
    found = seeds.run(seed, stories=8)
    assert found.wrong is None, seeds.told(found)


@pytest.mark.parametrize(
    "title",
    [
        "acknowledged before it is committed",
        "holes are skipped",
        "an acknowledgement of any stream counts",
        "the mark is moved without compare-and-set",
        "one refusal holds the whole batch",
    ],
)
def test_the_simulation_can_fail(title: str) -> None:
    with MUTANTS[title].at_large():
        assert any(seeds.run(seed, shorten=False).wrong for seed in range(1, 6))


def test_a_redrive_asked_for_while_one_is_under_way_is_done_again() -> None:
    world = World()
    registry, scoring = world.services[REGISTRY], world.services[SCORING]
    world.commit(registry, ("cluster:a",), 1, "refused")
    world.rest()
    assert list(scoring.database.held) == [(REGISTRY, 1, 1)]
    copy = scoring.copies[1]
    world.redrive(scoring)
    (under_way,) = [at for at, doing in enumerate(copy.doing) if REGISTRY in doing.what]
    world.part(copy, under_way)
    world.mend(scoring)
    world.rest()
    assert not scoring.database.held
