"""Sites that the files share: four services with a demo clock and the played year; two services by the wall clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from chassis.topology import ServiceLinks, Topology
from thidua.demo.api import Api
from thidua.demo.clock import DemoTime
from thidua.demo.play import CHAPTERS, STARTS
from thidua.demo.stage import ADMINISTRATOR, Stage
from thidua.local.forget import forget
from thidua.local.site import Site

START_SECONDS = 600
"""Whichever test is the first to ask for the site waits for its start, and for the year, too."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent and {"site", "wall_site"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.timeout(START_SECONDS))


@pytest.fixture(scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """All four services as deploy/topology.yaml lays them out, on databases marked ``demo``.

    The folder is called as ``make demo`` calls it, so that the command line finds it by THIDUA_DATA.
    """
    folder = tmp_path_factory.mktemp("whole") / "demo"
    async with Site(folder, demo=True, starts=STARTS, durable=False) as running:
        yield running
    forget(folder)


@pytest.fixture(scope="session")
async def api(site: Site) -> AsyncIterator[Api]:
    """The services' public HTTP; the first administrator can log in."""
    async with Api(site.addresses, {ADMINISTRATOR: site.bootstrap_password}) as hands:
        yield hands


@pytest.fixture(scope="session")
async def stage(site: Site, api: Api) -> AsyncIterator[Stage]:
    """The demo's world, nothing of it entered yet; its clock is moved by the one user that may."""
    player = await DemoTime.connect(site.nats.url, site.nats_password())
    follows = {name: list(links.follows) for name, links in site.topology.services.items()}
    yield Stage(api, DemoTime(api, player, ADMINISTRATOR, follows, STARTS), lambda line: print(f"    {line}"))
    await player.close()


@pytest.fixture(scope="session")
async def year(site: Site, stage: Stage) -> Stage:
    """The demo's year, played to its end through HTTP alone."""

    async def played() -> None:
        for _, chapter in CHAPTERS:
            await chapter(stage)
        await stage.time.rest()

    await site.while_alive(played())
    return stage


@pytest.fixture(scope="session")
async def wall_site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """Registry and scoring alone, by the wall clock, on databases without the mark ``demo``."""
    folder = tmp_path_factory.mktemp("wall") / "data"
    topology = Topology(
        site="vn",
        services={"registry": ServiceLinks(follows=("scoring",)), "scoring": ServiceLinks(follows=("registry",))},
    )
    quick = {"beacon_seconds": 0.5, "gap_seconds": 0.5}
    async with Site(folder, topology=topology, durable=False, settings=quick) as running:
        yield running
    forget(folder)
