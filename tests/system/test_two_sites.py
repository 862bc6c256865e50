"""A province at a site of its own: what crosses the line, what does not, and what happens while it is cut."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from thidua.local.folders import forget

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
