"""Points of one line by the kind of its criterion, with the terms that gave them; exact throughout."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from scoring.domain.form import Leaf
from scoring.domain.numbers import show

ZERO = Fraction(0)


@dataclass(frozen=True)
class Figure:
    """What was measured for one line of one unit; whatever is None was not given."""

    actual: Fraction | None = None
    against: Fraction | None = None
    target: Fraction | None = None
    points: Fraction | None = None


@dataclass(frozen=True)
class Scored:
    """Points of the line itself, the bonus beyond it, and the terms of the computation."""

    points: Fraction
    bonus: Fraction = ZERO
    workings: dict[str, str] = field(default_factory=dict)


def score_line(leaf: Leaf, figure: Figure) -> Scored | None:
    """Points of a given figure; None when what was given does not suffice for any.

    Points that a person typed stand over what the figure would give, within the bounds of the line.
    """
    if figure.points is not None:
        return _typed(leaf, figure.points)
    if figure.actual is None and not (leaf.kind == "plus-minus" and figure.against is not None):
        return None
    if leaf.needs_target and figure.target is None:
        return None
    return _BY_KIND[leaf.kind](leaf, figure)


def lowest(leaf: Leaf) -> Fraction:
    """The least points that the line can give."""
    return leaf.floor if leaf.kind in ("deducting", "plus-minus") else ZERO


def _typed(leaf: Leaf, points: Fraction) -> Scored:
    if leaf.kind == "qualitative":
        within = leaf.max_points if points >= leaf.max_points else ZERO
    else:
        within = min(max(points, lowest(leaf)), leaf.max_points)
    return Scored(within, workings={"M": show(leaf.max_points), "typed": show(points)})


def _ratio(actual: Fraction, target: Fraction) -> Fraction:
    """A target of zero is reached by whatever was done."""
    return actual / target if target else Fraction(1)


def _proportional(leaf: Leaf, figure: Figure) -> Scored:
    actual, target = figure.actual or ZERO, figure.target or ZERO
    ratio = _ratio(actual, target)
    points = max(ZERO, leaf.max_points * min(Fraction(1), ratio))
    beyond = min(leaf.bonus_cap, leaf.max_points * max(ZERO, ratio - 1))
    workings = _terms(leaf, A=actual, T=target, ratio=ratio)
    if leaf.bonus_cap:
        workings["bonus_cap"] = show(leaf.bonus_cap)
    return Scored(points, beyond, workings)


def _stepped(leaf: Leaf, figure: Figure) -> Scored:
    actual = figure.actual or ZERO
    if leaf.measure == "ratio":
        measured = _ratio(actual, figure.target or ZERO) * 100
        workings = _terms(leaf, A=actual, T=figure.target or ZERO, percent=measured)
    else:
        measured = actual
        workings = _terms(leaf, A=actual)
    reached = [step for step in leaf.steps if step.start <= measured]
    if not reached:
        return Scored(ZERO, workings=workings)
    return Scored(reached[-1].points, workings={**workings, "step": show(reached[-1].start)})


def _deducting(leaf: Leaf, figure: Figure) -> Scored:
    actual = figure.actual or ZERO
    terms = {"A": actual}
    faults = actual
    if leaf.counts_shortfall:
        target = figure.target or ZERO
        faults = max(ZERO, target - actual)
        terms["T"] = target
    points = min(leaf.max_points, max(leaf.floor, leaf.max_points - leaf.per_fault * faults))
    return Scored(points, workings=_terms(leaf, **terms, faults=faults, per_fault=leaf.per_fault, floor=leaf.floor))


def _qualitative(leaf: Leaf, figure: Figure) -> Scored:
    achieved = figure.actual != 0
    return Scored(leaf.max_points if achieved else ZERO, workings=_terms(leaf, A=Fraction(1 if achieved else 0)))


def _direct(leaf: Leaf, figure: Figure) -> Scored | None:
    if leaf.each is None:
        return None
    actual = figure.actual or ZERO
    points = min(leaf.max_points, max(ZERO, leaf.each * actual))
    return Scored(points, workings=_terms(leaf, A=actual, each=leaf.each))


def _plus_minus(leaf: Leaf, figure: Figure) -> Scored:
    plus, minus = figure.actual or ZERO, figure.against or ZERO
    points = min(leaf.max_points, max(leaf.floor, leaf.plus * plus - leaf.minus * minus))
    return Scored(
        points,
        workings=_terms(leaf, plus=plus, minus=minus, bonus=leaf.plus, penalty=leaf.minus, floor=leaf.floor),
    )


def _terms(leaf: Leaf, **terms: Fraction) -> dict[str, str]:
    return {"M": show(leaf.max_points), **{name: show(number) for name, number in terms.items()}}


_BY_KIND = {
    "proportional": _proportional,
    "stepped": _stepped,
    "deducting": _deducting,
    "qualitative": _qualitative,
    "direct": _direct,
    "plus-minus": _plus_minus,
}
