"""The four-part threshold judged in exact fractions; each part keeps its figures, so that anyone sees why.

*All* are the members, with or without the recused as the body sets; the quorum is a percentage of the same
number. *Present* are those present who may vote on the question. *Valid* are the valid votes, abstentions
among them: an abstention counts for the quorum and never for approval.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Self

from contracts.refusal import Refused
from contracts.values import Amount, Denominator, Threshold, Value
from pydantic import Field, model_validator

from ballots.electorate import Electorate

Count = Annotated[int, Field(ge=0)]


class Part(Value):
    """One part of a judgement: ``numerator`` of ``denominator`` against a required percentage."""

    numerator: Count
    denominator: Count
    required: Amount
    """Percent."""
    strictly_more: bool = False
    met: bool

    @classmethod
    def judge(cls, numerator: int, denominator: int, required: Decimal, *, strictly_more: bool = False) -> Part:
        """Of nothing nothing is met, except a requirement of none at all."""
        if denominator == 0:
            met = required == 0 and not strictly_more
        else:
            share, bar = Fraction(numerator, denominator), Fraction(required) / 100
            met = share > bar if strictly_more else share >= bar
        return cls(
            numerator=numerator,
            denominator=denominator,
            required=required,
            strictly_more=strictly_more,
            met=met,
        )

    @property
    def share(self) -> Fraction:
        return Fraction(self.numerator, self.denominator) if self.denominator else Fraction(0)

    @property
    def percent(self) -> Decimal:
        """For showing only: percent to one place, half up."""
        return Decimal(math.floor(self.share * 1000 + Fraction(1, 2))).scaleb(-1)

    @property
    def figures(self) -> str:
        """``8/9 = 88,9 %``, as written on Vietnamese papers."""
        return f"{self.numerator}/{self.denominator} = {format(self.percent, 'f').replace('.', ',')} %"


class Tally(Value):
    """What was counted on one question."""

    in_favour: Count = 0
    against: Count = 0
    abstained: Count = 0
    invalid: Count = 0
    present: Count = 0
    """Members present who may vote on the question, whether or not they voted."""

    @model_validator(mode="after")
    def _of_those_present(self) -> Self:
        if self.cast > self.present:
            raise ValueError("more votes than members present")
        return self

    @property
    def valid(self) -> int:
        return self.in_favour + self.against + self.abstained

    @property
    def cast(self) -> int:
        return self.valid + self.invalid


class Judgement(Value):
    """Whether a threshold is met, with the figures of both parts."""

    met: bool
    quorum: Part
    approval: Part


class Reachability(Value):
    """Said before a ballot opens: what the best possible vote would give."""

    reachable: bool
    quorum: Part
    """With everybody entitled present."""
    approval: Part
    """With everybody entitled in favour."""
    needed: Count | None
    """The fewest votes in favour that suffice when all who may vote do so; None when out of reach."""


def judge(electorate: Electorate, threshold: Threshold, tally: Tally) -> Judgement:
    """Refused ``count-inconsistent`` when more are present than may vote."""
    able = len(electorate.entitled)
    if tally.present > able:
        raise Refused("count-inconsistent", check="present <= entitled", left=tally.present, right=able)
    body = electorate.body(threshold.recused_stay_in_denominator)
    of_whom = {
        Denominator.ALL: body,
        Denominator.PRESENT: tally.present,
        Denominator.VALID: tally.valid,
    }[threshold.denominator]
    quorum = Part.judge(tally.present, body, threshold.quorum)
    approval = Part.judge(tally.in_favour, of_whom, threshold.percentage, strictly_more=threshold.strictly_more)
    return Judgement(met=quorum.met and approval.met, quorum=quorum, approval=approval)


def reachable(electorate: Electorate, threshold: Threshold) -> Reachability:
    """Whether the threshold can be reached at all: 9 members, 90 % of all, one recused: 8/9 = 88,9 %, no."""
    able = len(electorate.entitled)
    best = judge(electorate, threshold, Tally(in_favour=able, present=able))
    needed = None
    if best.met:
        needed = next(
            votes
            for votes in range(able + 1)
            if judge(electorate, threshold, Tally(in_favour=votes, against=able - votes, present=able)).met
        )
    return Reachability(reachable=best.met, quorum=best.quorum, approval=best.approval, needed=needed)
