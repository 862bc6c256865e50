"""A checked table of criteria as the engine uses it: a tree of sections and leaves with exact numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scoring.domain.numbers import exact


@dataclass(frozen=True)
class Step:
    start: Fraction
    points: Fraction


@dataclass(frozen=True)
class Leaf:
    """One criterion. Which of the optional parts stand depends on its kind (docs/rubric-form.md)."""

    code: str
    title: str
    kind: str
    max_points: Fraction
    unit: str | None = None
    target: Fraction | None = None
    registered_target: bool = False
    targets: Mapping[str, Fraction] | None = None
    not_assigned_to: frozenset[str] = frozenset()
    bonus_cap: Fraction = Fraction(0)
    measure: str | None = None
    steps: tuple[Step, ...] = ()
    per_fault: Fraction = Fraction(0)
    counts_shortfall: bool = False
    floor: Fraction = Fraction(0)
    each: Fraction | None = None
    plus: Fraction = Fraction(0)
    minus: Fraction = Fraction(0)

    @property
    def in_denominator(self) -> bool:
        """A plus/minus line adds to and takes from the others; it is not itself a part of what is assigned."""
        return self.kind != "plus-minus"

    @property
    def needs_target(self) -> bool:
        return (
            self.kind == "proportional"
            or (self.kind == "stepped" and self.measure == "ratio")
            or (self.kind == "deducting" and self.counts_shortfall)
        )


@dataclass(frozen=True)
class Section:
    code: str
    title: str
    max_points: Fraction
    sections: tuple[Section, ...] = ()
    leaves: tuple[Leaf, ...] = ()

    def all_leaves(self) -> Iterator[Leaf]:
        for section in self.sections:
            yield from section.all_leaves()
        yield from self.leaves


@dataclass(frozen=True)
class Form:
    title: str
    sections: tuple[Section, ...]
    bonus: Section | None
    places: int
    round_each_leaf: bool
    review_days: int
    lateness: Mapping[str, Fraction]
    ranking: Mapping[str, Any]

    def leaves(self) -> Iterator[Leaf]:
        """Every leaf in the order of the table, those of the bonus last."""
        for section in self.sections:
            yield from section.all_leaves()
        if self.bonus is not None:
            yield from self.bonus.leaves

    def leaf(self, code: str) -> Leaf | None:
        return next((leaf for leaf in self.leaves() if leaf.code == code), None)


def form_of(data: Mapping[str, Any]) -> Form:
    """The form that canonical data describes; the data must have passed ``check_form``."""
    return Form(
        title=data["title"],
        sections=tuple(_section(each) for each in data["sections"]),
        bonus=_section(data["bonus"]) if "bonus" in data else None,
        places=int(data["rounding"]["places"]),
        round_each_leaf=data["rounding"]["at"] == "leaf",
        review_days=int(data["review_days"]),
        lateness={key: exact(points) for key, points in data.get("lateness", {}).items()},
        ranking=data["ranking"],
    )


def _section(data: Mapping[str, Any]) -> Section:
    return Section(
        code=data["code"],
        title=data["title"],
        max_points=exact(data["max_points"]),
        sections=tuple(_section(each) for each in data.get("sections", ())),
        leaves=tuple(_leaf(each) for each in data.get("criteria", ())),
    )


def _leaf(data: Mapping[str, Any]) -> Leaf:
    target = data.get("target")
    return Leaf(
        code=data["code"],
        title=data["title"],
        kind=data["kind"],
        max_points=exact(data["max_points"]),
        unit=data.get("unit"),
        target=exact(target) if target not in (None, "registered") else None,
        registered_target=target == "registered",
        targets={unit: exact(number) for unit, number in data["targets"].items()} if "targets" in data else None,
        not_assigned_to=frozenset(data.get("not_assigned_to", ())),
        bonus_cap=exact(data.get("bonus_cap", 0)),
        measure=data.get("measure"),
        steps=tuple(Step(exact(step["from"]), exact(step["points"])) for step in data.get("steps", ())),
        per_fault=exact(data.get("per_fault", 0)),
        counts_shortfall=data.get("counts") == "shortfall",
        floor=exact(data.get("floor", 0)),
        each=exact(data["each"]) if "each" in data else None,
        plus=exact(data.get("bonus", 0)),
        minus=exact(data.get("penalty", 0)),
    )
