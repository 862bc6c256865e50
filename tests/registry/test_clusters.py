"""Clusters: members over time, lead and deputy by year – typed, or taken from the conference that elected them."""

from __future__ import annotations

from typing import Any

from chassis.testing import Trial
from contracts.events.registry import ClusterLeadershipAssumed
from contracts.events.scoring import YearEndConferenceConcluded

from contracts import catalogue
from tests.registry.world import ADMIN, CLUSTER, YEAR, done, etag_of, refused

PATH = f"/clusters/{CLUSTER}"
NEXT = {"id": "nam-2025", "label": "Năm thi đua 2025", "kind": "calendar", "calendar_year": 2025,
        "starts": "2024-12-06", "ends": "2026-03-31"}  # fmt: skip


def concluded(**more: Any) -> YearEndConferenceConcluded:
    said = catalogue.entry(YearEndConferenceConcluded).example
    return YearEndConferenceConcluded.model_validate(
        {**said, "cluster_id": CLUSTER, "year_id": YEAR, "next_year_id": "nam-2025",
         "next_lead_unit_id": "ldld-lao-cai", "next_deputy_unit_id": "ldld-son-la", **more}
    )  # fmt: skip


async def leadership(registry: Trial) -> dict[str, tuple[str, str]]:
    told = (await registry.get(PATH, by=ADMIN)).json()["leadership"]
    return {one["year_id"]: (one["lead_unit_id"], one["deputy_unit_id"]) for one in told}


async def test_the_conference_makes_next_years_lead_and_deputy_once(registry: Trial) -> None:
    await done(registry, "/years", NEXT)
    [key] = await registry.given(concluded())
    assert await leadership(registry) == {
        "nam-2024": ("ldld-cao-bang", "ldld-lao-cai"), "nam-2025": ("ldld-lao-cai", "ldld-son-la"),
    }  # fmt: skip
    facts = [fact for fact in await registry.events(ClusterLeadershipAssumed) if fact.data.year_id == "nam-2025"]
    assert [fact.header.causation for fact in facts] == [key]
    assert facts[0].data.basis.startswith("Bầu tại Hội nghị tổng kết Cụm ngày ")
    assert facts[0].header.correlation == f"case-nam-2025-{CLUSTER}"


async def test_leadership_waits_for_the_year_to_be_opened(registry: Trial) -> None:
    await registry.given(concluded())
    assert set(await leadership(registry)) == {"nam-2024"}
    await done(registry, "/years", NEXT)
    await registry.given()
    assert set(await leadership(registry)) == {"nam-2024", "nam-2025"}


async def test_replacing_a_leadership_asks_for_the_version_read(registry: Trial) -> None:
    other = {"year_id": YEAR, "lead_unit_id": "ldld-son-la", "deputy_unit_id": "ldld-lai-chau", "basis": "Bầu lại"}
    assert (await registry.post(f"{PATH}/leadership", other, by=ADMIN)).status_code == 428
    await done(registry, f"{PATH}/leadership", other, etag=await etag_of(registry, PATH))
    assert (await leadership(registry))[YEAR] == ("ldld-son-la", "ldld-lai-chau")


async def test_lead_and_deputy_are_two_members(registry: Trial) -> None:
    await done(registry, "/years", NEXT)
    led = {"year_id": "nam-2025", "lead_unit_id": "ldld-son-la", "deputy_unit_id": "ldld-son-la", "basis": "x"}
    assert await refused(registry, f"{PATH}/leadership", led) == (422, "lead-is-deputy")
    assert await refused(registry, f"{PATH}/leadership", {**led, "deputy_unit_id": "tld"}) == (
        409,
        "leader-not-a-member",
    )


async def test_members_are_as_of_a_day_and_may_return(registry: Trial) -> None:
    left = {"ends": "2025-07-01", "reason": "Hợp nhất"}
    await done(registry, f"{PATH}/members/ldld-son-la/departure", left, etag=await etag_of(registry, PATH))

    async def members(day: str) -> set[str]:
        told = (await registry.get(PATH, by=ADMIN, as_of=day)).json()["members"]
        return {one["unit_id"] for one in told}

    assert "ldld-son-la" in await members("2025-06-30")
    assert "ldld-son-la" not in await members("2025-07-01")
    early = {"unit_id": "ldld-son-la", "period": {"starts": "2025-06-01"}}
    assert await refused(registry, f"{PATH}/members", early) == (409, "already-a-member")
    await done(registry, f"{PATH}/members", {"unit_id": "ldld-son-la", "period": {"starts": "2026-01-01"}})
    assert "ldld-son-la" in await members("2026-02-01")


async def test_only_those_above_run_a_cluster(registry: Trial) -> None:
    joining = {"unit_id": "tld", "period": {"starts": "2024-01-01"}}
    assert await refused(registry, f"{PATH}/members", joining, by="cao-bang-thuong-truc") == (403, "not-entitled")


async def test_a_years_dates_lie_around_the_year_it_is_named_after(registry: Trial) -> None:
    assert await refused(registry, "/years", {**NEXT, "ends": "2024-12-06"}) == (422, "year-dates-wrong")
    assert await refused(registry, "/years", {**NEXT, "calendar_year": 2027}) == (422, "year-dates-wrong")
    assert await refused(registry, "/years", NEXT, by="son-la-can-bo") == (403, "not-entitled")
    await done(registry, "/years", NEXT, by="tld-thuong-truc")
    assert await refused(registry, "/years", NEXT) == (409, "year-exists")
