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


def test_what_a_follower_holds_comes_back_and_what_nobody_held_is_reported() -> None:
    world = World()
    registry, scoring = world.services[REGISTRY], world.services[SCORING]
    world.back_up(registry)
    world.commit(registry, ("cluster:a",), 2)
    world.rest()
    world.crash(scoring, 1)
    world.cut_off()
    world.commit(registry, ("cluster:b",), 1)
    world.speak(registry)
    world.restore(registry, 0, file_too=False)
    assert registry.shut
    world.rest()
    epochs = [(event.epoch, event.seq) for event in registry.database.own]
    assert epochs == [(1, 1), (1, 2), (2, 3)]
    assert scoring.database.marks[REGISTRY] == registry.database.head


def test_a_machine_that_went_back_as_a_whole_while_cut_off_becomes_a_fork_that_is_found() -> None:
    world = World()
    registry, scoring = world.services[REGISTRY], world.services[SCORING]
    world.commit(registry, ("cluster:a",), 1)
    world.back_up(registry)
    world.commit(registry, ("cluster:a",), 1)
    world.rest()
    world.cut_off()
    world.restore(registry, 0, file_too=True)
    assert not registry.shut, "nobody who answered knew better"
    world.commit(registry, ("cluster:b",), 1)
    world.rest()
    assert scoring.copies[1].followers[REGISTRY].fork
    assert scoring.database.marks[REGISTRY] != registry.database.head
