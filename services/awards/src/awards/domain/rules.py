"""A rule set as data: forms with alternative routes of conditions, paths through a body, papers, quotas.

The same shape is read from YAML (``rule_text``), carried whole in ``RuleSetEnacted`` and applied by ``eligibility``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Self

from contracts.events.awards.assessments import Code, TitleCode
from contracts.events.awards.history import AchievementKind, AchievementScope
from contracts.events.awards.rules import AwardType, Channel, Track
from contracts.events.registry.people import Grade, Measure
from contracts.events.registry.units import Level
from contracts.events.scoring import Classification
from contracts.values import Amount, Period, RuleSetId, ShortText, SubjectKind, Text, UnitId, Value
from pydantic import ConfigDict, Field, model_validator

Times = Annotated[int, Field(ge=1, le=50)]


class _Strict(Value):
    """Rule sets are typed by hand: a key that nobody knows is a mistake, not something newer."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Span(_Strict):
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


class Step(_Strict):
    """The step before on a ladder, so many years ago."""

    titles: Annotated[tuple[TitleCode, ...], Field(min_length=1)]
    years: Annotated[int, Field(ge=0, le=50)] = 0


class Placed(_Strict):
    """How a unit left the year in a cluster or bloc."""

    as_: Annotated[tuple[Classification, ...], Field(min_length=1, alias="as")]
    run_by: tuple[Level, ...] = ()
    """Levels of the body that runs the cluster or bloc; empty: any."""
    outside: bool = False
    """Whether a place in a bloc run by an outside body counts, from its paper."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, validate_by_name=True, serialize_by_alias=True
    )


class OfCampaign(_Strict):
    """The campaign on which a proposal rests."""

    at_least_years: Annotated[int, Field(ge=0, le=20)] = 0
    closed: bool = False
    """Its closing review has been held."""


class OfShare(_Strict):
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


class NoDiscipline(_Strict):
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


class Condition(_Strict):
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


class Route(_Strict):
    """One of the alternative ways to a title: all its conditions must be met."""

    code: Code
    name: ShortText
    types: Annotated[tuple[AwardType, ...], Field(min_length=1)]
    subject: SubjectKind | None = None
    """None: for every subject of the form."""
    made_up: Text | None = None
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1)]

    def numbered(self) -> Iterator[tuple[str, Condition]]:
        """Every condition, nested ones after the one that holds them, with its code."""
        yield from _numbered(self.code, self.conditions)


def _numbered(prefix: str, conditions: tuple[Condition, ...]) -> Iterator[tuple[str, Condition]]:
    for number, condition in enumerate(conditions, start=1):
        code = f"{prefix}.{number}"
        yield code, condition
        yield from _numbered(code, condition.parts)


class RequiredPaper(_Strict):
    """A paper of the dossier, needed before a stage is entered."""

    code: Code
    name: ShortText
    before: Code
    if_achieved: bool = False
    """Only where a met condition counts an initiative or research."""


class Quota(_Strict):
    """So many at most, counted when a decision is issued."""

    text: Text
    at_most: Annotated[int, Field(ge=1)]
    types: Annotated[tuple[AwardType, ...], Field(min_length=1)]
    per_proposer: bool = False
    """Counted per proposing unit; else over the whole deciding body."""
    made_up: Text | None = None


OUTSIDE = "outside-body"


class Form(_Strict):
    """A title (danh hiệu) or form (hình thức) and what it takes."""

    code: TitleCode
    name: ShortText
    basis: ShortText
    """Article or paper."""
    subjects: Annotated[tuple[SubjectKind, ...], Field(min_length=1)]
    decided_by: Annotated[tuple[Code, ...], Field(min_length=1)]
    """Levels of bodies that may decide it, or ``outside-body``."""
    made_up: Text | None = None
    general: tuple[Condition, ...] = ()
    """Conditions that hold whatever the route."""
    routes: Annotated[tuple[Route, ...], Field(min_length=1)]
    papers: tuple[RequiredPaper, ...] | None = None
    """None: those of the rule set."""
    quotas: tuple[Quota, ...] = ()

    def routes_for(self, subject: SubjectKind, award_type: AwardType) -> tuple[Route, ...]:
        return tuple(
            route
            for route in self.routes
            if award_type in route.types and route.subject in (None, subject) and subject in self.subjects
        )

    def numbered(self) -> Iterator[tuple[str, Condition]]:
        yield from _numbered("chung", self.general)
        for route in self.routes:
            yield from route.numbered()


class StageKind(StrEnum):
    SPECIALIST = "specialist"
    HEAD = "head"
    COUNCIL = "council"
    STANDING_COMMITTEE = "standing-committee"
    SIGNATORY = "signatory"


class StageRole(StrEnum):
    """Who moves a case on from a stage."""

    STANDING_OFFICE = "standing-office"
    LEADER = "leader"


class Stage(_Strict):
    code: Code
    name: ShortText
    kind: StageKind
    role: StageRole


class Path(_Strict):
    """The stages inside one body, for a channel and a track, at certain levels."""

    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]
    tracks: Annotated[tuple[Track, ...], Field(min_length=1)]
    levels: tuple[Level, ...] = ()
    """Empty: every level that no path before this one names."""
    stages: Annotated[tuple[Code, ...], Field(min_length=1)]


class RegistrationTest(_Strict):
    """Not registered: yearly awards are not considered. Bodies may switch it per track, year and type."""

    tested: tuple[AwardType, ...] = ()
    text: Text


EXEMPT = (AwardType.AD_HOC, AwardType.CONTRIBUTION, AwardType.EXTERNAL)
"""Types that never depend on a registration."""


class RuleSet(_Strict):
    """A whole rule set."""

    rule_set: RuleSetId
    name: ShortText
    issuer: ShortText
    issuing_unit: UnitId | None = None
    legal_basis: Text
    in_force: Period
    replaces: RuleSetId | None = None
    made_up: Text | None = None
    """What in it no source gives, marked so."""
    families: dict[Code, tuple[TitleCode, ...]] = Field(default_factory=dict)
    """Titles that count as one, e.g. Bằng khen of UBND tỉnh or of TLĐ, never those of LĐLĐ tỉnh."""
    other_titles: dict[TitleCode, ShortText] = Field(default_factory=dict)
    """Names of titles that other rule sets govern and this one counts."""
    registration: RegistrationTest
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    paths: Annotated[tuple[Path, ...], Field(min_length=1)]
    papers: tuple[RequiredPaper, ...] = ()
    forms: Annotated[tuple[Form, ...], Field(min_length=1)]

    def form(self, title: str) -> Form | None:
        return next((form for form in self.forms if form.code == title), None)

    def papers_of(self, form: Form) -> tuple[RequiredPaper, ...]:
        return self.papers if form.papers is None else form.papers

    def stage(self, code: str) -> Stage:
        return next(stage for stage in self.stages if stage.code == code)

    def stages_of(self, channel: Channel, track: Track, level: str) -> tuple[Stage, ...]:
        """The stages a case passes in a body; empty when no path of the rule set fits."""
        for path in self.paths:
            if channel in path.channels and track in path.tracks and (not path.levels or level in path.levels):
                return tuple(self.stage(code) for code in path.stages)
        return ()

    def members(self, titles: tuple[str, ...]) -> tuple[str, ...]:
        """Titles with families written out, each once, in order."""
        spelt = [code for title in titles for code in self.families.get(title, (title,))]
        return tuple(dict.fromkeys(spelt))

    def title_name(self, title: str) -> str:
        form = self.form(title)
        return form.name if form is not None else self.other_titles.get(title, title)

    def canonical(self) -> dict[str, Any]:
        """As data of objects, lists and text, the same for equal rule sets."""
        return self.model_dump(mode="json", exclude_defaults=True, by_alias=True)

    @property
    def hash(self) -> str:
        text = json.dumps(self.canonical(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
