"""A rule set as data: forms with alternative routes of conditions, paths through a body, papers, quotas.

The same shape is read from YAML (``rule_text``), carried whole in ``RuleSetEnacted`` and applied by ``eligibility``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

from contracts.events.awards.assessments import Code, TitleCode
from contracts.events.awards.rules import AwardType, Channel, Track
from contracts.events.registry.units import Level
from contracts.values import Period, RuleSetId, ShortText, SubjectKind, Text, UnitId
from pydantic import Field

from awards.domain.rule_conditions import Condition, Strict


class Route(Strict):
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


class RequiredPaper(Strict):
    """A paper of the dossier, needed before a stage is entered."""

    code: Code
    name: ShortText
    before: Code
    if_achieved: bool = False
    """Only where a met condition counts an initiative or research."""


class Quota(Strict):
    """So many at most, counted when a decision is issued."""

    text: Text
    at_most: Annotated[int, Field(ge=1)]
    types: Annotated[tuple[AwardType, ...], Field(min_length=1)]
    per_proposer: bool = False
    """Counted per proposing unit; else over the whole deciding body."""
    made_up: Text | None = None


OUTSIDE = "outside-body"


class Form(Strict):
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


class Stage(Strict):
    code: Code
    name: ShortText
    kind: StageKind
    role: StageRole


class Path(Strict):
    """The stages inside one body, for a channel and a track, at certain levels."""

    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]
    tracks: Annotated[tuple[Track, ...], Field(min_length=1)]
    levels: tuple[Level, ...] = ()
    """Empty: every level that no path before this one names."""
    stages: Annotated[tuple[Code, ...], Field(min_length=1)]


class RegistrationTest(Strict):
    """Not registered: yearly awards are not considered. Bodies may switch it per track, year and type."""

    tested: tuple[AwardType, ...] = ()
    text: Text


EXEMPT = (AwardType.AD_HOC, AwardType.CONTRIBUTION, AwardType.EXTERNAL)
"""Types that never depend on a registration."""


class RuleSet(Strict):
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
