"""A small cluster of four provinces as the tests find it: built once through the API, then cloned for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from typing import Any

from chassis.testing import Trial, trial
from registry.main import service
from thidua.local.databases import Database

ADMIN = "quan-tri"
PASSWORD = "mat-khau-dau-tien"
SECRET = "bi-mat-cua-cac-dich-vu"
BEGAN = datetime(2023, 12, 10, 2, 0, tzinfo=timezone.utc)
CLUSTER = "cum-bien-gioi-phia-bac"
YEAR = "nam-2024"
PROVINCES = {
    "ldld-cao-bang": "Cao Bằng",
    "ldld-lao-cai": "Lào Cai",
    "ldld-lai-chau": "Lai Châu",
    "ldld-son-la": "Sơn La",
}
PLACE = {"year_id": YEAR, "cluster_id": CLUSTER}
REGISTRATION = "han-dk-2024"
YEAR_REPORT = "han-bc-nam-2024"


def at(text: str) -> datetime:
    """An instant written in Hà Nội time: ``2024-01-31 23:59``."""
    return datetime.fromisoformat(f"{text}+07:00").astimezone(timezone.utc)


def paper(number: str, day: str) -> dict[str, str]:
    return {"number": number, "date": day}


def person(person_id: str, name: str, unit_id: str, **particulars: Any) -> dict[str, Any]:
    """The body that enters a person with a post."""
    return {
        "id": person_id,
        "particulars": {"name": name, **particulars},
        "post": {"unit_id": unit_id, "post": "Chuyên viên", "period": {"starts": "2020-01-01"}},
    }


def report(unit_id: str, **more: Any) -> dict[str, Any]:
    """A year report with three lines."""
    lines = [
        {"code": "1.1", "actual": "2640", "self_score": "10", "explanation": "Vượt chỉ tiêu."},
        {"code": "1.2", "achieved": True, "self_score": "5"},
        {"code": "3.2", "not_assigned": True},
    ]
    return {**PLACE, "unit_id": unit_id, "kind": "year", "lines": lines, **more}


def registration(unit_id: str, **more: Any) -> dict[str, Any]:
    """A registration of one target and one title of the unit."""
    return {
        **PLACE,
        "unit_id": unit_id,
        "targets": [{"text": "Kết nạp đoàn viên", "amount": "2500", "unit_of_measure": "đoàn viên"}],
        "titles": [{"recipient": {"kind": "unit", "id": unit_id}, "title": "co-tld"}],
        **more,
    }


async def done(
    trial: Trial, path: str, body: dict[str, Any], *, by: str = ADMIN, etag: str | None = None
) -> dict[str, Any]:
    """POST that must succeed; the answer."""
    answer = await trial.post(path, body, by=by, etag=etag)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def refused(
    trial: Trial, path: str, body: dict[str, Any], *, by: str = ADMIN, etag: str | None = None
) -> tuple[int, str]:
    """POST that must be refused, and record nothing; status and rule."""
    before = len(await trial.events())
    answer = await trial.post(path, body, by=by, etag=etag)
    assert answer.status_code >= 400, answer.text
    assert len(await trial.events()) == before
    return answer.status_code, answer.json()["type"].removeprefix("urn:thidua:problem:")


async def etag_of(trial: Trial, path: str, *, by: str = ADMIN) -> str:
    answer = await trial.get(path, by=by)
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"]


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[Trial]:
    async with trial(service, database.url, BEGAN, bootstrap_password=PASSWORD, service_secret=SECRET) as running:
        yield running


async def build(database: Database) -> None:
    """Units, people with grants, cluster, year, deadlines."""
    async with opened(database) as trial:
        await _units_and_people(trial)
        await done(
            trial,
            "/clusters",
            {"id": CLUSTER, "name": "Cụm thi đua LĐLĐ các tỉnh biên giới phía Bắc", "kind": "cluster",
             "run_by": "tld", "effective": "2011-06-07"},
        )  # fmt: skip
        for unit_id in PROVINCES:
            joined = {"unit_id": unit_id, "period": {"starts": "2011-06-07"}}
            await done(trial, f"/clusters/{CLUSTER}/members", joined)
        await done(
            trial,
            "/years",
            {"id": YEAR, "label": "Năm thi đua 2024", "kind": "calendar", "calendar_year": 2024,
             "starts": "2023-12-06", "ends": "2025-03-31"},
        )  # fmt: skip
        led = {"year_id": YEAR, "lead_unit_id": "ldld-cao-bang", "deputy_unit_id": "ldld-lao-cai", "basis": "Hội nghị"}
        await done(trial, f"/clusters/{CLUSTER}/leadership", led)
        for deadline in (
            {"id": REGISTRATION, "filing": "registration", "due": "2024-01-31", "grace_until": "2024-02-05",
             "hard_close": "2024-02-10", "rest_day_rule": "stands"},
            {"id": YEAR_REPORT, "filing": "year-report", "due": "2024-11-30", "grace_until": "2024-12-06",
             "hard_close": "2024-12-10", "rest_day_rule": "moves"},
        ):  # fmt: skip
            await done(trial, "/deadlines", {**PLACE, **deadline}, by="tld-thuong-truc")


async def _units_and_people(trial: Trial) -> None:
    for nr, (unit_id, province) in enumerate(PROVINCES.items(), 1):
        await done(
            trial,
            "/units",
            {"id": unit_id, "code": f"LDLD-{nr:02}", "name": f"Liên đoàn Lao động tỉnh {province}", "level": "province",
             "kind": "federation", "parent_id": "tld", "province": province, "effective": "2010-01-01"},
        )  # fmt: skip
    await _grant(trial, "tld-thuong-truc", "Trần Văn Thường", "tld", "standing-office")
    for unit_id, province in PROVINCES.items():
        short = unit_id.removeprefix("ldld-")
        await _grant(trial, f"{short}-can-bo", f"Nguyễn Thị {province}", unit_id, "officer")
        await _grant(trial, f"{short}-thuong-truc", f"Lê Văn {province}", unit_id, "standing-office")


async def _grant(trial: Trial, person_id: str, name: str, unit_id: str, role: str) -> None:
    await done(trial, "/people", person(person_id, name, unit_id))
    given = {"person_id": person_id, "role": role, "unit_id": unit_id, "period": {"starts": "2023-12-01"}}
    await done(trial, "/grants", {"id": f"grant-{person_id}", **given})
