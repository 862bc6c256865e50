"""Before anything is published: a cluster's filings are seen by its members, those above them, and nobody else."""

from __future__ import annotations

from chassis.testing import Trial

from tests.registry.world import ADMIN, CLUSTER, SECRET, YEAR, done, person, registration, report


async def stranger(registry: Trial) -> str:
    """An officer of a province that is in no cluster here."""
    await done(
        registry,
        "/units",
        {"id": "ldld-dak-lak", "code": "LDLD-66", "name": "LĐLĐ tỉnh Đắk Lắk", "level": "province",
         "kind": "federation", "parent_id": "tld", "effective": "2010-01-01"},
    )  # fmt: skip
    await done(registry, "/people", person("dak-lak-can-bo", "Y Bhin", "ldld-dak-lak"))
    given = {
        "person_id": "dak-lak-can-bo",
        "role": "officer",
        "unit_id": "ldld-dak-lak",
        "period": {"starts": "2023-12-01"},
    }
    await done(registry, "/grants", given)
    return "dak-lak-can-bo"


async def test_lists_reads_overviews_and_journeys_agree_on_who_sees_a_report(registry: Trial) -> None:
    outsider = await stranger(registry)
    await done(registry, "/reports/bc-son-la/submission", report("ldld-son-la"), by="son-la-can-bo")
    await done(registry, "/registrations", registration("ldld-son-la", id="dk-son-la"), by="son-la-can-bo")
    for who, seen in (("son-la-can-bo", True), ("lai-chau-can-bo", True), ("tld-thuong-truc", True), (outsider, False)):
        assert (await registry.get("/reports/bc-son-la", by=who)).status_code == (200 if seen else 404)
        assert (await registry.get("/reports/bc-son-la/revisions", by=who)).status_code == (200 if seen else 404)
        assert (await registry.get("/registrations/dk-son-la", by=who)).status_code == (200 if seen else 404)
        assert len((await registry.get("/reports", by=who)).json()["items"]) == int(seen)
        assert len((await registry.get("/registrations", by=who)).json()["items"]) == int(seen)
        overview = await registry.get("/filings", by=who, year_id=YEAR, cluster_id=CLUSTER)
        assert overview.status_code == (200 if seen else 404)
        journey = (await registry.get("/ops/journey/case-nam-2024-ldld-son-la", by=who)).json()
        assert len(journey) == (2 if seen else 0)


async def test_birth_dates_and_numbers_are_for_those_who_keep_them_and_for_oneself(registry: Trial) -> None:
    told = {"birth_date": "1982-04-30", "citizen_number": "004182000123"}
    await done(registry, "/people", person("dao", "Nguyễn Thị Đào", "ldld-son-la", **told))
    for who, kept in ((ADMIN, True), ("son-la-can-bo", True), ("dao", True), ("lai-chau-can-bo", False)):
        seen = (await registry.get("/people/dao", by=who)).json()
        assert seen["name"] == "Nguyễn Thị Đào"
        assert (seen["particulars"] is not None) == kept


async def test_a_service_asks_for_names_with_the_secret_of_the_services(registry: Trial) -> None:
    wrong = await registry.client.post("/tokens", json={"service": "awards", "secret": "doan-mo"})
    assert (wrong.status_code, wrong.json()["type"]) == (401, "urn:thidua:problem:login-wrong")
    token = (await registry.client.post("/tokens", json={"service": "awards", "secret": SECRET})).json()["token"]
    answer = await registry.client.get(
        "/people", params={"ids": "son-la-can-bo,cao-bang-can-bo"}, headers={"Authorization": f"Bearer {token}"}
    )
    assert [one["id"] for one in answer.json()["items"]] == ["cao-bang-can-bo", "son-la-can-bo"]
    assert (await registry.client.get("/people", params={"ids": "son-la-can-bo"})).status_code == 401


async def test_no_particulars_travel_in_the_log(registry: Trial) -> None:
    told = {"birth_date": "1982-04-30", "citizen_number": "004182000123", "email": "dao@sonla.example"}
    await done(registry, "/people", person("dao", "Nguyễn Thị Đào", "ldld-son-la", **told))
    written = " ".join(
        fact.header.to_bytes().decode() + fact.data.model_dump_json() for fact in await registry.events()
    )
    for private in ("Đào", "1982-04-30", "004182000123", "dao@sonla.example"):
        assert private not in written
