"""Points of single lines, by the examples of the description."""

from __future__ import annotations

from fractions import Fraction

import pytest
from contracts.events.registry.reports import ReportLine
from contracts.events.scoring import EntryState, ScoreLayer
from scoring.domain.engine import CardInput, Entry, score_cluster
from scoring.domain.entries import self_entries
from scoring.domain.form import Leaf, Step
from scoring.domain.kinds import Figure, score_line
from scoring.domain.numbers import half_up, show

from tests.scoring.builders import entered, full, given, small_form


def points(leaf: Leaf, **figure: int) -> str | None:
    scored = score_line(leaf, Figure(**{name: Fraction(value) for name, value in figure.items()}))
    return None if scored is None else show(scored.points)


def leaf(kind: str, **fields: object) -> Leaf:
    return Leaf(code="1", title="Dòng", kind=kind, max_points=Fraction(10), **fields)  # type: ignore[arg-type]


def test_proportional_stops_at_its_points_and_its_bonus_at_the_cap() -> None:
    line = leaf("proportional", bonus_cap=Fraction(2))
    assert points(line, actual=37, target=40) == "9.25"
    assert points(line, actual=1, target=3) == "10/3"
    assert points(line, actual=80, target=40) == "10"
    beyond = score_line(line, Figure(actual=Fraction(44), target=Fraction(40)))
    far_beyond = score_line(line, Figure(actual=Fraction(80), target=Fraction(40)))
    assert beyond is not None
    assert far_beyond is not None
    assert (show(beyond.bonus), show(far_beyond.bonus)) == ("1", "2")


def test_stepped_takes_the_highest_step_reached() -> None:
    line = leaf("stepped", measure="count", steps=(Step(Fraction(50), Fraction(4)), Step(Fraction(100), Fraction(10))))
    assert [points(line, actual=a) for a in (49, 50, 99, 100, 500)] == ["0", "4", "4", "10", "10"]


def test_deducting_stops_at_the_floor_and_can_count_the_shortfall() -> None:
    faults = leaf("deducting", per_fault=Fraction(3), floor=Fraction(2))
    assert [points(faults, actual=a) for a in (0, 1, 9)] == ["10", "7", "2"]
    short = leaf("deducting", per_fault=Fraction(1, 2), counts_shortfall=True)
    assert [points(short, actual=a, target=100) for a in (120, 100, 97)] == ["10", "10", "8.5"]


def test_qualitative_is_all_or_nothing() -> None:
    assert [points(leaf("qualitative"), actual=a) for a in (1, 0)] == ["10", "0"]


def test_direct_counts_or_takes_what_was_typed_up_to_its_points() -> None:
    counted = leaf("direct", each=Fraction(3, 2))
    assert [points(counted, actual=a) for a in (0, 4, 9)] == ["0", "6", "10"]
    assert points(leaf("direct"), points=12) == "10"
    assert points(leaf("direct"), actual=5) is None


def test_plus_minus_stays_between_floor_and_cap() -> None:
    line = leaf("plus-minus", plus=Fraction(2), minus=Fraction(5), floor=Fraction(-7))
    assert points(line, actual=3, against=1) == "1"
    assert points(line, actual=0, against=9) == "-7"
    assert points(line, actual=9) == "10"


def test_a_half_is_rounded_away_from_zero() -> None:
    assert [show(half_up(Fraction(n, 1000), 2)) for n in (12345, 12344, -12345)] == ["12.35", "12.34", "-12.35"]


def test_zero_empty_not_assigned_and_abstained_are_four_different_things() -> None:
    form = small_form()
    lines = full()

    def first(entry: Entry | None) -> tuple[str, Fraction | None, Fraction]:
        chosen = {**lines, "1.1": entry} if entry is not None else {k: v for k, v in lines.items() if k != "1.1"}
        score = score_cluster(form, {"a": entered(chosen)})["a"]
        line = score.line("1.1")
        assert line is not None
        return line.state.value, line.points, score.assigned

    assert first(given(0)) == ("given", Fraction(0), Fraction(30))
    assert first(None) == ("empty", None, Fraction(30))
    assert first(Entry(EntryState.NOT_ASSIGNED)) == ("not-assigned", None, Fraction(20))
    assert first(Entry(EntryState.ABSTAINED)) == ("abstained", None, Fraction(30))


def test_an_all_zero_score_is_a_score() -> None:
    score = score_cluster(small_form(), {"a": entered(full(0, 0, 0, 5, 0))})["a"]
    assert (score.total, score.percentage, score.unfilled) == (0, 0, ())


def test_rank_goes_by_earned_over_assigned() -> None:
    lines = {**full(50), "2.1": Entry(EntryState.NOT_ASSIGNED)}
    score = score_cluster(small_form(), {"a": entered(lines)})["a"]
    assert (score.total, score.assigned, score.percentage) == (15, 20, 75)


def test_the_last_layer_that_speaks_is_final_and_an_abstaining_one_is_not() -> None:
    card = CardInput(
        {
            ScoreLayer.SELF: full(100),
            ScoreLayer.APPRAISED: {"1.1": given(80)},
            ScoreLayer.COUNCIL: {"1.1": Entry(EntryState.ABSTAINED)},
        }
    )
    line = score_cluster(small_form(), {"a": card})["a"].line("1.1")
    assert line is not None
    assert (line.points, line.from_layer) == (8, ScoreLayer.APPRAISED)
    assert line.layers == {ScoreLayer.SELF: 10, ScoreLayer.APPRAISED: 8}


def test_a_section_is_capped_at_its_points() -> None:
    score = score_cluster(small_form(), {"a": entered(full(e=2))})["a"]
    section = score.section("2")
    assert section is not None
    assert (section.sum, section.earned) == (12, 10)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (ReportLine(code="1.1", actual="92", self_score="10"), given(92)),
        (ReportLine(code="1.1", self_score="9"), given(points=9)),
        (ReportLine(code="1.1"), Entry(EntryState.EMPTY)),
        (ReportLine(code="1.1", not_assigned=True), Entry(EntryState.NOT_ASSIGNED)),
        (ReportLine(code="1.2", achieved=True), given(1)),
        (ReportLine(code="1.2", achieved=False), given(0)),
        (ReportLine(code="1.3", self_score="5"), given(points=5)),
        (ReportLine(code="2.1", faults=2, self_score="9"), given(2)),
        (ReportLine(code="2.2", actual="1", faults=3), given(1, against=3)),
    ],
)
def test_a_report_line_becomes_a_figure_and_typed_points_only_where_there_is_none(
    line: ReportLine, expected: Entry
) -> None:
    assert self_entries(small_form(), {line.code: line}) == {line.code: expected}
