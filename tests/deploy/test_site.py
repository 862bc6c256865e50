"""A site of two small services: start order, environment, restart, a death noticed, nothing left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest
from chassis.topology import ServiceLinks, Topology
from thidua.local.addresses import Addresses
from thidua.local.folders import FolderUnusable
from thidua.local.forget import forget
from thidua.local.processes import ChildDied
from thidua.local.site import Site
from thidua.local.stand_in import stand_in

from tests.support.processes import descendants, processes_of, started_since

TOPOLOGY = Topology(site="vn", services={"registry": ServiceLinks(), "scoring": ServiceLinks(follows=("registry",))})
SERVICE = """
import os
from fastapi import FastAPI

app = FastAPI()

@app.get("/health/ready")
def ready(): return {}

@app.get("/environment")
def environment(): return {name: value for name, value in os.environ.items() if name.startswith("THIDUA_")}
"""
RUNNER = """
import asyncio, sys
from pathlib import Path
from tests.deploy.test_site import TOPOLOGY
from thidua.local.site import Site

async def main():
    async with Site(Path(sys.argv[1]), topology=TOPOLOGY, durable=False):
        print("up", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture(scope="module", autouse=True)
def small_services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Stand before the real ones on the path of every process that these tests start."""
    folder = tmp_path_factory.mktemp("services")
    for name in TOPOLOGY.services:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("")
        (folder / name / "main.py").write_text(SERVICE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{Path(__file__).parents[2]}")
        yield


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder = tmp_path_factory.mktemp("site") / "data"
    async with Site(folder, topology=TOPOLOGY, demo=True, durable=False, settings={"beacon_seconds": 1}) as running:
        yield running
    assert forget(folder)
    assert not folder.exists()
    assert not stand_in(folder).exists()


async def test_each_service_gets_its_own_database_user_and_keys(site: Site) -> None:
    environments = {}
    async with httpx.AsyncClient(trust_env=False) as http:
        for name in site.names:
            environments[name] = (await http.get(f"{site.url(name)}/environment")).json()
    registry, scoring = environments["registry"], environments["scoring"]
    assert registry["THIDUA_NATS_USER"] == "registry"
    assert registry["THIDUA_DATABASE_URL"] != scoring["THIDUA_DATABASE_URL"]
    assert registry["THIDUA_NATS_PASSWORD"] != scoring["THIDUA_NATS_PASSWORD"]
    assert registry["THIDUA_BEACON_SECONDS"] == "1"
    assert scoring["THIDUA_REGISTRY_URL"] == site.url("registry")
    assert scoring["THIDUA_OTLP_ENDPOINT"] == f"{site.addresses.traces}/v1/traces"
    signing = "BEGIN PRIVATE KEY"
    assert signing in Path(registry["THIDUA_TOKEN_PRIVATE_KEY"]).read_text()  # noqa: ASYNC240
    assert "THIDUA_TOKEN_PRIVATE_KEY" not in scoring
    assert "THIDUA_BOOTSTRAP_PASSWORD" not in scoring


async def test_databases_of_a_demo_are_marked_and_the_topology_is_laid_out(site: Site) -> None:
    connection = await asyncpg.connect(site.audit("scoring").dsn)
    assert await connection.fetchval("SELECT current_setting('thidua.demo', true)") == "on"
    await connection.close()
    async with httpx.AsyncClient(trust_env=False) as http:
        laid_out = (await http.get(f"http://127.0.0.1:{site.nats.monitoring}/jsz?consumers=1")).json()
    assert laid_out["streams"] == 2
    assert laid_out["consumers"] == 1


async def test_the_command_line_finds_the_addresses_and_no_secret_among_them(site: Site) -> None:
    found = Addresses.read(site.folder)
    assert found == site.addresses
    told = json.dumps(found.__dict__)
    assert not any(user.password in told for user in site.nats.users.values())


async def test_a_second_site_in_the_same_folder_is_refused_with_the_process_that_runs_the_first(site: Site) -> None:
    with pytest.raises(FolderUnusable, match=f"Process {os.getpid()} runs a site"):
        async with Site(site.folder, topology=TOPOLOGY):
            pass
    with pytest.raises(FolderUnusable):
        forget(site.folder)


async def test_a_process_that_dies_ends_the_work_and_is_named(site: Site) -> None:
    finished = []

    async def work() -> None:
        os.kill(site.services["scoring"].pid, signal.SIGKILL)
        try:
            await asyncio.Event().wait()
        finally:
            finished.append(True)

    with pytest.raises(ChildDied, match="scoring ended by itself"):
        await site.while_alive(work())
    assert finished == [True]
    former = site.url("scoring")
    await site.start_service("scoring")
    assert site.url("scoring") == former
    assert await site.while_alive(_answer()) == 42


async def test_a_runner_killed_outright_leaves_no_process_and_its_folder_can_be_used_again(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    runner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUNNER, str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert runner.stdout is not None
    assert await asyncio.wait_for(runner.stdout.readline(), 60) == b"up\n"
    started = descendants(runner.pid)
    assert len(started) >= 5
    runner.kill()
    await runner.wait()
    async with Site(folder, topology=TOPOLOGY, durable=False) as again:
        started += [child.pid for child in again.services.values()]
    psutil.wait_procs([psutil.Process(pid) for pid in started if psutil.pid_exists(pid)], timeout=10)
    assert processes_of(started) == []
    assert Addresses.read(folder) is None
    forget(folder)


async def test_a_service_that_does_not_start_stops_what_was_started_and_shows_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken" / "scoring").mkdir(parents=True)
    (tmp_path / "broken" / "scoring" / "main.py").write_text("raise RuntimeError('không có cấu hình')")
    (tmp_path / "broken" / "scoring" / "__init__.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'broken'}{os.pathsep}{os.environ['PYTHONPATH']}")
    before = descendants(os.getpid())
    with pytest.raises(ChildDied, match="không có cấu hình"):
        async with Site(tmp_path / "data", topology=TOPOLOGY, durable=False):
            pass
    assert processes_of(started_since(before)) == []
    forget(tmp_path / "data")


async def _answer() -> int:
    return 42
