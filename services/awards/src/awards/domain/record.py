"""What is known of a recipient: each entry with the year it counts for and the event or paper it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from contracts.events.awards.history import AchievementKind, AchievementScope
from contracts.events.awards.proposals import Share
from contracts.events.registry.people import Grade, Measure
from contracts.events.scoring import Classification
from contracts.values import Paper, Recipient


@dataclass(frozen=True, slots=True)
class Source:
    """Where an entry comes from."""

    event_id: str | None = None
    paper: Paper | None = None


@dataclass(frozen=True, slots=True)
class Title:
    title: str
    year: int
    source: Source


@dataclass(frozen=True, slots=True)
class Rating:
    year: int
    grade: Grade
    source: Source


@dataclass(frozen=True, slots=True)
class Achievement:
    kind: AchievementKind
    scope: AchievementScope
    year: int
    applied: bool
    name: str
    source: Source


@dataclass(frozen=True, slots=True)
class Placing:
    """How the unit left one year in one cluster or bloc."""

    year: int
    cluster: str
    """Its name."""
    run_by_level: str | None
    """Level of the unit that runs it; None where that unit is not known here."""
    classification: Classification
    source: Source


@dataclass(frozen=True, slots=True)
class Discipline:
    """A measure against the recipient, or, of a unit, against one of its people."""

    year: int
    measure: Measure
    of_member: bool
    source: Source


@dataclass(frozen=True, slots=True)
class CleanYear:
    year: int
    source: Source


@dataclass(frozen=True, slots=True)
class Looked:
    """Years whose awards and achievements are all here. ``since`` None: from the beginning."""

    since: int | None
    until: int
    source: Source


@dataclass(frozen=True, slots=True)
class Campaign:
    """The campaign on which the proposal rests."""

    title: str
    starts: date
    ends: date | None
    closed: bool
    source: Source

    @property
    def years(self) -> int:
        """Whole years from its start to its end; 0 while it has no end."""
        return 0 if self.ends is None else (self.ends - self.starts).days // 365


class Registered(StrEnum):
    """What is known of the registration for the year."""

    NOT_TESTED = "not-tested"
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """The unit registered, this person is not named in it."""


@dataclass(frozen=True, slots=True)
class Registration:
    state: Registered
    source: Source = Source()


@dataclass(frozen=True, slots=True)
class Record:
    """Everything the engine may count for one recipient."""

    recipient: Recipient
    titles: tuple[Title, ...] = ()
    ratings: tuple[Rating, ...] = ()
    achievements: tuple[Achievement, ...] = ()
    placings: tuple[Placing, ...] = ()
    disciplines: tuple[Discipline, ...] = ()
    clean_years: tuple[CleanYear, ...] = ()
    looked: tuple[Looked, ...] = ()
    shares: tuple[Share, ...] = ()
    campaign: Campaign | None = None
    registration: Registration = Registration(Registered.NOT_TESTED)

    def looked_at(self, year: int) -> bool:
        """Whether a title or achievement missing in that year means that there was none."""
        return any((span.since is None or span.since <= year) and year <= span.until for span in self.looked)

    def looked_before(self, year: int) -> bool:
        """Whether everything before that year is known, from the beginning."""
        reached = max((span.until for span in self.looked if span.since is None), default=None)
        return reached is not None and all(self.looked_at(y) for y in range(reached + 1, year))
