"""A command of registry becomes a row of scoring: over NATS, after NATS was away, and without what NATS had kept."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from typing import Any

import httpx
import nats
import pytest
from chassis import subjects
from chassis.layout import lay_out
from chassis.topology import OPS
from thidua.demo.api import Api
from thidua.demo.stage import ADMINISTRATOR
from thidua.local.site import Site

from tests.chassis.sites import eventually
from tests.system.looking import one, rows
from tests.system.registry_alone import unit


@pytest.fixture(scope="module")
async def api(wall_site: Site) -> AsyncIterator[Api]:
    async with Api(wall_site.addresses, {ADMINISTRATOR: wall_site.bootstrap_password}) as hands:
        yield hands


async def enter(api: Api, unit_id: str) -> dict[str, Any]:
    """The receipt of a unit entered in registry."""
    receipt: dict[str, Any] = (await api.by(ADMINISTRATOR).post("registry", "/units", unit(unit_id)))["receipt"]
    return receipt


async def state_of(api: Api, receipt: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = await api.by(ADMINISTRATOR).get("registry", receipt["href"])
    return read


async def arrived(site: Site, api: Api, unit_id: str, receipt: dict[str, Any]) -> None:
    """Wait for the event in scoring's ``received``, for its row, and for the receipt to say so."""
    received = "SELECT hash FROM chassis.received WHERE log = 'vn.registry' AND epoch = $1 AND seq = $2"

    async def is_received() -> bool:
        return await one(site, "scoring", received, receipt["epoch"], receipt["last_seq"]) is not None

    async def is_at_the_centre() -> bool:
        return bool((await state_of(api, receipt))["where"] == "at-the-centre")

    await eventually(is_received, 30)
    kept = await rows(site, "scoring", received, receipt["epoch"], receipt["last_seq"])
    assert [row["hash"].hex() for row in kept] == [receipt["hash"]]
    assert await one(site, "scoring", "SELECT name FROM live.standing_unit WHERE unit_id = $1", unit_id)
    await eventually(is_at_the_centre, 30)
    assert (await state_of(api, receipt))["held_by"] == ["vn.scoring"]


async def test_a_unit_entered_in_registry_is_known_in_scoring_and_its_receipt_says_so(
    wall_site: Site, api: Api
) -> None:
    receipt = await enter(api, "don-vi-thuong")
    await arrived(wall_site, api, "don-vi-thuong", receipt)


async def test_without_nats_a_command_is_accepted_here_only_and_arrives_when_nats_is_back(
    wall_site: Site, api: Api
) -> None:
    await wall_site.nats.stop()
    receipt = await enter(api, "don-vi-khi-mat-nats")
    assert (await state_of(api, receipt))["where"] == "here-only"
    async with httpx.AsyncClient(trust_env=False) as http:
        health = await http.get(f"{wall_site.url('registry')}/health/ready")
    assert health.status_code == 503
    assert "nats" in health.json()["wrong"]
    await wall_site.nats.start()
    await arrived(wall_site, api, "don-vi-khi-mat-nats", receipt)


async def test_what_jetstream_acknowledged_and_then_lost_arrives_all_the_same_and_is_in_the_stream_again(
    wall_site: Site, api: Api
) -> None:
    await wall_site.services["scoring"].stop()
    receipt = await enter(api, "don-vi-jetstream-lam-mat")

    async def is_relayed() -> bool:
        return bool(await one(wall_site, "registry", "SELECT seq FROM chassis.relay_cursor") >= receipt["last_seq"])

    await eventually(is_relayed, 30)
    await wall_site.nats.stop()
    shutil.rmtree(wall_site.folder / "jetstream")
    await wall_site.nats.start()
    made = await lay_out(wall_site.topology, wall_site.nats.url, wall_site.nats_password(OPS))
    assert [change.verb for change in made] == ["create"] * 4
    await wall_site.start_service("scoring")

    await arrived(wall_site, api, "don-vi-jetstream-lam-mat", receipt)
    head = await one(wall_site, "registry", "SELECT seq FROM chassis.log_head")

    async def is_filled_again() -> bool:
        return await messages_kept(wall_site, "loc-registry") == head

    await eventually(is_filled_again, 30)
    # And the courier carries on from there.
    await arrived(wall_site, api, "don-vi-sau-cung", await enter(api, "don-vi-sau-cung"))
    assert await messages_kept(wall_site, "loc-registry") == head + 1


async def messages_kept(site: Site, stream: str) -> int:
    client = await nats.connect(
        site.nats.url, user=OPS, password=site.nats_password(OPS), inbox_prefix=subjects.inbox(OPS).encode()
    )
    try:
        return (await client.jetstream().stream_info(stream)).state.messages
    finally:
        await client.close()
