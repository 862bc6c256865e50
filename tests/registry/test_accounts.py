"""Accounts and grants: the first administrator, passwords kept as scrypt, tokens, delegation, withdrawn rights."""

from __future__ import annotations

import httpx
import sqlalchemy as sa
from chassis.testing import Trial
from registry.adapters import accounts

from tests.registry.world import ADMIN, PASSWORD, at, done, etag_of, paper, refused, report


async def log_in(registry: Trial, login: str, password: str) -> httpx.Response:
    return await registry.client.post("/tokens", json={"login": login, "password": password})


async def test_the_first_administrator_logs_in_with_the_password_of_the_settings(registry: Trial) -> None:
    answer = await log_in(registry, ADMIN, PASSWORD)
    assert answer.status_code == 200, answer.text
    token = answer.json()["token"]
    me = await registry.client.get("/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json() == {
        "person_id": "quan-tri", "name": "Quản trị hệ thống", "roles": [{"role": "administrator", "unit_id": "tld"}],
    }  # fmt: skip


async def test_a_wrong_password_and_an_unknown_login_are_told_alike(registry: Trial) -> None:
    wrong, unknown = await log_in(registry, ADMIN, "sai"), await log_in(registry, "khong-co", PASSWORD)
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.json()["detail"] == unknown.json()["detail"]


async def test_an_account_is_opened_used_and_closed(registry: Trial) -> None:
    account = {"login": "sonla", "password": "mat-khau-son-la", "person_id": "son-la-can-bo"}
    await done(registry, "/accounts", account)
    assert (await log_in(registry, "sonla", "mat-khau-son-la")).json()["subject"] == "person:son-la-can-bo"
    await done(registry, "/accounts", {**account, "password": "mat-khau-moi-hon"})
    assert (await log_in(registry, "sonla", "mat-khau-son-la")).status_code == 401
    other = {**account, "login": "sonla-2"}
    assert await refused(registry, "/accounts", other) == (409, "account-exists")
    taken = {**account, "person_id": "lai-chau-can-bo"}
    assert await refused(registry, "/accounts", taken) == (409, "login-taken")
    await done(registry, "/accounts/sonla/closure", {})
    assert (await log_in(registry, "sonla", "mat-khau-moi-hon")).status_code == 401


async def test_passwords_are_kept_as_salted_scrypt_and_never_in_the_log(registry: Trial) -> None:
    account = {"login": "sonla", "password": "mat-khau-son-la", "person_id": "son-la-can-bo"}
    await done(registry, "/accounts", account)
    async with registry.runtime.engine.connect() as db:
        kept = await db.scalar(sa.text("SELECT password_hash FROM account WHERE login = 'sonla'"))
    assert kept.startswith("scrypt$")
    assert "mat-khau-son-la" not in kept
    assert accounts.hashed("mot") != accounts.hashed("mot")
    assert accounts.matches("mat-khau-son-la", kept)
    assert not accounts.matches("mat-khau-son-lA", kept)
    assert all("mat-khau" not in fact.header.to_bytes().decode() for fact in await registry.events())


async def test_who_administers_one_province_cannot_take_over_an_account_of_another(registry: Trial) -> None:
    given = {
        "person_id": "cao-bang-can-bo",
        "role": "administrator",
        "unit_id": "ldld-cao-bang",
        "period": {"starts": "2023-12-01"},
    }
    await done(registry, "/grants", given)
    foreign = {"login": "sonla", "password": "mat-khau-son-la", "person_id": "son-la-can-bo"}
    assert await refused(registry, "/accounts", foreign, by="cao-bang-can-bo") == (403, "not-entitled")
    own = {"login": "caobang", "password": "mat-khau-cao-bang", "person_id": "cao-bang-thuong-truc"}
    await done(registry, "/accounts", own, by="cao-bang-can-bo")


async def test_a_grant_reaches_everything_under_its_unit_and_ends_when_withdrawn(registry: Trial) -> None:
    given = {
        "id": "g-1",
        "person_id": "lai-chau-can-bo",
        "role": "administrator",
        "unit_id": "ldld-lai-chau",
        "period": {"starts": "2023-12-01"},
    }
    await done(registry, "/grants", given)
    unit = {"id": "cd-lai-chau", "code": "CD-LC", "name": "Công đoàn ngành Y tế", "level": "sector",
            "kind": "sector-union", "parent_id": "ldld-lai-chau", "effective": "2015-01-01"}  # fmt: skip
    await done(registry, "/units", unit, by="lai-chau-can-bo")
    etag = await etag_of(registry, "/grants/g-1")
    await done(registry, "/grants/g-1/withdrawal", {"ends": "2023-12-11"}, etag=etag)
    await registry.at(at("2023-12-11 00:00"))
    again = {**unit, "id": "cd-khac", "code": "CD-K"}
    assert await refused(registry, "/units", again, by="lai-chau-can-bo") == (403, "not-entitled")


async def test_only_an_administrator_of_the_unit_gives_grants_there(registry: Trial) -> None:
    given = {
        "person_id": "son-la-can-bo",
        "role": "leader",
        "unit_id": "ldld-son-la",
        "period": {"starts": "2023-12-01"},
    }
    assert await refused(registry, "/grants", given, by="son-la-can-bo") == (403, "not-entitled")
    ghost = {**given, "person_id": "khong-ai-biet"}
    assert await refused(registry, "/grants", ghost) == (404, "person-unknown")


async def test_a_delegation_has_an_end_and_a_paper(registry: Trial) -> None:
    given = {"person_id": "son-la-can-bo", "role": "standing-office", "unit_id": "ldld-son-la",
             "period": {"starts": "2023-12-01"}, "delegated_by": "son-la-thuong-truc"}  # fmt: skip
    assert await refused(registry, "/grants", given) == (422, "delegation-incomplete")
    whole = {**given, "period": {"starts": "2023-12-01", "ends": "2024-02-01"}, "paper": paper("02/UQ", "2023-12-01")}
    await done(registry, "/grants", whole)
    listed = (await registry.get("/grants", by=ADMIN, person_id="son-la-can-bo")).json()["items"]
    assert {one["role"] for one in listed} == {"officer", "standing-office"}


async def test_a_grant_of_the_future_gives_nothing_today(registry: Trial) -> None:
    given = {
        "person_id": "lai-chau-can-bo",
        "role": "officer",
        "unit_id": "ldld-son-la",
        "period": {"starts": "2024-01-01"},
    }
    await done(registry, "/grants", given)
    path = "/reports/bc-son-la/submission"
    assert await refused(registry, path, report("ldld-son-la"), by="lai-chau-can-bo") == (403, "not-entitled")
    await registry.at(at("2024-01-02 08:00"))
    await done(registry, path, report("ldld-son-la"), by="lai-chau-can-bo")
