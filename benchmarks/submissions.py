"""What is posted to registry: a body of units with officers, then each of their reports, with tokens and keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Any

from chassis import auth
from thidua.local.site import key_files

from benchmarks import load

UNITS = 200
"""Each hands in a half-year and a year report in each of as many years as are needed."""
CLUSTER = "cum-do-toc-do"
ADMIN, DESK = "quan-tri", "thuong-truc"
OFFICERS = 20

Post = tuple[str, dict[str, Any], str]
"""Path, body, and the person who sends it."""


def world(years: int) -> Iterator[tuple[list[Post], int]]:
    """What must be there before reports come in, in steps: what is to be posted, and how many of it at a time."""
    today = datetime.now(timezone.utc).date()
    since = {"starts": str(today - timedelta(days=30))}
    people = [DESK, *(f"can-bo-{nr}" for nr in range(OFFICERS))]
    post = {"unit_id": "tld", "post": "Chuyên viên", "period": since}
    yield [("/people", {"id": one, "particulars": {"name": one}, "post": post}, ADMIN) for one in people], 4
    desk = {"person_id": DESK, "role": "standing-office", "unit_id": "tld", "period": since}
    yield [("/grants", desk, ADMIN)], 1
    begun = {"run_by": "tld", "effective": "2011-06-07"}
    yield [("/clusters", {"id": CLUSTER, "name": "Cụm thi đua", "kind": "cluster", **begun}, ADMIN)], 1
    level = {"level": "grassroots", "kind": "grassroots-union", "parent_id": "tld", "effective": "2010-01-01"}
    named = [f"don-vi-{nr:03}" for nr in range(UNITS)]
    yield [("/units", {"id": one, "code": one.upper(), "name": f"Công đoàn {one}", **level}, ADMIN) for one in named], 4
    given = {"role": "officer", "period": since}
    yield [("/grants", {"person_id": _officer(nr), "unit_id": one, **given}, ADMIN) for nr, one in enumerate(named)], 4
    since_2011 = {"starts": "2011-06-07"}
    yield [(f"/clusters/{CLUSTER}/members", {"unit_id": one, "period": since_2011}, ADMIN) for one in named], 1
    dates = {"starts": str(today - timedelta(days=20)), "ends": str(today + timedelta(days=200))}
    told = {"label": "Năm thi đua", "kind": "calendar", "calendar_year": today.year, **dates}
    yield [("/years", {"id": f"nam-{nr}", **told}, ADMIN) for nr in range(years)], 4
    due = {"due": str(today + timedelta(days=30)), "rest_day_rule": "stands", "cluster_id": CLUSTER}
    yield (
        [
            (
                "/deadlines",
                {"id": f"han-{kind}-nam-{nr}", "year_id": f"nam-{nr}", "filing": f"{kind}-report", **due},
                DESK,
            )
            for nr in range(years)
            for kind in ("half-year", "year")
        ],
        1,
    )


def _officer(unit_nr: int) -> str:
    return f"can-bo-{unit_nr % OFFICERS}"


def reports(years: int) -> Iterator[Post]:
    """Each report that may be handed in, once."""
    for year in range(years):
        for kind in ("half-year", "year"):
            for nr in range(UNITS):
                place = {"year_id": f"nam-{year}", "cluster_id": CLUSTER, "unit_id": f"don-vi-{nr:03}", "kind": kind}
                yield f"/reports/bc-{kind}-{year}-{nr}/submission", {**place, **_TWENTY_LINES}, _officer(nr)


_TWENTY_LINES = {
    "lines": [
        {
            "code": f"{1 + nr // 5}.{1 + nr % 5}",
            "actual": str(2000 + 37 * nr),
            "self_score": f"{nr % 10}.5",
            "explanation": "Kết nạp đoàn viên, thành lập công đoàn cơ sở vượt chỉ tiêu được giao từ đầu năm.",
        }
        for nr in range(20)
    ],
    "narrative": "Tổng kết phong trào thi đua yêu nước trong công nhân, viên chức, lao động.",
}


class Clients:
    """The persons who write: each with a token and keys of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._private_key = Path(key_files(folder)[0]).read_text()
        self._tokens: dict[str, str] = {}
        self._numbers = count(1)

    def prepare(self, posts: list[Post]) -> Path:
        """A file of requests, each with its own Idempotency-Key."""
        file = self._folder / f"requests-{next(self._numbers)}"
        load.write(file, [load.request("POST", path, self._headers(person), body) for path, body, person in posts])
        return file

    def _headers(self, person: str) -> dict[str, str]:
        if person not in self._tokens:
            self._tokens[person], _ = auth.issue(f"person:{person}", site="vn", private_key=self._private_key)
        return {"Authorization": f"Bearer {self._tokens[person]}", "Idempotency-Key": f"lan-gui-{next(self._numbers)}"}
