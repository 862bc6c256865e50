"""The engine and the slow reference, written apart, give exactly the same scores on random tables and entries."""

from __future__ import annotations

from typing import Any

from contracts.events.scoring import EntryState, ScoreLayer
from hypothesis import HealthCheck, given, settings
from scoring.domain.engine import CardInput, Entry, score_cluster
from scoring.domain.form import form_of
from scoring.domain.form_check import check_form
from scoring.domain.kinds import Figure
from scoring.domain.marked import marked

from tests.scoring.forms import forms, forms_with_cards
from tests.scoring.reference import reference_score


def as_input(card: dict[str, Any]) -> CardInput:
    return CardInput(
        layers={
            ScoreLayer(layer): {
                code: Entry(
                    EntryState(entry["state"]),
                    Figure(entry["actual"], entry["against"], entry["target"], entry["points"]),
                )
                for code, entry in card[layer].items()
            }
            for layer in ("self", "appraised", "council")
        },
        registered=card["registered"],
        penalties={f"off-{position}": points for position, points in enumerate(card["off"])},
    )


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(forms_with_cards())
def test_the_engine_agrees_exactly_with_the_reference(drawn: tuple[dict[str, Any], dict[str, Any]]) -> None:
    data, cards = drawn
    scores = score_cluster(form_of(data), {unit: as_input(card) for unit, card in cards.items()})
    for unit, card in cards.items():
        expected, score = reference_score(data, unit, card), scores[unit]
        for line in score.lines:
            other = expected["lines"][line.leaf.code]
            assert (line.state.value, line.points, line.bonus) == (
                other["state"],
                other["points"],
                other["beyond"],
            ), line.leaf
        assert score.exact_total == expected["exact_total"]
        assert score.total == expected["total"]
        assert score.assigned == expected["assigned"]
        assert score.exact_percentage == expected["exact_percentage"]
        assert score.percentage == expected["percentage"]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(forms())
def test_canonical_data_is_sound_and_stays_itself_when_checked_again(data: dict[str, Any]) -> None:
    once, faults = check_form(marked(data))
    assert faults == ()
    assert once == data
