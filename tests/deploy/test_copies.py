"""Several copies of a service behind one address: one works beside HTTP, and another takes over from it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import asyncpg
import httpx
import psutil
import pytest
from chassis.topology import ServiceLinks, Topology
from chassis.worker import WORKER_LOCK
from thidua.local.forget import forget
from thidua.local.site import Site

TOPOLOGY = Topology(
    site="vn",
    services={"registry": ServiceLinks(follows=("scoring",)), "scoring": ServiceLinks(follows=("registry",))},
)


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder = tmp_path_factory.mktemp("copies") / "data"
    async with Site(folder, topology=TOPOLOGY, durable=False, copies={"registry": 2}) as running:
        yield running
    forget(folder)


async def worker(site: Site, other_than: str = "") -> str:
    """The copy that holds the worker lease, once one does (and is not ``other_than``)."""
    connection = await asyncpg.connect(site.postgres.superuser.dsn)
    try:
        async with asyncio.timeout(30):
            while True:
                port = await connection.fetchval(
                    "SELECT a.client_port FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                    " WHERE a.datname LIKE 'registry%' AND l.locktype = 'advisory' AND l.objid = $1 AND l.granted",
                    WORKER_LOCK,
                )
                for name, child in site.services.items():
                    if child.alive and name != other_than and port in local_ports(child.pid):
                        return name
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


def local_ports(pid: int) -> set[int]:
    return {connection.laddr.port for connection in psutil.Process(pid).net_connections()}


async def answering(site: Site, times: int) -> set[int]:
    """Process ids of the copies that answered at the one address, over new connections."""
    seen = set()
    for _ in range(times):
        async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
            answer = await http.get(f"{site.url('registry')}/health/live")
            assert answer.status_code == 200
            seen.add(serving(site, answer))
    return seen


def serving(site: Site, answer: httpx.Response) -> int:
    """The copy at the other end of an answer's connection."""
    client = answer.extensions["network_stream"].get_extra_info("client_addr")[1]
    for child in site.services.values():
        if child.alive:
            for connection in psutil.Process(child.pid).net_connections():
                if connection.raddr and connection.raddr.port == client:
                    return child.pid
    raise AssertionError("no copy of ours is at the other end")


async def test_copies_share_one_address_and_one_lease_and_survive_one_another(site: Site) -> None:
    pids = {site.services[name].pid for name in ("registry", "registry-2")}
    assert len(pids) == 2
    first = await worker(site)
    async with asyncio.timeout(30):
        seen: set[int] = set()
        while seen != pids:
            seen |= await answering(site, 4)

    os.kill(site.services[first].pid, signal.SIGKILL)
    await site.services[first].process.wait()
    second = await worker(site)
    assert second != first
    assert await answering(site, 8) == {site.services[second].pid}

    await site.start_service("registry", copy=2 if first.endswith("-2") else 1)
    site.services[second].process.send_signal(signal.SIGSTOP)
    try:
        assert await worker(site, other_than=second) == first
    finally:
        site.services[second].process.send_signal(signal.SIGCONT)
