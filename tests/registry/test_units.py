"""Units as they were on any day: renamed, moved, closed by decisions, also by decisions that are typed in late."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from chassis.testing import Trial
from contracts.refusal import Refused
from registry.domain.units import Life, changeable, closable, under

from tests.registry.world import ADMIN, at, done, etag_of, paper, refused

DECISION = paper("88-QĐ/LĐLĐ", "2024-02-20")


def union(unit_id: str, code: str, parent: str = "ldld-cao-bang", **more: Any) -> dict[str, Any]:
    return {
        "id": unit_id, "code": code, "name": f"Công đoàn {code}", "level": "district", "kind": "sector-union",
        "parent_id": parent, "province": "Cao Bằng", "effective": "2015-01-01", **more,
    }  # fmt: skip


async def change(registry: Trial, unit_id: str, what: str, body: dict[str, Any]) -> None:
    path = f"/units/{unit_id}"
    await done(registry, f"{path}/{what}", {"decision": DECISION, **body}, etag=await etag_of(registry, path))


async def as_of(registry: Trial, unit_id: str, day: str) -> dict[str, Any] | None:
    answer = await registry.get(f"/units/{unit_id}", by=ADMIN, as_of=day)
    return answer.json() if answer.status_code == 200 else None


async def name_on(registry: Trial, unit_id: str, day: str) -> str | None:
    unit = await as_of(registry, unit_id, day)
    return unit["name"] if unit else None


async def test_a_unit_reads_as_it_was_on_each_day(registry: Trial) -> None:
    await done(registry, "/units", union("cd-y-te", "CD-YT"))
    await done(registry, "/units", union("cdcs-benh-vien", "CDCS-BV", level="grassroots", kind="grassroots-union"))
    await change(registry, "cdcs-benh-vien", "move", {"parent_id": "cd-y-te", "effective": "2023-05-01"})
    await change(registry, "cdcs-benh-vien", "name", {"name": "CĐCS Bệnh viện Đa khoa tỉnh", "effective": "2023-07-01"})
    before, after = (
        await as_of(registry, "cdcs-benh-vien", "2023-04-30"),
        await as_of(registry, "cdcs-benh-vien", "2023-07-01"),
    )
    assert (before and before["parent_id"], before and before["name"]) == ("ldld-cao-bang", "Công đoàn CDCS-BV")
    assert (after and after["parent_id"], after and after["name"]) == ("cd-y-te", "CĐCS Bệnh viện Đa khoa tỉnh")
    assert await as_of(registry, "cdcs-benh-vien", "2014-12-31") is None
    listed = (await registry.get("/units", by=ADMIN, parent_id="cd-y-te", as_of="2023-06-01")).json()
    assert [one["id"] for one in listed["items"]] == ["cdcs-benh-vien"]


async def test_a_change_that_is_typed_late_keeps_later_changes(registry: Trial) -> None:
    await done(registry, "/units", union("cd-y-te", "CD-YT"))
    await done(registry, "/units", union("cd-giao-duc", "CD-GD"))
    await change(registry, "cd-y-te", "name", {"name": "Tên thứ ba", "effective": "2022-01-01"})
    await change(registry, "cd-y-te", "name", {"name": "Tên thứ hai", "effective": "2020-01-01"})
    days = ("2019-12-31", "2020-01-01", "2021-12-31", "2022-01-01")
    assert [await name_on(registry, "cd-y-te", day) for day in days] == [
        "Công đoàn CD-YT", "Tên thứ hai", "Tên thứ hai", "Tên thứ ba",
    ]  # fmt: skip
    history = (await registry.get("/units/cd-y-te/history", by=ADMIN)).json()
    assert [one["starts"] for one in history if one["what"] == "name"] == ["2015-01-01", "2020-01-01", "2022-01-01"]


async def test_a_correction_on_the_same_day_replaces(registry: Trial) -> None:
    await done(registry, "/units", union("cd-y-te", "CD-YT"))
    await change(registry, "cd-y-te", "name", {"name": "Gõ nhầm", "effective": "2020-01-01"})
    await change(registry, "cd-y-te", "name", {"name": "Gõ đúng", "effective": "2020-01-01"})
    assert await name_on(registry, "cd-y-te", "2020-01-01") == "Gõ đúng"
    assert await name_on(registry, "cd-y-te", "2019-12-31") == "Công đoàn CD-YT"


async def test_no_unit_comes_to_stand_above_itself(registry: Trial) -> None:
    await done(registry, "/units", union("cha", "A"))
    await done(registry, "/units", union("con", "B", parent="cha"))
    await done(registry, "/units", union("chau", "C", parent="con"))
    etag = await etag_of(registry, "/units/cha")
    move = {"parent_id": "chau", "effective": "2023-05-01", "decision": DECISION}
    assert await refused(registry, "/units/cha/move", move, etag=etag) == (409, "unit-above-itself")
    itself = {**move, "parent_id": "cha"}
    assert await refused(registry, "/units/cha/move", itself, etag=etag) == (409, "unit-above-itself")


async def test_a_loop_that_would_only_close_later_is_refused_too(registry: Trial) -> None:
    await done(registry, "/units", union("cha", "A"))
    await done(registry, "/units", union("con", "B"))
    await change(registry, "con", "move", {"parent_id": "cha", "effective": "2023-06-01"})
    move = {"parent_id": "con", "effective": "2023-03-01", "decision": DECISION}
    etag = await etag_of(registry, "/units/cha")
    assert await refused(registry, "/units/cha/move", move, etag=etag) == (409, "unit-above-itself")


async def test_a_unit_closes_when_nothing_stands_under_it_and_keeps_its_history(registry: Trial) -> None:
    await registry.at(at("2024-03-05 08:00"))
    await done(registry, "/units", union("ldld-thong-nong", "H-TN"))
    await done(registry, "/units", union("ldld-ha-quang", "H-HQ"))
    await done(registry, "/units", union("cdcs-xa", "CDCS-X", parent="ldld-thong-nong"))
    closing = {"effective": "2024-03-01", "successors": ["ldld-ha-quang"], "decision": DECISION}
    etag = await etag_of(registry, "/units/ldld-thong-nong")
    path = "/units/ldld-thong-nong/closure"
    assert await refused(registry, path, closing, etag=etag) == (409, "unit-has-children")
    await change(registry, "cdcs-xa", "move", {"parent_id": "ldld-ha-quang", "effective": "2024-03-01"})
    await done(registry, path, closing, etag=etag)
    assert await as_of(registry, "ldld-thong-nong", "2024-03-01") is None
    last = await as_of(registry, "ldld-thong-nong", "2024-02-29")
    assert last
    assert (last["ends"], last["successors"]) == ("2024-03-01", ["ldld-ha-quang"])
    reused = await done(registry, "/units", union("ldld-moi", "H-TN", effective="2024-03-01"))
    assert reused["id"] == "ldld-moi"


async def test_codes_are_borne_by_one_unit_a_day_and_a_union_stands_under_another(registry: Trial) -> None:
    await done(registry, "/units", union("cd-y-te", "CD-YT"))
    assert await refused(registry, "/units", union("khac", "CD-YT")) == (409, "unit-code-taken")
    assert await refused(registry, "/units", union("cd-y-te", "CD-MOI")) == (409, "unit-exists")
    assert await refused(registry, "/units", union("mo-coi", "X", parent_id=None)) == (422, "unit-needs-parent")
    assert await refused(registry, "/units", union("lac", "X", parent_id="khong-co")) == (403, "not-entitled")
    await done(registry, "/units", union("ubnd-cao-bang", "UBND-04", parent_id=None, kind="outside-body"))


async def test_only_an_administrator_of_unit_and_new_parent_moves_it(registry: Trial) -> None:
    given = {
        "person_id": "cao-bang-can-bo",
        "role": "administrator",
        "unit_id": "ldld-cao-bang",
        "period": {"starts": "2023-12-01"},
    }
    await done(registry, "/grants", given)
    await done(registry, "/units", union("cd-y-te", "CD-YT"), by="cao-bang-can-bo")
    etag = await etag_of(registry, "/units/cd-y-te")
    away = {"parent_id": "ldld-son-la", "effective": "2023-05-01", "decision": DECISION}
    assert await refused(registry, "/units/cd-y-te/move", away, by="cao-bang-can-bo", etag=etag) == (
        403,
        "not-entitled",
    )


async def test_a_stale_change_is_told_what_changed_since(registry: Trial) -> None:
    await done(registry, "/units", union("cd-y-te", "CD-YT"))
    etag = await etag_of(registry, "/units/cd-y-te")
    contacts = {"contacts": {"telephone": "0206 385 0000"}, "effective": "2023-06-01"}
    await done(registry, "/units/cd-y-te/contacts", contacts, etag=etag)
    rename = {"name": "Tên mới", "effective": "2023-06-01", "decision": DECISION}
    answer = await registry.post("/units/cd-y-te/name", rename, by=ADMIN, etag=etag)
    assert (answer.status_code, answer.json()["event"]) == (412, "registry.unit-contacts-changed.v1")


LIFE = Life("a", date(2020, 1, 1), date(2024, 1, 1))


@pytest.mark.parametrize("day", [date(2019, 12, 31), date(2024, 1, 1)])
def test_nothing_happens_to_a_unit_outside_its_life(day: date) -> None:
    with pytest.raises(Refused, match="unit-not-alive"):
        changeable(LIFE, "a", day)
    with pytest.raises(Refused, match="unit-not-alive"):
        under("b", LIFE, "a", set(), day)
    with pytest.raises(Refused, match="unit-not-alive"):
        closable(LIFE, "a", day, set())


def test_an_unknown_unit_is_named() -> None:
    with pytest.raises(Refused, match="unknown-unit"):
        changeable(None, "khong-co", date(2024, 1, 1))
