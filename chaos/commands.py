"""What the client sends: stories of commands whose every id follows from writer and number, so nothing need be read.

A story is a generator: it yields one command, is sent the answer, and goes on. ``Effect`` names what one accepted
command must have left behind exactly once, in which table of which service.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

CLUSTER = "cum-bien-gioi"
RUN_BY = "thuong-truc-tld"
LEAD, DEPUTY = "ldld-cao-bang", "ldld-lao-cai"
DESK = "thuong-truc-cao-bang"
"""The lead's standing office: it takes in what the members file."""
STANDING_YEAR = "nam-chiu-lua"
"""Opened before the load: the rubrics that are commented on belong to it."""
RUBRICS = ("btc-chiu-lua-a", "btc-chiu-lua-b")
OFFICERS = {
    "ldld-lao-cai": "can-bo-lao-cai",
    "ldld-son-la": "can-bo-son-la",
    "ldld-dien-bien": "can-bo-dien-bien",
}
FIGURES = {"1.1": "88", "1.2": "140", "2.1": "300", "2.2": "42"}


@dataclass(frozen=True)
class Command:
    """One write: where, as whom, what; ``leaves`` names its effect, ``kind`` a key of ``EFFECTS``."""

    service: str
    path: str
    login: str
    body: dict[str, Any]
    kind: str = ""
    leaves: str = ""
    etag: str = ""


Answer = dict[str, Any]
Story = Generator[Command, Answer, None]


@dataclass(frozen=True)
class Effect:
    """Rows of ``table`` whose ``column`` is the id: exactly one each."""

    service: str
    table: str
    column: str


EFFECTS: dict[str, tuple[Effect, ...]] = {
    "unit": (
        Effect("registry", "unit_life", "unit_id"),
        *(Effect(service, "standing_life", "unit_id") for service in ("scoring", "awards", "notify")),
    ),
    "year": tuple(Effect(service, "emulation_year", "year_id") for service in ("registry", "scoring", "awards")),
    "leadership": (Effect("registry", "cluster_leadership", "year_id"),),
    "deadline": tuple(Effect(service, "deadline", "deadline_id") for service in ("registry", "notify")),
    "filing": tuple(Effect(service, "filing", "subject") for service in ("registry", "scoring", "notify")),
    "comment": (Effect("scoring", "rubric_comment", "comment"),),
    "achievement": (Effect("awards", "achievement", "achievement_id"),),
    "award": (Effect("awards", "award_held", "entry_id"),),
}

NOTIFIED = ("received", "returned")
"""Kinds of commands after which notify must have told the unit, once for each recipient and channel."""


def units(writer: str, nr: int) -> Story:
    """A grassroots union entered: every other service takes it into its tree of units."""
    unit_id = f"{writer}-{nr:06}"
    body = {
        "id": unit_id,
        "code": unit_id.upper(),
        "name": f"Công đoàn cơ sở {unit_id}",
        "level": "grassroots",
        "kind": "grassroots-union",
        "parent_id": "tld",
        "effective": "2020-01-01",
        "source": "Danh mục đơn vị",
    }
    yield Command("registry", "/units", "quan-tri", body, "unit", unit_id)


def years(writer: str, nr: int) -> Story:
    """A year with leaders and a deadline; each unit registers, reports, has it returned, reports again, is received."""
    year, today = f"{writer}-{nr:05}", date.today()
    dates = {"starts": str(today - timedelta(days=200)), "ends": str(today + timedelta(days=120))}
    body = {"id": year, "label": f"Năm {year}", "kind": "calendar", "calendar_year": today.year, **dates}
    yield Command("registry", "/years", RUN_BY, body | {"tested_registration": False}, "year", year)
    leaders = {"year_id": year, "lead_unit_id": LEAD, "deputy_unit_id": DEPUTY, "basis": "Bầu tại hội nghị tổng kết"}
    yield Command("registry", f"/clusters/{CLUSTER}/leadership", RUN_BY, leaders, "leadership", year)
    due = {"due": str(today + timedelta(days=60)), "rest_day_rule": "stands"}
    deadline = {"id": f"han-{year}", "year_id": year, "cluster_id": CLUSTER, "filing": "year-report", **due}
    yield Command("registry", "/deadlines", RUN_BY, deadline, "deadline", f"han-{year}")
    for unit in OFFICERS:
        yield from _filings(year, unit)


def _filings(year: str, unit: str) -> Story:
    of = {"year_id": year, "cluster_id": CLUSTER, "unit_id": unit}
    officer, filed = OFFICERS[unit], f"{year}-{unit}"
    target = {"targets": [{"text": "Kết nạp đoàn viên mới", "code": "2.1", "amount": "280"}], "titles": []}
    registration = {"id": f"dk-{filed}", **of, **target}
    yield Command("registry", "/registrations", officer, registration, "filing", f"registration:dk-{filed}")
    report = {**of, "kind": "year", "lines": [{"code": code, "actual": actual} for code, actual in FIGURES.items()]}
    at = f"/reports/bc-{filed}"
    answer = yield Command("registry", f"{at}/submission", officer, report, "filing", f"report:bc-{filed}")
    answer = yield Command(
        "registry", f"{at}/return", DESK, {"reason": "Dòng 2.2 chưa có danh sách."}, "returned", "", answer["etag"]
    )
    answer = yield Command("registry", f"{at}/submission", officer, report, "", "", answer["etag"])
    yield Command("registry", f"{at}/receipt", DESK, {}, "received", "", answer["etag"])


def comments(writer: str, nr: int) -> Story:
    """A member says what it thinks of a draft; the draft moves with every remark, so a lost one would show."""
    words = f"Góp ý {writer}-{nr:06}"
    unit = list(OFFICERS)[nr % len(OFFICERS)]
    rubric = RUBRICS[int(writer[-1]) % len(RUBRICS)]
    body = {"unit_id": unit, "comment": words}
    yield Command("scoring", f"/rubrics/{rubric}/comments", OFFICERS[unit], body, "comment", words)


def achievements(writer: str, nr: int) -> Story:
    """An initiative, and every third time an award from before, each from its paper."""
    paper = {"number": f"{nr}-QĐ/LĐLĐ", "date": "2023-12-28", "issuer": "LĐLĐ tỉnh Cao Bằng"}
    of: dict[str, Any] = {"recipient": {"kind": "unit", "id": list(OFFICERS)[nr % len(OFFICERS)]}, "year": 2023}
    own = f"{writer}-{nr:06}"
    if nr % 3 == 0:
        award = {"id": own, **of, "title": "co-tld", "decision": paper, "source": "Sổ theo dõi khen thưởng"}
        yield Command("awards", "/history", RUN_BY, award, "award", own)
        return
    done = {"kind": "initiative", "scope": "grassroots", "name": f"Sáng kiến {own}", "paper": paper}
    body = {"id": own, **of, **done, "source": "Sổ theo dõi sáng kiến"}
    yield Command("awards", "/achievements", RUN_BY, body, "achievement", own)


def preferences(writer: str, nr: int) -> Story:
    """One person turns the letters of one topic off and on again, for ever."""
    yield Command("notify", "/preferences", "van-hanh", {"topic": "report-arrived", "email": nr % 2 == 0})


@dataclass(frozen=True)
class Writer:
    """Sends the stories of one kind to one service, one command after the other.

    ``may_stop``: a story stands on earlier answers; after a loss that was reported, and then only, the rest of it may
    be refused.
    """

    service: str
    tell: Callable[[str, int], Story]
    may_stop: bool = False
    pause: float = 0.15
    """Seconds of rest after each answer: a steady load, not as much as goes in."""


WRITERS: dict[str, Writer] = {
    "cdcs-0": Writer("registry", units),
    "cdcs-1": Writer("registry", units),
    "xa-0": Writer("registry", units),
    "xa-1": Writer("registry", units),
    "nam-0": Writer("registry", years, may_stop=True, pause=1.0),
    "gop-y-0": Writer("scoring", comments),
    "gop-y-1": Writer("scoring", comments),
    "sk-0": Writer("awards", achievements),
    "sk-1": Writer("awards", achievements),
    "thu-0": Writer("notify", preferences, may_stop=True, pause=0.05),
}
"""What a writer was told first must stand first in the log."""
AT_A_SITE_BELOW = frozenset({"xa-0", "xa-1"})
"""Writers of the site that is cut off: units of its own, so that no id is used on both sides of the line."""
