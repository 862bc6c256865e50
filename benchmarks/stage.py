"""PostgreSQL and NATS as a site has them, with fsync on, and a stream with a log in it: what followers are timed on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import nats
import uvloop
from chassis import subjects
from chassis.facts import Stored
from chassis.publisher import Acknowledged, Publisher
from chassis.rights import all_rights
from chassis.topology import OPS, Following, Topology, consumer_config
from chassis.topology_changes import apply, find, plan
from chassis.wire import to_headers
from contracts.catalogue import entry
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from thidua.local.databases import Database, ensure_database
from thidua.local.nats import EVERYTHING, EmbeddedNats, User
from thidua.local.postgres import EmbeddedPostgres

TOPOLOGY = Topology.model_validate(
    {
        "site": "vn",
        "services": {"registry": {"follows": ["scoring"]}, "scoring": {"follows": ["registry"]}},
        # A million events stay in the stream until the last follower has been timed on them.
        "streams": {"max_bytes": 4 * 1024**3},
    }
)
_, FOLLOWING = TOPOLOGY.followings()
ROOT = "root"
IN_FLIGHT = 500
STREAM = subjects.stream("loc", "registry")
T = TypeVar("T")


async def on_uvloop(work: Coroutine[Any, Any, T]) -> T:
    """Run what is timed on the loop that services run on; asyncio's own starts the servers, which uvloop cannot."""
    return await asyncio.to_thread(uvloop.run, work)


def travelling(event: Stored) -> tuple[str, dict[str, str]]:
    """Subject and headers of an event as a relay sends it, for those who send it otherwise."""
    kind, block = to_headers(event, STREAM, event.traceparent)
    lines = block.decode().split("\r\n")[1:-2]
    return entry(kind).subject("loc", "vn", "registry"), dict(line.split(": ", 1) for line in lines)


@dataclass
class Stage:
    """The two servers of one measurement."""

    postgres: EmbeddedPostgres
    nats: EmbeddedNats

    async def database(self, name: str, role: str, template: str | None = None) -> Database:
        """A new database of a service, or a copy of one."""
        return await ensure_database(self.postgres.superuser, name, role=role, password=role, template=template)

    async def client(self, user: str = ROOT) -> Client:
        return await nats.connect(self.nats.url, user=user, password=user, inbox_prefix=f"_INBOX_{user}".encode())

    async def fill(self, events: Iterable[Stored]) -> None:
        """Publish a log to its stream, so many in flight at once."""
        client, heard, rest = await self.client(), asyncio.Event(), iter(events)
        publisher = Publisher(client, "vn.registry", "loc", heard.set)
        await publisher.open()
        while batch := list(islice(rest, IN_FLIGHT)):
            await publisher.send(0, batch)
            taken = 0
            while taken < len(batch):
                await asyncio.wait_for(heard.wait(), 60)
                heard.clear()
                answers = publisher.answers()
                assert all(isinstance(answer, Acknowledged) for answer in answers), answers
                taken += len(answers)
        await client.close()

    async def fresh_stream(self) -> None:
        """The producer's stream as on its first day."""
        client = await self.client()
        js = client.jetstream()
        await js.delete_stream(STREAM)
        await apply(js, TOPOLOGY, plan(TOPOLOGY, await find(js, TOPOLOGY)))
        await client.close()

    async def held(self) -> int:
        """How many messages the producer's stream holds."""
        client = await self.client()
        held = (await client.jetstream().stream_info(STREAM)).state.messages
        await client.close()
        return held

    async def fresh_consumer(self, following: Following = FOLLOWING) -> None:
        """The follower's consumer as on its first day: it begins with the first message."""
        client = await self.client()
        js = client.jetstream()
        with suppress(NotFoundError):
            await js.delete_consumer(following.stream, following.durable)
        await js.add_consumer(following.stream, consumer_config(TOPOLOGY.consumers, following.durable))
        await client.close()


@asynccontextmanager
async def stage(folder: Path, *, sync_always: bool = True) -> AsyncIterator[Stage]:
    """Servers under ``folder`` with the topology applied; NATS syncs each message, or as it does by default."""
    users = {name: User(name, rights) for name, rights in all_rights(TOPOLOGY).items()}
    users[ROOT] = User(ROOT, EVERYTHING)
    for name in ("postgres", "nats"):
        (folder / name).mkdir()
    async with (
        EmbeddedPostgres(folder / "postgres") as postgres,
        EmbeddedNats(folder / "nats", users, durable=sync_always) as server,
    ):
        made = Stage(postgres, server)
        client = await made.client(OPS)
        js = client.jetstream()
        await apply(js, TOPOLOGY, plan(TOPOLOGY, await find(js, TOPOLOGY)))
        await client.close()
        yield made
