"""A wrong table is refused with the line and the reason of every fault in it."""

from __future__ import annotations

import pytest
from scoring.adapters.yaml_form import read_form
from scoring.domain.canonical import canonical_hash

from tests.scoring.builders import EXAMPLE, SMALL, form_data


def faults(typed: str) -> list[tuple[int, str]]:
    data, found = read_form(typed)
    assert data is None
    return [(fault.line, fault.rule) for fault in found]


def line_of(typed: str, piece: str) -> int:
    return next(number for number, line in enumerate(typed.splitlines(), 1) if piece in line)


@pytest.mark.parametrize(
    ("piece", "instead", "rule"),
    [
        ("kind: proportional", "kind: proportionate", "unknown-kind"),
        ("kind: qualitative, max_points: 4", "kind: qualitative", "missing-key"),
        ("max_points: 20", "max_points: 19", "section-sum-above-cap"),
        ("max_points: 20", "max_points: 21", "section-sum-below-cap"),
        ('code: "1.2"', 'code: "1.1"', "code-twice"),
        ("per_fault: 2", "per_fualt: 2", "unknown-key"),
        ("max_points: 10, target: 100", "max_points: 10", "target-missing"),
        ("target: 100", 'target: "1,5"', "not-a-number"),
        ("target: 100", "target: 0", "number-out-of-range"),
        ("target: 100", "target: 100, bonus_cap: 2", "bonus-cap-missing"),
        (", floor: -3", "", "missing-key"),
        ("bonus: 1, penalty: 1,", "", "plus-minus-without-either"),
        ("floor: -3", "floor: 1", "floor-above-zero"),
        ("places: 2", "places: 2.5", "not-a-whole-number"),
        ("places: 2", "places: 9", "number-out-of-range"),
        ("at: end", "at: last", "unknown-choice"),
        ('"section:2"', '"section:9"', "unknown-tie-rule"),
        ('"criterion:1.1", vote', 'vote, "criterion:1.1"', "vote-not-last"),
        ("legal_basis: [Quy chế của Cụm]", "legal_basis: []", "empty-list"),
        ("title: Bảng nhỏ", "title: ''", "not-a-text"),
        ("compares: rounded", "compares: rounded\n  mix: {score: 80, vote: 30, ballot: leading-unit}", "mix-not-100"),
    ],
)
def test_every_fault_names_its_line_and_rule(piece: str, instead: str, rule: str) -> None:
    typed = SMALL.replace(piece, instead, 1)
    assert typed != SMALL
    found = faults(typed)
    assert rule in [each for _, each in found]
    where = dict((each, line) for line, each in found)[rule]
    if rule == "mix-not-100":
        assert where == line_of(typed, "mix:")
    elif rule == "code-twice":
        assert where == line_of(typed, "Định tính")
    else:
        assert where == line_of(SMALL, piece)


STEPS = """\
      - code: "1.2"
        title: Bậc
        kind: stepped
        measure: count
        max_points: 4
        steps:
{steps}
"""


@pytest.mark.parametrize(
    ("steps", "rule"),
    [
        (["{from: 10, points: 2}", "{from: 5, points: 4}"], "steps-not-ordered"),
        (["{from: 1, below: 9, points: 2}", "{from: 5, points: 4}"], "steps-overlap"),
        (["{from: 1, below: 4, points: 2}", "{from: 5, points: 4}"], "steps-gap"),
        (["{from: 1, points: 2}", "{from: 5, points: 4.5}"], "step-above-max"),
        (["{from: 1, points: 2}", "{from: 5, below: 9, points: 4}"], "steps-end"),
    ],
)
def test_steps_run_upwards_without_overlap_or_gap(steps: list[str], rule: str) -> None:
    listed = "\n".join(f"          - {step}" for step in steps)
    old = '      - {code: "1.2", title: Định tính, kind: qualitative, max_points: 4}\n'
    typed = SMALL.replace(old, STEPS.format(steps=listed))
    assert faults(typed) == [(line_of(typed, steps[1]), rule)]


def test_all_faults_are_told_at_once_in_order_of_line() -> None:
    typed = SMALL.replace("kind: qualitative", "kind: quality").replace("per_fault: 2", "per_fault: x")
    found = faults(typed)
    assert [rule for _, rule in found if rule in ("unknown-kind", "not-a-number")] == ["unknown-kind", "not-a-number"]
    assert found == sorted(found, key=lambda fault: fault[0])


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("", "form-empty"),
        ("a: [", "not-yaml"),
        ("a: &x 1\nb: *x", "not-yaml"),
        ("- 1", "not-a-mapping"),
        ("[" * 200 + "]" * 200, "not-yaml"),
        ("x" * 300_000, "form-too-large"),
    ],
)
def test_what_is_no_form_at_all_is_refused_too(typed: str, rule: str) -> None:
    assert rule in [each for _, each in faults(typed)]


def test_a_key_typed_twice_is_a_fault_and_not_the_last_wins() -> None:
    typed = SMALL.replace("target: 100", "target: 100, target: 90")
    assert faults(typed) == [(line_of(SMALL, "target: 100"), "key-twice")]


def test_the_hash_depends_on_content_and_not_on_how_it_was_typed() -> None:
    first = form_data()
    retyped = SMALL.replace("max_points: 10", "max_points: 10.00").replace("at: end", "at: end, mode: half-up")
    assert canonical_hash(form_data(retyped)) == canonical_hash(first)
    changed = form_data(SMALL.replace("target: 100", "target: 99"))
    assert canonical_hash(changed) != canonical_hash(first)


def test_the_example_of_forty_forty_fifteen_and_five_is_sound_and_has_all_six_kinds() -> None:
    data = form_data(EXAMPLE.read_text(encoding="utf-8"))
    assert [section["max_points"] for section in data["sections"]] == ["40", "40", "15"]
    assert data["bonus"]["max_points"] == "5"

    def kinds(node: dict) -> set[str]:
        found = {leaf["kind"] for leaf in node.get("criteria", [])}
        return found.union(*(kinds(inner) for inner in node.get("sections", [])))

    assert kinds(data) | kinds(data["bonus"]) == {
        "proportional", "stepped", "deducting", "qualitative", "direct", "plus-minus"
    }  # fmt: skip
