"""A national cluster and one of its members at a site of its own: as little as two sites can be tried with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

from chassis.site_tree import SiteTree
from chassis.topology import ServiceLinks, SiteLink, Topology
from thidua.demo.api import Api, Person
from thidua.local.sites import Sites

CLUSTER, YEAR, UNIT, DEPUTY = "cum-thu", "nam-thu", "ldld-cao-bang", "ldld-lao-cai"
SITE = "caobang"
TREE = SiteTree(
    hub="vn",
    below={SITE: SiteLink(serves=(UNIT,), up=("registry", "scoring"), down=("registry", "scoring"))},
)
SERVICES = Topology(
    site="vn",
    services={"registry": ServiceLinks(follows=("scoring",)), "scoring": ServiceLinks(follows=("registry",))},
)
QUICK = {"beacon_seconds": 0.5, "gap_seconds": 0.5}

T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T | None]], within: float = 30.0) -> T:
    """The first answer that is something. Fails with the last look when there is none in time."""
    async with asyncio.timeout(within):
        while True:
            found = await look()
            if found:
                return found
            await asyncio.sleep(0.05)


@dataclass
class Province:
    """Both sites, and somebody at work at each."""

    sites: Sites
    hub: Api
    site: Api

    @property
    def standing(self) -> Person:
        """At the centre: runs the cluster, and is the deputy's standing office, which takes in."""
        return self.hub.by("thuong-truc")

    @property
    def officer(self) -> Person:
        """At the province's own site: files for the unit."""
        return self.site.by("can-bo")

    async def report(self, report_id: str, kind: str, amount: int = 7) -> dict[str, Any]:
        """The unit hands in a report at its own site, or hands it in again; the receipt."""
        body: dict[str, Any] = {"year_id": YEAR, "cluster_id": CLUSTER, "unit_id": UNIT, "kind": kind}
        body |= {"lines": [{"code": "1.1", "actual": str(amount)}]}
        path = f"/reports/{report_id}"
        etag = await self.officer.etag("registry", path) if await self.known(self.site, path) else ""
        told = await self.officer.post("registry", f"{path}/submission", body, etag=etag)
        receipt: dict[str, Any] = told["receipt"]
        return receipt

    async def registration(self, registration_id: str) -> dict[str, Any]:
        """The unit registers at its own site; the receipt."""
        body = {"id": registration_id, "year_id": YEAR, "cluster_id": CLUSTER, "unit_id": UNIT}
        told = await self.officer.post(
            "registry", "/registrations", body | {"targets": [{"text": "Kết nạp đoàn viên"}]}
        )
        receipt: dict[str, Any] = told["receipt"]
        return receipt

    async def followed_beside(self, receipt: dict[str, Any]) -> bool:
        """Whether another service of the province holds what the receipt is for."""
        state = (await self.states(self.site))["registry"]
        return bool(state["followers"][f"{SITE}.scoring"] >= receipt["last_seq"])

    async def where(self, receipt: dict[str, Any]) -> str:
        """What the receipt says at the site that gave it."""
        told = await self.officer.get("registry", receipt["href"])
        return str(told["where"])

    async def at_centre(self, receipt: dict[str, Any]) -> bool | None:
        return (await self.where(receipt)) == "at-the-centre" or None

    async def known(self, api: Api, path: str, service: str = "registry") -> dict[str, Any] | None:
        """A resource at one of the sites, or None while it is not known there."""
        token = await api.token("quan-tri")
        answer = await api.request(service, "GET", path, headers={"Authorization": f"Bearer {token}"})
        return answer.json() if answer.status_code == 200 else None

    async def states(self, api: Api) -> dict[str, dict[str, Any]]:
        return await api.states("quan-tri")


@asynccontextmanager
async def province(folder: Path) -> AsyncIterator[Province]:
    """Registry and scoring at both sites; the year, the cluster and its deadlines set at the centre."""
    async with Sites(folder, tree=TREE, topology=SERVICES, durable=False, settings=QUICK) as sites:
        async with (
            Api(sites.hub.addresses, {"quan-tri": sites.hub.bootstrap_password}) as hub,
            Api(sites.below[SITE].addresses, {"quan-tri": sites.below[SITE].bootstrap_password}) as site,
        ):
            both = Province(sites, hub, site)
            await _people(both)
            await _cluster(both)
            yield both


async def _people(both: Province) -> None:
    for api, units, login, grants in (
        (both.hub, (UNIT, DEPUTY), "thuong-truc", [("standing-office", "tld"), ("standing-office", DEPUTY)]),
        (both.site, (UNIT,), "can-bo", [("officer", UNIT)]),
    ):
        admin = api.by("quan-tri")
        for unit in units:
            place = {"level": "province", "kind": "federation", "parent_id": "tld", "effective": "2015-01-01"}
            body = {"id": unit, "code": unit.upper(), "name": f"LĐLĐ {unit}", "source": "Danh mục"}
            await admin.post("registry", "/units", body | place)
        post = {"unit_id": grants[0][1], "post": "Chuyên viên", "period": {"starts": "2020-01-01"}}
        await admin.post("registry", "/people", {"id": login, "particulars": {"name": "Nông Thị Hạnh"}, "post": post})
        api.passwords[login] = "mat-khau-thu-nghiem"
        account = {"login": login, "password": api.passwords[login], "person_id": login}
        await admin.post("registry", "/accounts", account)
        for role, unit in grants:
            grant = {"person_id": login, "role": role, "unit_id": unit, "period": {"starts": "2023-01-01"}}
            await admin.post("registry", "/grants", grant)


async def _cluster(both: Province) -> None:
    today = datetime.now(timezone.utc).date()
    standing = both.standing
    body = {"id": CLUSTER, "name": "Cụm thử", "kind": "cluster", "run_by": "tld", "effective": "2015-01-01"}
    await standing.post("registry", "/clusters", body)
    for unit in (UNIT, DEPUTY):
        joining = {"unit_id": unit, "period": {"starts": "2015-01-01"}}
        await standing.post("registry", f"/clusters/{CLUSTER}/members", joining)
    year = {
        "id": YEAR,
        "label": "Năm thử",
        "kind": "calendar",
        "calendar_year": today.year,
        "tested_registration": True,
    }
    span = {"starts": str(today - timedelta(days=60)), "ends": str(today + timedelta(days=300))}
    await standing.post("registry", "/years", year | span)
    lead = {"year_id": YEAR, "lead_unit_id": UNIT, "deputy_unit_id": DEPUTY, "basis": "Bầu tại hội nghị"}
    await standing.post("registry", f"/clusters/{CLUSTER}/leadership", lead)
    due = str(today + timedelta(days=20))
    for filing in ("registration", "half-year-report", "year-report"):
        deadline = {"id": f"han-{filing}", "year_id": YEAR, "cluster_id": CLUSTER, "filing": filing}
        await standing.post("registry", "/deadlines", deadline | {"due": due, "rest_day_rule": "stands"})
    await until(lambda: both.known(both.site, "/deadlines/han-year-report"))
