"""The embedded NATS: users have their own rights only, acknowledgements mean disk, ports move aside."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import httpx
import nats
import pytest
from chassis.link import arrived
from chassis.rights import Rights
from chassis.topology import ServiceLinks, Topology
from nats.aio.client import Client
from nats.errors import Error
from thidua.local.nats import EmbeddedNats, User, users_of

from tests.support.backends import start_nats
from tests.support.processes import processes_of

USERS = {
    "registry": User("r", Rights(publish=("loc.vn.registry.>",), subscribe=("_INBOX_registry.>",))),
    "scoring": User("s", Rights(publish=("loc.vn.scoring.>",), subscribe=("_INBOX_scoring.>", "loc.vn.>"))),
    "silent": User("x", Rights((), ())),
}


@pytest.mark.every_backend
async def test_a_user_publishes_and_hears_only_what_its_rights_name(tmp_path: Path, backend: str) -> None:
    async with start_nats(backend, tmp_path, USERS) as server:
        heard: asyncio.Queue[str] = asyncio.Queue()
        refused: asyncio.Queue[str] = asyncio.Queue()
        scoring = await _connect(server.url, "scoring", "s")
        await scoring.subscribe("loc.vn.>", cb=_into(heard))
        await arrived(scoring)
        registry = await _connect(server.url, "registry", "r", refused)
        await registry.publish("loc.vn.scoring.forged", b"")
        await registry.publish("loc.vn.registry.true", b"")
        await registry.subscribe("loc.vn.>")
        await arrived(registry)
        assert await asyncio.wait_for(heard.get(), 5) == "loc.vn.registry.true"
        told = [await asyncio.wait_for(refused.get(), 5) for _ in range(2)]
        assert "publish" in told[0].lower()
        assert "subscription" in told[1].lower()
        await scoring.close()
        await registry.close()


async def test_a_user_without_rights_may_do_nothing(tmp_path: Path) -> None:
    async with EmbeddedNats(tmp_path, USERS) as server:
        refused: asyncio.Queue[str] = asyncio.Queue()
        silent = await _connect(server.url, "silent", "x", refused)
        await silent.publish("anything", b"")
        await silent.subscribe(">")
        await arrived(silent)
        assert "publish" in (await asyncio.wait_for(refused.get(), 5)).lower()
        assert "subscription" in (await asyncio.wait_for(refused.get(), 5)).lower()
        await silent.close()


async def test_nobody_enters_without_a_password(tmp_path: Path) -> None:
    async with EmbeddedNats(tmp_path, USERS) as server:
        with pytest.raises(Error, match=r"(?i)authorization"):
            await nats.connect(server.url, allow_reconnect=False, error_cb=_ignore)
        with pytest.raises(Error, match=r"(?i)authorization"):
            await _connect(server.url, "registry", "guessed")


async def test_streams_are_synced_at_every_write_and_survive_a_restart_on_the_same_port(
    tmp_path: Path,
) -> None:
    everyone = {"test": User("t")}
    async with EmbeddedNats(tmp_path, everyone, domain="vn") as server:
        address = server.url
        client = await _connect(server.url, "test", "t")
        await client.jetstream().add_stream(name="registry", subjects=["loc.>"])
        acknowledged = await client.jetstream().publish("loc.one", b"kept")
        assert acknowledged.domain == "vn"
        await client.close()
        async with httpx.AsyncClient(trust_env=False) as http:
            settings = (await http.get(f"http://127.0.0.1:{server.monitoring}/varz")).json()
        assert settings["jetstream"]["config"]["sync_always"] is True
        assert settings["max_payload"] >= 1024 * 1024
        pid = server.child.pid
    assert processes_of([pid]) == []
    assert (tmp_path / "nats.conf").stat().st_mode & 0o077 == 0

    async with EmbeddedNats(tmp_path, everyone, domain="vn") as server:
        assert server.url == address
        client = await _connect(server.url, "test", "t")
        assert (await client.jetstream().get_msg("registry", 1)).data == b"kept"
        await client.close()


async def test_a_port_that_something_else_took_is_given_up(tmp_path: Path) -> None:
    async with EmbeddedNats(tmp_path, USERS) as server:
        former = server.port
    with socket.socket() as intruder:
        intruder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        intruder.bind(("127.0.0.1", former))
        intruder.listen()
        async with EmbeddedNats(tmp_path, USERS) as server:
            assert server.port != former
            await (await _connect(server.url, "registry", "r")).close()


async def test_with_the_rights_of_a_topology_one_service_cannot_speak_for_another(tmp_path: Path) -> None:
    links = {"registry": ServiceLinks(), "scoring": ServiceLinks(follows=("registry",))}
    (tmp_path / "secrets").mkdir()
    users = users_of(Topology(site="vn", services=links), tmp_path)
    assert len({user.password for user in users.values()}) == len(users)
    async with EmbeddedNats(tmp_path, {**users, "layout": User("l")}) as server:
        layout = await _connect(server.url, "layout", "l")
        await layout.jetstream().add_stream(name="loc-registry", subjects=["loc.*.registry.>"])
        refused: asyncio.Queue[str] = asyncio.Queue()
        scoring = await _connect(server.url, "scoring", users["scoring"].password, refused)
        await scoring.publish("loc.vn.registry.unit.unit-established.v1", b"forged")
        await arrived(scoring)
        assert "loc.vn.registry" in await asyncio.wait_for(refused.get(), 5)
        registry = await _connect(server.url, "registry", users["registry"].password)
        true = await registry.jetstream().publish("loc.vn.registry.unit.unit-established.v1", b"true")
        assert true.seq == 1
        for client in (layout, scoring, registry):
            await client.close()


async def _connect(url: str, user: str, password: str, refused: asyncio.Queue[str] | None = None) -> Client:
    async def note(error: Exception) -> None:
        if refused is not None:
            refused.put_nowait(str(error))

    return await nats.connect(
        url,
        user=user,
        password=password,
        inbox_prefix=f"_INBOX_{user}".encode(),
        allow_reconnect=False,
        error_cb=note,
    )


async def _ignore(error: Exception) -> None:
    return None


def _into(heard: asyncio.Queue[str]):
    async def keep(message: object) -> None:
        heard.put_nowait(message.subject)  # type: ignore[attr-defined]

    return keep
