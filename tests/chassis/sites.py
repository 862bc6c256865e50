"""A NATS server of a test's own with the users and rights of a topology, and events to send over it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import contracts.catalogue as catalogue
import nats
from chassis import subjects
from chassis.publisher import Acknowledged, NotTaken, Publisher
from chassis.rights import all_rights
from chassis.topology import OPS, Topology
from chassis.topology_changes import apply, find, plan
from chassis.wire import Wire, to_headers
from contracts.envelope import event_hash, seed_hash
from contracts.events.chassis import EpochOpened
from nats.aio.client import Client
from thidua.local.nats import EVERYTHING, EmbeddedNats, User

from tests.support.backends import start_nats

TYPE = catalogue.entry(EpochOpened).type

TOPOLOGY = Topology.model_validate(
    {
        "site": "vn",
        "services": {
            "registry": {"follows": ["scoring"]},
            "scoring": {"follows": ["registry"]},
            "awards": {"follows": ["registry", "scoring"]},
        },
        "streams": {"max_bytes": 64 * 1024 * 1024},
        "consumers": {"ack_wait_seconds": 5},
    }
)


def users_of(topology: Topology) -> dict[str, User]:
    """The users of a topology, each with its name as password, and ``root``, who may do everything."""
    described = {name: User(name, rights) for name, rights in all_rights(topology).items()}
    return {**described, "root": User("root", EVERYTHING)}


@asynccontextmanager
async def site(folder: Path, topology: Topology = TOPOLOGY, *, backend: str = "wheels") -> AsyncIterator[EmbeddedNats]:
    """A running server on which the topology has been applied; of a container only ``url`` is to be used."""
    async with start_nats(backend, folder, users_of(topology), durable=False) as started:
        server = cast(EmbeddedNats, started)
        await lay(server, topology)
        yield server


async def lay(server: EmbeddedNats, topology: Topology = TOPOLOGY) -> None:
    """Make what the topology names and the server does not have, as operations do."""
    async with client(server, OPS) as ops:
        js = ops.jetstream()
        await apply(js, topology, plan(topology, await find(js, topology)))


@asynccontextmanager
async def client(server: EmbeddedNats, user: str, told: list[str] | None = None) -> AsyncIterator[Client]:
    """A bare connection of one user; what the server refuses is written to ``told``."""

    async def error(error: Exception) -> None:
        if told is not None:
            told.append(str(error))

    connection = await nats.connect(
        server.url, user=user, password=user, inbox_prefix=subjects.inbox(user), error_cb=error
    )
    try:
        yield connection
    finally:
        await connection.close()


def events(log: str = "vn.registry", count: int = 1, data: bytes = b"{}") -> list[Wire]:
    """A chained log of ``count`` events from seq 1."""
    prev, made = seed_hash(log), []
    for seq in range(1, count + 1):
        header = (
            f'{{"id":"e{seq:07}","type":"{TYPE}","occurred":"2024-03-01T02:00:00Z",'
            f'"correlation":"tổ-{seq}","subjects":["log:{log}"]}}'
        ).encode()
        told = event_hash(prev, 1, seq, header, data)
        made.append(
            Wire(log, 1, seq, prev, told, header, data, "00-" + hashlib.md5(told).hexdigest() + "-0000000000000001-01")
        )
        prev = told
    return made


async def send(connection: Client, wires: list[Wire]) -> None:
    """Publish in order and wait until the stream has them all."""
    taken = await answered(connection, wires)
    assert all(isinstance(answer, Acknowledged) for answer in taken), taken


async def answered(
    connection: Client, wires: list[Wire], *, domain: str | None = None
) -> list[Acknowledged | NotTaken]:
    """Publish in order and wait for what is said of each, in that order. TimeoutError after ten seconds."""
    heard = asyncio.Event()
    publisher = Publisher(connection, wires[0].log, "loc", heard.set, domain=domain)
    await publisher.open()
    answers: list[Acknowledged | NotTaken] = []
    async with asyncio.timeout(10):
        for wire in wires:
            await publisher.send(0, [wire])
        while len(answers) < len(wires):
            await heard.wait()
            heard.clear()
            answers += publisher.answers()
    await publisher.close()
    return answers


def headers_of(wire: Wire) -> dict[str, str]:
    """The headers with which an event travels, read from their block as NATS writes it."""
    _, block = to_headers(wire, "loc-registry", wire.traceparent)
    lines = block.decode().removeprefix("NATS/1.0\r\n").removesuffix("\r\n\r\n").split("\r\n")
    return dict(line.split(": ", 1) for line in lines)


async def eventually(fact: Callable[[], Awaitable[bool]] | Callable[[], bool], patience: float = 20) -> None:
    """Wait until a fact holds that nobody announces. TimeoutError after ``patience`` seconds."""
    async with asyncio.timeout(patience):
        while True:
            held = fact()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(0.01)
