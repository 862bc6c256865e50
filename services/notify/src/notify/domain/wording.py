"""The words of a notice: a template filled with names, dates and terms that an official reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


@dataclass(frozen=True, slots=True)
class Words:
    """The message catalogue: title and text by topic, and terms by code."""

    topics: Mapping[str, tuple[str, str]]
    terms: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Names:
    """Names as they were on the day of the notice, by id."""

    units: Mapping[str, str] = field(default_factory=dict)
    clusters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Worded:
    title: str
    text: str


class UnknownTopic(LookupError):
    """The message catalogue has no words for a topic."""


class _Filled(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def worded(words: Words, names: Names, topic: str, params: Mapping[str, str]) -> Worded:
    """Title and text of a notice. Raises UnknownTopic. What the notice does not say reads *…*."""
    if topic not in words.topics:
        raise UnknownTopic(topic)
    title, text = words.topics[topic]
    filled = _Filled({name: said(words, names, param) for name, param in params.items()})
    return Worded(_sentence(title.format_map(filled)), _sentence(text.format_map(filled)))


def said(words: Words, names: Names, param: str) -> str:
    """One filling: ``unit:ldld-cao-bang`` → *Liên đoàn Lao động tỉnh Cao Bằng*."""
    kind, _, value = param.partition(":")
    if kind == "unit":
        return names.units.get(value, value)
    if kind == "cluster":
        return names.clusters.get(value, value)
    if kind == "who":
        of, _, id = value.partition(":")
        return names.units.get(id, id) if of == "unit" else f"cá nhân mã {id}"
    if kind == "instant":
        return instant(datetime.fromisoformat(value))
    if kind == "date":
        return day(date.fromisoformat(value))
    if kind == "word":
        return words.terms.get(value, value)
    return value


def day(of: date) -> str:
    """*thứ Hai, ngày 02/12/2024*"""
    return f"{WEEKDAYS[of.weekday()]}, ngày {of:%d/%m/%Y}"


def instant(of: datetime) -> str:
    """An instant in Asia/Ho_Chi_Minh; the last second of a day reads *hết ngày*."""
    there = of.astimezone(HANOI)
    if (there.hour, there.minute) == (23, 59):
        return f"hết {day(there.date())}"
    return f"{there:%H} giờ {there:%M}, {day(there.date())}"


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text[:1].upper() + text[1:]


def units_named(params: Mapping[str, str]) -> set[str]:
    """Ids of the units whose names the words need."""
    named = {value for kind, _, value in (param.partition(":") for param in params.values()) if kind == "unit"}
    who = (param.removeprefix("who:unit:") for param in params.values() if param.startswith("who:unit:"))
    return named | set(who)
