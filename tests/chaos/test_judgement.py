"""A run is judged by its figures; its faults keep out of one another's way; healed means settled."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from chaos.commands import EFFECTS, NOTIFIED
from chaos.faults import Kind
from chaos.faults.every import EVERY
from chaos.healing import heads, still_moves
from chaos.report import LEAST_ACCEPTED, LEAST_FAULTS, LEAST_KINDS, LEAST_OF_EACH, ONCE, Result, quantile
from chaos.schedule import drawn, next_one
from chaos.world import Healed

PLANNED = frozenset(f"kind_{nr}" for nr in range(LEAST_KINDS))


def good() -> Result:
    """A run that is just enough."""
    counts: dict[str, Any] = dict.fromkeys(
        ("lost", "twice", "out_of_order", "voided", "voided_alone", "here_only_lost", "here_only_alone"), 0
    )
    counts |= {"accepted": LEAST_ACCEPTED, "refused": [], "wrong": [], "kinds": [*EFFECTS, *NOTIFIED]}
    each = -(-LEAST_FAULTS // LEAST_KINDS)
    healed = [Healed(f"kind_{nr % LEAST_KINDS}", "", 0.0, float(nr)) for nr in range(each * LEAST_KINDS)]
    return Result(counts, healed)


def test_a_run_that_is_just_enough_has_not_failed() -> None:
    assert good().failures(PLANNED) == []


@pytest.mark.parametrize("name", ["lost", "twice", "out_of_order", "voided", "here_only_lost", "here_only_alone"])
def test_one_lost_twice_or_unaccounted_for_fails_a_run_however_short(name: str) -> None:
    result = good()
    result.counts[name] += 1
    assert len(result.failures()) == 1


def test_a_command_refused_though_nothing_was_lost_fails_a_run() -> None:
    result = good()
    result.counts["refused"] = [{"text": "cdcs-0: id-taken"}]
    assert len(result.failures()) == 1


def test_a_fork_that_nobody_found_fails_a_run_also_when_another_was_found_instead() -> None:
    result = good()
    result.forks_injected = Counter({"another-hash": 1})
    result.forks_found = Counter({"broken-link": 1})
    assert len(result.failures()) == 1


def test_too_few_commands_faults_or_kinds_fail_a_whole_run() -> None:
    result = good()
    result.counts["accepted"] -= 1
    result.healed = result.healed[: LEAST_FAULTS - 1]
    assert len(result.failures(PLANNED)) == 2
    assert result.failures() == []


def test_a_kind_seen_twice_only_fails_a_whole_run_unless_it_is_one_scenario() -> None:
    result = good()
    result.healed += [Healed("rare", "", 0.0, 1.0)] * (LEAST_OF_EACH - 1) + [Healed(next(iter(ONCE)), "", 0.0, 1.0)]
    assert result.failures(PLANNED) == ["only 2 of rare"]


def test_a_planned_kind_that_never_came_fails_a_whole_run_however_many_others_did() -> None:
    result = good()
    assert result.failures(PLANNED | {"never", next(iter(ONCE))}) == [
        f"only 0 of {kind}" for kind in sorted({"never", next(iter(ONCE))})
    ]


def test_a_whole_run_in_which_no_report_was_ever_received_has_failed() -> None:
    result = good()
    result.counts["kinds"].remove("received")
    assert result.failures(PLANNED) == ["no command of the kind received was accepted"]


def test_the_ninety_ninth_hundredth_of_few_is_the_longest() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.99) == 3.0
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0


def test_the_planned_faults_are_enough_of_enough_kinds() -> None:
    planned = Counter(kind.name for kind in drawn(EVERY, Random(1)))
    assert min(planned.values()) >= LEAST_OF_EACH
    assert len(planned) >= LEAST_KINDS
    # Two come with the cluster of three nodes, three with the site that is cut off.
    assert planned.total() + len(ONCE) + 3 >= LEAST_FAULTS


def test_a_seed_draws_the_same_order_again() -> None:
    assert drawn(EVERY, Random(7)) == drawn(EVERY, Random(7))
    assert drawn(EVERY, Random(7)) != drawn(EVERY, Random(8))


def test_faults_at_once_touch_different_parts() -> None:
    waiting, under_way = drawn(EVERY, Random(3)), list[Kind]()
    while waiting:
        while kind := next_one(waiting, under_way):
            for other in under_way:
                parts = kind.touches & other.touches
                assert not parts or (kind.together == other.together and not any("log of" in part for part in parts))
            under_way.append(kind)
        under_way.pop(0)


def state(service: str, head: int, marks: dict[str, int], relayed: int) -> dict[str, Any]:
    return {
        "service": service,
        "log": f"vn.{service}",
        "clock": "2024-01-01T00:00:00+00:00",
        "head": {"epoch": 1, "seq": head},
        "relayed": {f"loc-{service}": relayed},
        "marks": {f"vn.{log}": {"epoch": 1, "seq": seq} for log, seq in marks.items()},
        "reacted": {},
        "due": None,
        "unsent": 0,
    }


def test_healed_is_what_was_there_when_the_fault_ended_and_not_what_came_with_the_load() -> None:
    follows = {"registry": [], "scoring": ["registry"]}
    upto = heads({"registry": state("registry", 10, {}, 8), "scoring": state("scoring", 4, {"registry": 7}, 4)})
    behind = {"registry": state("registry", 15, {}, 12), "scoring": state("scoring", 5, {"registry": 9}, 5)}
    assert still_moves(behind, follows, upto) == ["scoring: follows vn.registry to 9 of 10"]
    taken = {"registry": state("registry", 15, {}, 12), "scoring": state("scoring", 5, {"registry": 11}, 5)}
    assert still_moves(taken, follows, upto) == []
