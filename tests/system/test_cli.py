"""The operator's command against the running site: what it prints is what the databases hold."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from contracts.case import case_id
from thidua.demo.stage import LEAD, OPERATOR, YEAR, Stage
from thidua.local.site import Site
from thidua.services import SERVICES

from tests.system.looking import one, rows


class Said(NamedTuple):
    """What a command printed and how it ended."""

    code: int
    text: str


Thidua = Callable[..., Awaitable[Said]]


async def run(data: Path, *arguments: str, **more: str) -> Said:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("THIDUA_")}
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).parent / "thidua",
        *arguments,
        env={**inherited, "THIDUA_DATA": str(data), "COLUMNS": "240", **more},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return Said(process.returncode, printed.decode())


@pytest.fixture(scope="module")
async def thidua(site: Site, year: Stage) -> Thidua:
    """The command on this site's data folder, after ``thidua token`` has kept a token of operations there."""

    async def on_this_site(*arguments: str, **more: str) -> Said:
        return await run(site.folder.parent, *arguments, **more)

    await year.time.rest()
    told = await on_this_site("token", OPERATOR, THIDUA_PASSWORD=year.password_for(OPERATOR))
    assert told.code == 0, told.text
    return on_this_site


async def test_token_prints_a_token_that_the_services_take(site: Site, year: Stage, thidua: Thidua) -> None:
    told = await thidua("token", OPERATOR, THIDUA_PASSWORD=year.password_for(OPERATOR))
    async with httpx.AsyncClient(trust_env=False) as http:
        for name in SERVICES:
            header = {"Authorization": f"Bearer {told.text.strip()}"}
            assert (await http.get(f"{site.url(name)}/ops/state", headers=header)).status_code == 200


async def test_a_wrong_password_is_refused_in_words_and_keeps_no_token(
    tmp_path: Path, site: Site, thidua: Thidua
) -> None:
    kept = (site.folder / "token").read_text()
    told = await thidua("token", OPERATOR, THIDUA_PASSWORD="không phải mật khẩu")
    assert told.code == 1
    assert "401" in told.text
    assert "Cần làm" in told.text
    assert (site.folder / "token").read_text() == kept


async def test_without_a_running_site_the_command_says_what_to_do(tmp_path: Path) -> None:
    told = await run(tmp_path, "status")
    assert told.code == 2
    assert "make up" in told.text


async def test_status_shows_each_service_with_its_head_and_what_it_follows(site: Site, thidua: Thidua) -> None:
    told = await thidua("status")
    assert told.code == 0, told.text
    for name in SERVICES:
        (line,) = [line for line in told.text.splitlines() if re.match(rf"│ {name} ", line)]
        cells = [cell.strip() for cell in line.strip("│").split("│")]
        head = await one(site, name, "SELECT seq FROM chassis.log_head")
        assert cells[2] == str(head)
        assert cells[3] == f"loc-{name}: {head}"
        marks = await rows(site, name, "SELECT split_part(log, '.', 2) || ': ' || seq AS told FROM chassis.mark")
        assert sorted(cells[4].split(", ")) == sorted(row["told"] for row in marks)
        assert cells[5] == "0"
        assert cells[8] == "tốt"


async def test_journey_tells_every_event_of_a_case_through_the_services(site: Site, thidua: Thidua) -> None:
    case = case_id(YEAR, LEAD)
    told = await thidua("journey", case)
    assert told.code == 0, told.text
    expected = {}
    for name in SERVICES:
        for row in await rows(
            site, name, "SELECT epoch, seq, type, traceparent FROM chassis.log WHERE correlation = $1", case
        ):
            expected[f"vn.{name}:{row['epoch']}:{row['seq']}"] = row
    assert {key.split(":")[0] for key in expected} >= {"vn.registry", "vn.scoring"}
    # Events of one kind and one cause share a row: its first key, its last number, and how many they are.
    key = re.compile(r"^│ [^│]* │ [^│]* │ (vn\.\w+:\d+:\d+)(?: … (\d+) \((\d+) sự kiện\))? ", re.MULTILINE)
    printed: Counter[str] = Counter()
    for first, last, count in key.findall(told.text):
        assert first in expected
        assert not last or f"{first.rpartition(':')[0]}:{last}" in expected
        assert expected[first]["traceparent"].split("-")[1][:16] in told.text
        printed[first.split(":")[0]] += int(count or 1)
    assert printed == Counter(one.split(":")[0] for one in expected)
    for row in expected.values():
        assert row["type"].split(".")[1] in told.text


async def test_journey_of_an_unknown_case_says_so(thidua: Thidua) -> None:
    told = await thidua("journey", "case-khong-co")
    assert told.code == 1
    assert "case-khong-co" in told.text


async def test_trace_draws_one_command_across_the_services(site: Site, thidua: Thidua) -> None:
    concluded = "SELECT traceparent FROM chassis.log WHERE type = 'scoring.year-end-conference-concluded.v1' LIMIT 1"
    trace_id = (await one(site, "scoring", concluded)).split("-")[1]
    told = await thidua("trace", trace_id[:20])
    assert told.code == 0, told.text
    assert trace_id in told.text
    for step in ("POST /conferences", "handle conclude_conference", "react record-leadership", "handle tell"):
        assert step in told.text
    for name in SERVICES:
        assert f"■ {name}" in told.text


async def test_log_tail_prints_the_last_events_and_their_contents(site: Site, thidua: Thidua) -> None:
    told = await thidua("log", "tail", "registry", "-n", "3", "--full")
    assert told.code == 0, told.text
    last = await rows(site, "registry", "SELECT epoch, seq, type, hash FROM chassis.log ORDER BY seq DESC LIMIT 3")
    keys = re.findall(r"^vn\.registry:\d+:\d+", told.text, re.MULTILINE)
    assert keys == [f"vn.registry:{row['epoch']}:{row['seq']}" for row in reversed(last)]
    for row in last:
        assert row["type"] in told.text
        assert row["hash"].hex()[:12] in told.text
    assert told.text.count("\n{\n") == 3


async def test_log_verify_counts_every_event_of_each_chain_and_finds_stream_and_followers_agree(
    site: Site, thidua: Thidua
) -> None:
    told = await thidua("log", "verify")
    assert told.code == 0, told.text
    for name in SERVICES:
        head = await one(site, name, "SELECT seq FROM chassis.log_head")
        assert f"{name}: {head} sự kiện, chuỗi băm đúng" in told.text
        for holder in (f"luồng loc-{name}", *site.topology.followers_of(name)):
            assert f"  {holder} (1:{head}): khớp tới đầu sổ" in told.text


async def test_a_checkpoint_and_an_export_are_checked_where_no_site_is(
    site: Site, thidua: Thidua, tmp_path: Path
) -> None:
    bundle, export, key = tmp_path / "checkpoint.json", tmp_path / "scoring.log", tmp_path / "key.pub.pem"
    for arguments in (("checkpoint", "make", "--out", str(bundle)), ("log", "export", "scoring", str(export))):
        told = await thidua(*arguments)
        assert told.code == 0, told.text
    key.write_text((await thidua("checkpoint", "key")).text)
    told = await run(tmp_path, "checkpoint", "verify", str(bundle), "--key", str(key), "--log", str(export))
    assert told.code == 0, told.text
    head = await one(site, "scoring", "SELECT seq FROM chassis.log_head")
    assert f"vn.scoring: {head} sự kiện, chuỗi băm đúng từ đầu, đi qua đúng chỗ đã ký 1:{head}." in told.text


async def test_quarantine_list_says_that_nothing_is_held(thidua: Thidua) -> None:
    told = await thidua("quarantine", "list", "scoring")
    assert told == Said(0, "scoring: không có sự kiện nào bị cách ly.\n")


async def test_topology_verify_finds_nats_as_it_is_described(thidua: Thidua) -> None:
    told = await thidua("topology", "verify")
    assert told.code == 0, told.text
    assert "NATS khớp" in told.text
