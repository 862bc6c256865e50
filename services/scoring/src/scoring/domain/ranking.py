"""Ranking a cluster: what is compared, ties by the table's rules in order, then by vote and never by chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from contracts.events.scoring import BallotClosed, BallotOpened, BallotPurpose, FinalLine, ScoreFinalized
from contracts.refusal import Refused

from scoring.domain.numbers import exact


@dataclass(frozen=True)
class ClosedBallot:
    """A closed ballot: how it was opened and what came of it."""

    opened: BallotOpened
    closed: BallotClosed

    def votes(self) -> dict[str, int]:
        return {tally.option: tally.votes for tally in self.closed.tally}


@dataclass(frozen=True)
class Placed:
    """One unit's place with what decided it."""

    unit_id: str
    rank: int
    compared: Fraction
    tie_broken_by: str | None = None
    ballots: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Group:
    units: tuple[str, ...]
    broken_by: Mapping[str, str] = field(default_factory=dict)
    ballots: tuple[str, ...] = ()


def place(
    rule: Mapping[str, Any], cards: Mapping[str, ScoreFinalized], ballots: Sequence[ClosedBallot]
) -> list[Placed]:
    """The units with a score in order, best first; ranks are 1, 2, 3 … without equals.

    Raises ``ranking-tie-stands`` with the tied units until a tie ballot on them is closed, and ``ballot-missing``
    when votes enter the mix and there was none.
    """
    compared, groups = _groups(rule, cards, ballots)
    standing = [group.units for group in groups if len(group.units) > 1]
    if standing:
        raise Refused("ranking-tie-stands", units=sorted(standing[0]), ties=[sorted(units) for units in standing])
    return [
        Placed(
            unit_id=group.units[0],
            rank=position + 1,
            compared=compared[group.units[0]],
            tie_broken_by=group.broken_by.get(group.units[0]),
            ballots=group.ballots,
        )
        for position, group in enumerate(groups)
    ]


def foresee(
    rule: Mapping[str, Any], cards: Mapping[str, ScoreFinalized], ballots: Sequence[ClosedBallot]
) -> list[tuple[str, ...]]:
    """The same order before it is final: units that only a vote can part stand together.

    Votes that enter a mix and were not cast yet count as none.
    """
    return [group.units for group in _groups(rule, cards, ballots, foreseen=True)[1]]


def _groups(
    rule: Mapping[str, Any],
    cards: Mapping[str, ScoreFinalized],
    ballots: Sequence[ClosedBallot],
    *,
    foreseen: bool = False,
) -> tuple[dict[str, Fraction], list[_Group]]:
    compared = {unit_id: _compared(rule, card, ballots, foreseen) for unit_id, card in cards.items()}
    if not cards:
        return compared, []
    groups = _split(_Group(tuple(sorted(cards))), lambda unit_id: compared[unit_id], None)
    for tie_rule in rule["ties"]:
        if tie_rule != "vote":
            measure = _measure(rule, tie_rule, cards)
            groups = [part for group in groups for part in _split(group, measure, tie_rule)]
    return compared, [part for group in groups for part in _by_vote(group, ballots)]


def quota(rule: Mapping[str, Any], members: int) -> int:
    """How many of the members may be excellent, by the rule's percentage, rounding and minimum."""
    excellent = rule["excellent"]
    share = exact(excellent["percent"]) * members / 100
    added = {"down": Fraction(0), "half-up": Fraction(1, 2), "up": 1 - Fraction(1, share.denominator)}
    return max(math.floor(share + added[excellent["rounding"]]), int(excellent["minimum"]))


def _compared(
    rule: Mapping[str, Any], card: ScoreFinalized, ballots: Sequence[ClosedBallot], foreseen: bool
) -> Fraction:
    percentage = _percentage(rule, card)
    mix = rule.get("mix")
    if mix is None:
        return percentage
    ballot = latest(ballots, BallotPurpose(mix["ballot"]))
    if ballot is None and not foreseen:
        raise Refused("ballot-missing", purpose=mix["ballot"])
    share = Fraction(0)
    if ballot is not None and ballot.closed.valid:
        share = Fraction(ballot.votes().get(card.unit_id, 0), ballot.closed.valid) * 100
    return exact(mix["score"]) / 100 * percentage + exact(mix["vote"]) / 100 * share


def _percentage(rule: Mapping[str, Any], card: ScoreFinalized) -> Fraction:
    if rule["compares"] == "exact" and card.exact_percentage is not None:
        return Fraction(card.exact_percentage)
    return exact(card.percentage)


def _measure(rule: Mapping[str, Any], tie_rule: str, cards: Mapping[str, ScoreFinalized]) -> Callable[[str], Fraction]:
    """What a tie rule compares: earned ÷ assigned of a section or criterion (of the bonus: points), or the total."""
    what, _, code = tie_rule.partition(":")
    precise = rule["compares"] == "exact"

    def measure(unit_id: str) -> Fraction:
        card = cards[unit_id]
        if what == "total":
            return Fraction(card.exact_total) if precise and card.exact_total else exact(card.total)
        if what == "criterion":
            line = next(line for line in card.lines if line.code == code)
            return _line_points(line, precise) / exact(line.max_points)
        section = next(section for section in card.sections if section.code == code)
        earned = Fraction(section.exact_earned) if precise and section.exact_earned else exact(section.earned)
        return earned / exact(section.assigned) if section.assigned else earned

    return measure


def _line_points(line: FinalLine, precise: bool) -> Fraction:
    if precise and line.exact_points is not None:
        return Fraction(line.exact_points)
    return exact(line.final_points) if line.final_points is not None else Fraction(0)


def _split(
    group: _Group, measure: Callable[[str], Fraction | int], rule: str | None, ballot_id: str | None = None
) -> list[_Group]:
    """The group in parts of equal measure, highest first; what a tie rule parted remembers the rule."""
    if len(group.units) == 1:
        return [group]
    values = sorted({measure(unit_id) for unit_id in group.units}, reverse=True)
    if len(values) == 1:
        return [group]
    broken_by = group.broken_by if rule is None else {**group.broken_by, **dict.fromkeys(group.units, rule)}
    relied = group.ballots if ballot_id is None else (*group.ballots, ballot_id)
    return [_Group(tuple(u for u in group.units if measure(u) == value), broken_by, relied) for value in values]


def _by_vote(group: _Group, ballots: Sequence[ClosedBallot]) -> list[_Group]:
    """Parts a tie by closed tie ballots, newest first, that had a quorum and put exactly these units to the vote."""
    if len(group.units) == 1:
        return [group]
    for ballot in reversed(ballots):
        if ballot.opened.purpose is not BallotPurpose.TIE or not ballot.closed.quorum_met:
            continue
        if set(ballot.opened.settles) == set(group.units):
            parts = _split(group, _votes(ballot), "vote", ballot.opened.ballot_id)
            if len(parts) > 1:
                return [smaller for part in parts for smaller in _by_vote(part, ballots)]
    return [group]


def _votes(ballot: ClosedBallot) -> Callable[[str], int]:
    votes = ballot.votes()
    return lambda unit_id: votes.get(unit_id, 0)


def latest(ballots: Sequence[ClosedBallot], purpose: BallotPurpose) -> ClosedBallot | None:
    """The newest closed ballot of a purpose; ``ballots`` are in the order in which they were closed."""
    return next((ballot for ballot in reversed(ballots) if ballot.opened.purpose is purpose), None)
