"""A province at a site of its own: what crosses the line, what does not, and what happens while it is cut."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
import pytest
from chassis import subjects
from chassis.link import arrived
from chassis.topology import OPS
from nats.aio.client import Client
from thidua.local.forget import forget
from thidua.local.site import Site

from tests.system.looking import one, rows
from tests.system.province import SITE, UNIT, Province, province, until

pytestmark = pytest.mark.timeout(600)
"""The first test waits for two sites to start."""


@pytest.fixture(scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Province]:
    folder = tmp_path_factory.mktemp("sites") / "two"
    async with province(folder) as running:
        yield running
    forget(folder)


@asynccontextmanager
async def operating(site: Site) -> AsyncIterator[Client]:
    inbox = subjects.inbox(OPS, site.topology.inbox_site).encode()
    client = await nats.connect(site.nats.url, user=OPS, password=site.nats_password(OPS), inbox_prefix=inbox)
    try:
        yield client
    finally:
        await client.close()


async def test_what_the_centre_sets_is_set_at_the_province_for_its_own_units_alone(both: Province) -> None:
    members = await rows(both.sites.below[SITE], "registry", "SELECT unit_id FROM live.cluster_member")
    assert [row["unit_id"] for row in members] == [UNIT]


async def test_a_report_filed_at_the_province_is_a_filing_at_the_centre(both: Province) -> None:
    receipt = await both.report("bc-6t", "half-year")

    report = await until(lambda: both.known(both.hub, "/reports/bc-6t"))
    here = await both.officer.get("registry", "/reports/bc-6t")
    told = {name: report[name] for name in ("unit_id", "lines", "received", "punctuality", "deadline_id")}
    assert told == {name: here[name] for name in told}
    cause = await one(
        both.sites.hub,
        "registry",
        "SELECT convert_from(header, 'UTF8')::jsonb ->> 'causation' FROM chassis.log"
        " WHERE type = 'registry.report-submitted.v1'",
    )
    assert cause == f"{receipt['log']}:{receipt['epoch']}:{receipt['last_seq']}"
    await until(lambda: both.at_centre(receipt))


async def test_what_the_centre_returns_may_be_handed_in_again_at_the_province(both: Province) -> None:
    await both.report("bc-nam", "year")
    await until(lambda: both.known(both.hub, "/reports/bc-nam"))
    await both.standing.change("registry", "/reports/bc-nam", "return", {"reason": "Thiếu minh chứng."})

    async def returned() -> bool:
        return (await both.officer.get("registry", "/reports/bc-nam"))["returned"] is not None

    await until(returned)
    await both.report("bc-nam", "year", amount=8)

    async def second() -> bool:
        found = await both.known(both.hub, "/reports/bc-nam")
        return found is not None and found["revision"] == 2

    await until(second)


async def test_a_receipt_reads_here_only_while_the_line_is_cut_and_at_the_centre_once_it_is_healed(
    both: Province,
) -> None:
    await both.sites.cut(SITE)
    receipt = await both.registration("dk-cat")
    assert await both.where(receipt) == "here-only"
    # A service beside it holds the event: on the same machine, so that does not count.
    await until(lambda: both.followed_beside(receipt))
    assert await both.where(receipt) == "here-only"
    ready = await both.site.request("registry", "GET", "/health/ready")
    assert ready.status_code == 200

    await both.sites.heal(SITE)
    await until(lambda: both.at_centre(receipt))
    assert await until(lambda: both.known(both.hub, "/registrations/dk-cat"))


async def test_nothing_said_inside_the_province_lies_in_a_stream_of_the_centre(both: Province) -> None:
    """With one tree for all, acknowledgements came from whichever stream took it first, and a dead hub still did."""
    async with operating(both.sites.hub) as client:
        js = client.jetstream()
        local = await js.stream_info("loc-registry", subjects_filter=">")
        up = await js.stream_info("up-caobang-registry", subjects_filter=">")
    said_here = set(local.state.subjects or {})
    assert {subject.split(".")[1] for subject in said_here} == {"vn"}
    assert {".".join(subject.split(".")[:3]) for subject in up.state.subjects or {}} == {"up.caobang.caobang"}


async def test_the_province_holds_the_centres_log_whole_but_not_what_is_not_its_concern(both: Province) -> None:
    site = both.sites.below[SITE]
    head = await one(both.sites.hub, "registry", "SELECT seq FROM chassis.log_head")

    async def caught_up() -> bool:
        return await one(site, "registry", "SELECT seq FROM chassis.mark WHERE log = 'vn.registry'") >= head

    await until(caught_up)
    sent = await rows(both.sites.hub, "registry", "SELECT seq, hash, type FROM chassis.log WHERE seq <= $1", head)
    query = "SELECT seq, hash, length(header) AS size FROM chassis.received WHERE log = 'vn.registry' AND seq <= $1"
    held = {row["seq"]: row for row in await rows(site, "registry", query, head)}
    assert {row["seq"]: row["hash"] for row in sent} == {seq: row["hash"] for seq, row in held.items()}
    withheld = {row["type"] for row in sent if held[row["seq"]]["size"] == 32}
    shown = {row["type"] for row in sent} - withheld
    assert {"registry.grant-given.v1", "registry.person-entered.v1"} <= withheld
    assert {"registry.deadline-set.v1", "registry.report-returned.v1"} <= shown


async def test_the_server_of_the_province_may_say_and_hear_only_its_own_at_the_centre(both: Province) -> None:
    """A client with the leaf's own login is held to the same rights as the server that uses it."""
    login = subjects.leaf(SITE)
    errors: list[str] = []

    async def note(error: Exception) -> None:
        errors.append(str(error))

    client = await nats.connect(
        both.sites.hub.nats.url,
        user=login,
        password=both.sites.hub.nats_password(login),
        inbox_prefix=subjects.inbox("x", SITE).encode(),
        error_cb=note,
    )
    try:
        forbidden = (
            "loc.vn.registry.report.report-submitted.v1",
            "up.langson.langson.registry.report.report-submitted.v1",
            "down.caobang.vn.registry.report.report-submitted.v1",
            subjects.beacon("vn", "registry"),
            subjects.log_read("vn", "registry"),
            "$JS.API.STREAM.INFO.loc-registry",
        )
        for subject in forbidden:
            await client.publish(subject, b"{}")
        for subject in ("loc.>", "up.>", f"{subjects.inbox('registry')}.>", subjects.log_read("vn", "registry")):
            await client.subscribe(subject)
        await arrived(client)

        async def all_refused() -> bool:
            return len(errors) == len(forbidden) + 4

        await until(all_refused)
    finally:
        await client.close()
