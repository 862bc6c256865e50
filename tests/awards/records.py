"""Builders of records: what is known of one person or unit, said in one line."""

from __future__ import annotations

from importlib.resources import files

from awards.domain.record import (
    Achievement,
    CleanYear,
    Discipline,
    Looked,
    Placing,
    Rating,
    Record,
    Registered,
    Registration,
    Source,
    Title,
)
from awards.domain.rule_text import read_rule_set
from awards.domain.rules import RuleSet
from contracts.events.awards.history import AchievementKind, AchievementScope
from contracts.events.awards.proposals import Share
from contracts.events.registry.people import Grade, Measure
from contracts.events.scoring import Classification
from contracts.values import Paper, Recipient

PAPER = Paper(number="38-QĐ/LĐLĐ", date="2022-12-28", issuer="LĐLĐ tỉnh Cao Bằng")
SOURCE = Source(event_id="su-kien-1", paper=PAPER)
DAO = Recipient(kind="person", id="nguyen-thi-dao")
CAO_BANG = Recipient(kind="unit", id="ldld-cao-bang")


def shipped(name: str) -> RuleSet:
    return read_rule_set((files("awards") / "rule_sets" / f"{name}.yaml").read_text(encoding="utf-8"))


LAW = shipped("luat-06-2022")
UNION = shipped("quy-che-cong-doan")


def titles(**years: list[int]) -> tuple[Title, ...]:
    """``titles(cstd_co_so=[2022, 2023])``."""
    return tuple(Title(code.replace("_", "-"), year, SOURCE) for code, held in years.items() for year in held)


def ratings(**years: list[int]) -> tuple[Rating, ...]:
    """``ratings(excellent=[2023, 2024])``."""
    return tuple(Rating(year, Grade(grade), SOURCE) for grade, rated in years.items() for year in rated)


def initiative(year: int, scope: str = "grassroots", applied: bool = False, kind: str = "initiative") -> Achievement:
    return Achievement(AchievementKind(kind), AchievementScope(scope), year, applied, "Số hóa sổ đoàn viên", SOURCE)


def placed(year: int, how: str, level: str | None = "national") -> Placing:
    return Placing(year, "Cụm Biên giới phía Bắc", level, Classification(how), SOURCE)


def punished(year: int, measure: str = "warning", of_member: bool = True) -> Discipline:
    return Discipline(year, Measure(measure), of_member, SOURCE)


def clean(*years: int) -> tuple[CleanYear, ...]:
    return tuple(CleanYear(year, SOURCE) for year in years)


def share(code: str, part: int, whole: int) -> Share:
    return Share(code=code, part=part, whole=whole, paper=PAPER)


WHOLE = (Looked(None, 2024, SOURCE),)
"""Everything to 2024 has been looked through."""


def person(**known: object) -> Record:
    return Record(DAO, **known)  # type: ignore[arg-type]


def unit(**known: object) -> Record:
    return Record(CAO_BANG, **known)  # type: ignore[arg-type]


def registered(state: str) -> Registration:
    return Registration(Registered(state), SOURCE)
