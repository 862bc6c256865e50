"""Answers one condition from a record: met, not met or unknown, with what was counted. Unknown is not no."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from contracts.events.awards.assessments import ConditionOutcome, Counted
from contracts.events.awards.history import AchievementKind, AchievementScope
from contracts.events.registry.people import Grade, Measure
from contracts.events.scoring import Classification

from awards.domain import words
from awards.domain.record import Achievement, Record, Source
from awards.domain.rule_conditions import (
    Achieved,
    Condition,
    Holds,
    NoDiscipline,
    Of,
    OfShare,
    Placed,
    Rated,
    Span,
    Step,
)
from awards.domain.rules import RuleSet

MET, NOT_MET = ConditionOutcome.MET, ConditionOutcome.NOT_MET
UNKNOWN, FOR_COUNCIL = ConditionOutcome.UNKNOWN, ConditionOutcome.FOR_COUNCIL

ORDER = (NOT_MET, UNKNOWN, FOR_COUNCIL, MET)
"""From worst to best. Of conditions that must all hold the worst decides, of alternatives the best."""

_GRADES = (Grade.NOT_COMPLETED, Grade.COMPLETED, Grade.GOOD, Grade.EXCELLENT)
_MEASURES = tuple(Measure)
_SCOPES = (AchievementScope.GRASSROOTS, AchievementScope.PROVINCE, AchievementScope.NATIONAL)


@dataclass(frozen=True, slots=True)
class Said:
    """What the record alone says of one condition."""

    outcome: ConditionOutcome
    counted: tuple[Counted, ...] = ()
    missing: str | None = None


def worst(outcomes: Iterable[ConditionOutcome]) -> ConditionOutcome:
    """All of these; of none at all: met."""
    return min(outcomes, key=ORDER.index, default=MET)


def best(outcomes: Iterable[ConditionOutcome]) -> ConditionOutcome:
    """Any of these; of none at all: not met."""
    return max(outcomes, key=ORDER.index, default=NOT_MET)


def check(condition: Condition, record: Record, year: int, rules: RuleSet) -> Said:
    """Answer a condition without parts; ``any`` and ``all`` follow from their parts."""
    if condition.ask:
        return Said(FOR_COUNCIL, missing="Hội đồng xem xét, kết luận.")
    if condition.rated is not None:
        return _rated(condition.rated, record, year, rules)
    if condition.holds is not None:
        return _holds(condition.holds, record, year, rules)
    if condition.achieved is not None:
        return _achieved(condition.achieved, record, year, rules)
    if condition.step is not None:
        return _step(condition.step, record, year, rules)
    if condition.placed is not None:
        return _placed(condition.placed, record, year)
    if condition.share is not None:
        return _share(condition.share, record)
    if condition.no_discipline is not None:
        return _no_discipline(condition.no_discipline, record, year)
    assert condition.campaign is not None
    return _campaign(condition.campaign.at_least_years, condition.campaign.closed, record)


@dataclass(slots=True)
class _Years:
    """One entry list seen year by year: what counts, and which years nobody has looked at."""

    counted: dict[int, list[Counted]] = field(default_factory=dict)

    def add(self, year: int, text: str, source: Source) -> None:
        self.counted.setdefault(year, []).append(_told(text, source))

    def in_(self, years: Iterable[int]) -> tuple[Counted, ...]:
        return tuple(entry for year in sorted(years) for entry in self.counted.get(year, ()))


def _told(text: str, source: Source) -> Counted:
    return Counted(text=text, event_id=source.event_id, paper=source.paper)


def _by_span(
    span: Span,
    entries: _Years,
    known: Callable[[int], bool],
    known_before: Callable[[int], bool],
    record: Record,
    last: int,
    rules: RuleSet,
    what: str,
    at_most_a_year: int = 1,
) -> Said:
    """Count entries over the years that a span names. ``known``: a year without an entry really has none."""
    if span.consecutive is not None:
        asked = range(last - span.consecutive + 1, last + 1)
        held = [year for year in asked if year in entries.counted]
        missing = [year for year in asked if year not in entries.counted]
        unknown = [year for year in missing if not known(year)]
        counted = entries.in_(held)
        if not missing:
            return Said(MET, counted)
        if len(unknown) < len(missing):
            absent = [year for year in missing if known(year)]
            return Said(NOT_MET, counted, f"Không có {what} {words.years(absent)}.")
        return Said(UNKNOWN, counted, f"Chưa rõ {what} {words.years(unknown)}.")
    first = last - span.within + 1 if span.within is not None else None
    if span.after:
        earlier = [title.year for title in record.titles if title.title in rules.members(span.after)]
        first = max([*earlier, *([first - 1] if first is not None else [])], default=None)
        first = None if first is None else first + 1
    held = [year for year in entries.counted if (first is None or year >= first) and year <= last]
    counted = entries.in_(held)
    if len(counted) >= span.times:
        return Said(MET, counted)
    if first is None:
        if known_before(last + 1):
            return Said(NOT_MET, counted, f"Chỉ có {len(counted)}/{span.times} lần {what}.")
        return Said(UNKNOWN, counted, f"Mới biết {len(counted)}/{span.times} lần {what}; lịch sử chưa đầy đủ.")
    unknown = [year for year in range(first, last + 1) if not known(year)]
    room = sum(max(0, at_most_a_year - len(entries.counted.get(year, ()))) for year in unknown)
    if len(counted) + room < span.times:
        return Said(NOT_MET, counted, f"Chỉ có {len(counted)}/{span.times} lần {what} từ năm {first}.")
    return Said(
        UNKNOWN,
        counted,
        f"Mới biết {len(counted)}/{span.times} lần {what}; chưa rõ {words.years(unknown)}.",
    )


def _rated(asked: Rated, record: Record, year: int, rules: RuleSet) -> Said:
    entries, below = _Years(), {}
    for rating in record.ratings:
        text = f"Năm {rating.year}: {words.GRADE[rating.grade]}"
        if _GRADES.index(rating.grade) >= _GRADES.index(asked.at_least):
            entries.add(rating.year, text, rating.source)
        else:
            below[rating.year] = _told(text, rating.source)
    said = _by_span(
        asked,
        entries,
        lambda when: when in below or when in entries.counted,
        lambda _: False,
        record,
        year,
        rules,
        f"xếp loại {words.GRADE[asked.at_least]}" + (" trở lên" if asked.at_least is not Grade.EXCELLENT else ""),
    )
    against = tuple(below[when] for when in sorted(below) if said.outcome is NOT_MET and when <= year)
    return Said(said.outcome, said.counted + against, said.missing)


def _holds(asked: Holds, record: Record, year: int, rules: RuleSet) -> Said:
    titles, entries = rules.members(asked.titles), _Years()
    seen: set[tuple[str, int]] = set()
    for title in record.titles:
        if title.title in titles and (title.title, title.year) not in seen:
            seen.add((title.title, title.year))
            entries.add(title.year, f"Năm {title.year}: {rules.title_name(title.title)}", title.source)
    what = " hoặc ".join(rules.title_name(title) for title in titles)
    return _by_span(
        asked,
        entries,
        record.looked_at,
        record.looked_before,
        record,
        year - asked.years_before,
        rules,
        what,
        at_most_a_year=len(titles),
    )


_MANY = 1000
"""More achievements than anybody has in a year: an unknown year may hold any number."""


def _achieved(asked: Achieved, record: Record, year: int, rules: RuleSet) -> Said:
    entries = _Years()
    for one in record.achievements:
        if (
            one.kind in asked.kinds
            and _SCOPES.index(one.scope) >= _SCOPES.index(asked.at_least)
            and (one.applied or not asked.applied)
        ):
            entries.add(one.year, _achievement(one), one.source)
    what = " hoặc ".join(words.ACHIEVEMENT[kind] for kind in asked.kinds) + f" {words.SCOPE[asked.at_least]}"
    return _by_span(
        asked,
        entries,
        record.looked_at,
        record.looked_before,
        record,
        year,
        rules,
        what,
        at_most_a_year=_MANY,
    )


def _achievement(one: Achievement) -> str:
    applied = ", đã áp dụng" if one.applied else ""
    return f"Năm {one.year}: {words.ACHIEVEMENT[one.kind]} {words.SCOPE[one.scope]} “{one.name}”{applied}"


def _step(asked: Step, record: Record, year: int, rules: RuleSet) -> Said:
    titles = rules.members(asked.titles)
    held = [title for title in record.titles if title.title in titles and title.year <= year]
    names = " hoặc ".join(rules.title_name(title) for title in titles)
    early = [title for title in held if year - title.year >= asked.years]
    if early:
        first = max(early, key=lambda title: title.year)
        return Said(MET, (_told(f"Năm {first.year}: {rules.title_name(first.title)}", first.source),))
    counted = tuple(_told(f"Năm {title.year}: {rules.title_name(title.title)}", title.source) for title in held)
    if record.looked_before(year - asked.years + 1):
        return Said(NOT_MET, counted, f"Không có {names} từ {asked.years} năm trước trở về trước.")
    return Said(UNKNOWN, counted, f"Chưa rõ đã được tặng {names} hay chưa.")


def _placed(asked: Placed, record: Record, year: int) -> Said:
    known = [
        placing
        for placing in record.placings
        if placing.year == year and (not asked.run_by or placing.run_by_level in asked.run_by)
    ]
    told = tuple(
        _told(f"Năm {one.year}: {words.CLASSIFICATION[one.classification]} tại {one.cluster}", one.source)
        for one in known
    )
    outside: tuple[Counted, ...] = ()
    if asked.outside:
        kinds = {
            Classification.LEADING: AchievementKind.OUTSIDE_LEAD,
            Classification.EXCELLENT: AchievementKind.OUTSIDE_EXCELLENT,
        }
        wanted = {kinds[place] for place in asked.as_ if place in kinds}
        outside = tuple(
            _told(_achievement(one), one.source)
            for one in record.achievements
            if one.year == year and one.kind in wanted
        )
    if outside or any(one.classification in asked.as_ for one in known):
        return Said(MET, told + outside)
    if known and not asked.outside:
        return Said(NOT_MET, told, f"Bảng xếp hạng năm {year} không xếp như vậy.")
    return Said(UNKNOWN, told, f"Chưa có kết quả xếp hạng năm {year} của cụm, khối.")


def _share(asked: OfShare, record: Record) -> Said:
    for share in record.shares:
        if share.code == asked.code:
            told = Counted(text=f"{share.part}/{share.whole} người", paper=share.paper)
            return Said(MET if asked.met_by(share.part, share.whole) else NOT_MET, (told,))
    return Said(UNKNOWN, missing="Đơn vị chưa báo số liệu kèm văn bản.")


def _no_discipline(asked: NoDiscipline, record: Record, year: int) -> Said:
    years = range(year - asked.years + 1, year + 1)
    against = tuple(
        _told(f"Năm {one.year}: {words.MEASURE[one.measure]}", one.source)
        for one in record.disciplines
        if one.year in years
        and one.of_member == (asked.of is Of.MEMBERS)
        and _MEASURES.index(one.measure) >= _MEASURES.index(asked.from_)
    )
    if against:
        return Said(NOT_MET, against)
    clean = {one.year: one for one in record.clean_years if one.year in years}
    told = tuple(_told(f"Năm {when}: xác nhận không có người bị kỷ luật", clean[when].source) for when in sorted(clean))
    unknown = [when for when in years if when not in clean]
    if unknown:
        return Said(UNKNOWN, told, f"Chưa có xác nhận về kỷ luật {words.years(unknown)}.")
    return Said(MET, told)


def _campaign(at_least_years: int, closed: bool, record: Record) -> Said:
    campaign = record.campaign
    if campaign is None:
        return Said(UNKNOWN, missing="Chưa nêu phong trào, chuyên đề làm căn cứ.")
    ends = f"{campaign.ends:%d/%m/%Y}" if campaign.ends else "chưa định"
    told = (_told(f"“{campaign.title}” từ {campaign.starts:%d/%m/%Y} đến {ends}", campaign.source),)
    if campaign.ends is not None and campaign.years < at_least_years:
        return Said(NOT_MET, told, f"Phong trào kéo dài dưới {at_least_years} năm.")
    if campaign.ends is None and at_least_years:
        return Said(UNKNOWN, told, "Chưa định ngày kết thúc phong trào.")
    if closed and not campaign.closed:
        return Said(NOT_MET, told, "Phong trào chưa tổng kết.")
    return Said(MET, told)
