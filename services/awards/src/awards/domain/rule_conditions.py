"""The small language of conditions: what a route may ask for, each in the words of the paper and one way to check."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Self

from contracts.events.awards.assessments import Code, TitleCode
from contracts.events.awards.history import AchievementKind, AchievementScope
from contracts.events.registry.people import Grade, Measure
from contracts.events.registry.units import Level
from contracts.events.scoring import Classification
from contracts.values import Amount, Text, Value
from pydantic import ConfigDict, Field, model_validator

Times = Annotated[int, Field(ge=1, le=50)]


class Strict(Value):
    """Rule sets are typed by hand: a key that nobody knows is a mistake, not something newer."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Span(Strict):
    """Which years count, back from the year proposed.

    ``consecutive: n`` asks for each of the last n years; ``times: n`` counts, ``within`` so many last years or
    ``after`` the latest award of an earlier step, else in the whole history.
    """

    consecutive: Times | None = None
    times: Times = 1
    within: Times | None = None
    after: tuple[TitleCode, ...] = ()

    @model_validator(mode="after")
    def _one_way_of_counting(self) -> Self:
        if self.consecutive is not None and (self.times != 1 or self.within is not None):
            raise ValueError("'consecutive' không đi cùng 'times' hoặc 'within'")
        return self


class Rated(Span):
    """Yearly rating (xếp loại chất lượng)."""

    at_least: Grade


class Holds(Span):
    """Titles and forms held, by code or by family."""

    titles: Annotated[tuple[TitleCode, ...], Field(min_length=1)]
    years_before: Annotated[int, Field(ge=0, le=20)] = 0
    """The years counted end so many years before the year proposed."""


class Achieved(Span):
    """Recognised initiatives, accepted research."""

    kinds: Annotated[tuple[AchievementKind, ...], Field(min_length=1)]
    at_least: AchievementScope
    applied: bool = False


class Step(Strict):
    """The step before on a ladder, so many years ago."""

    titles: Annotated[tuple[TitleCode, ...], Field(min_length=1)]
    years: Annotated[int, Field(ge=0, le=50)] = 0


class Placed(Strict):
    """How a unit left the year in a cluster or bloc."""

    as_: Annotated[tuple[Classification, ...], Field(min_length=1, alias="as")]
    run_by: tuple[Level, ...] = ()
    """Levels of the body that runs the cluster or bloc; empty: any."""
    outside: bool = False
    """Whether a place in a bloc run by an outside body counts, from its paper."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, validate_by_name=True, serialize_by_alias=True
    )


class OfCampaign(Strict):
    """The campaign on which a proposal rests."""

    at_least_years: Annotated[int, Field(ge=0, le=20)] = 0
    closed: bool = False
    """Its closing review has been held."""


class OfShare(Strict):
    """A share of people, e.g. members who are Lao động tiên tiến, stated by the unit with a paper."""

    code: Code
    at_least: Annotated[Amount, Field(ge=0, le=100)] | None = None
    """Percent."""
    at_least_people: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _one_bar(self) -> Self:
        if (self.at_least is None) == (self.at_least_people is None):
            raise ValueError("ghi đúng một trong 'at_least' (phần trăm) và 'at_least_people' (số người)")
        return self

    def met_by(self, part: int, whole: int) -> bool:
        if self.at_least_people is not None:
            return part >= self.at_least_people
        assert self.at_least is not None
        return Fraction(part, whole) >= Fraction(self.at_least) / 100


class Of(StrEnum):
    RECIPIENT = "recipient"
    MEMBERS = "members"


class NoDiscipline(Strict):
    """Nobody disciplined at this measure or above."""

    from_: Annotated[Measure, Field(alias="from")]
    of: Of = Of.RECIPIENT
    years: Times = 1

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, validate_by_name=True, serialize_by_alias=True
    )


KINDS = (
    "rated",
    "holds",
    "achieved",
    "step",
    "placed",
    "campaign",
    "share",
    "no_discipline",
    "any",
    "all",
    "ask",
)


class Condition(Strict):
    """What is asked, in the words of the paper, and exactly one way to check it; ``ask`` puts it to the council."""

    text: Text
    rated: Rated | None = None
    holds: Holds | None = None
    achieved: Achieved | None = None
    step: Step | None = None
    placed: Placed | None = None
    campaign: OfCampaign | None = None
    share: OfShare | None = None
    no_discipline: NoDiscipline | None = None
    any: Annotated[tuple[Condition, ...], Field(min_length=1)] | None = None
    all: Annotated[tuple[Condition, ...], Field(min_length=1)] | None = None
    ask: bool | None = None

    @model_validator(mode="after")
    def _one_check(self) -> Self:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1 or self.ask is False:
            raise ValueError(f"điều kiện phải có đúng một cách kiểm tra trong: {', '.join(KINDS)}")
        return self

    @property
    def parts(self) -> tuple[Condition, ...]:
        return self.any or self.all or ()

    @property
    def titles_named(self) -> tuple[str, ...]:
        """Titles that the check itself names."""
        if self.holds is not None:
            return self.holds.titles + self.holds.after
        if self.step is not None:
            return self.step.titles
        span = self.rated or self.achieved
        return span.after if span is not None else ()
