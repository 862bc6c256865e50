"""PostgreSQL and NATS as a site has them, with fsync on, and a stream with a log in it: what followers are timed on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import nats
import uvloop
from chassis.broker import publish_event
from chassis.facts import Stored
from chassis.rights import all_rights
from chassis.topology import OPS, Following, Topology, consumer_config
from chassis.topology_changes import apply, find, plan
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from thidua.local.databases import Database, ensure_database
from thidua.local.nats import EVERYTHING, EmbeddedNats, User
from thidua.local.postgres import EmbeddedPostgres

TOPOLOGY = Topology.model_validate({"site": "vn", "services": {"registry": {}, "scoring": {"follows": ["registry"]}}})
(FOLLOWING,) = TOPOLOGY.followings()
ROOT = "root"
IN_FLIGHT = 500
T = TypeVar("T")


async def on_uvloop(work: Coroutine[Any, Any, T]) -> T:
    """Run what is timed on the loop that services run on; asyncio's own starts the servers, which uvloop cannot."""
    return await asyncio.to_thread(uvloop.run, work)


@dataclass
class Stage:
    """The two servers of one measurement."""

    postgres: EmbeddedPostgres
    nats: EmbeddedNats

    async def database(self, name: str, role: str) -> Database:
        """A new database of a service."""
        return await ensure_database(self.postgres.superuser, name, role=role, password=role)

    async def client(self, user: str = ROOT) -> Client:
        return await nats.connect(self.nats.url, user=user, password=user, inbox_prefix=f"_INBOX_{user}".encode())

    async def fill(self, events: Iterable[Stored]) -> None:
        """Publish a log to its stream, so many in flight at once."""
        client = await self.client()
        js = client.jetstream(publish_async_max_pending=IN_FLIGHT)
        room = asyncio.Semaphore(IN_FLIGHT)
        flying: set[asyncio.Future[object]] = set()
        for event in events:
            await room.acquire()
            told = await publish_event(js, event, "loc", deadline=60)
            flying.add(told)
            told.add_done_callback(lambda done: (room.release(), flying.discard(done)))  # type: ignore[func-returns-value]
        await asyncio.gather(*flying)
        await client.close()

    async def fresh_consumer(self, following: Following = FOLLOWING) -> None:
        """The follower's consumer as on its first day: it begins with the first message."""
        client = await self.client()
        js = client.jetstream()
        with suppress(NotFoundError):
            await js.delete_consumer(following.stream, following.durable)
        await js.add_consumer(following.stream, consumer_config(TOPOLOGY.consumers, following.durable))
        await client.close()


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """Servers under ``folder`` with the topology applied."""
    users = {name: User(name, rights) for name, rights in all_rights(TOPOLOGY).items()}
    users[ROOT] = User(ROOT, EVERYTHING)
    (folder / "postgres").mkdir(), (folder / "nats").mkdir()
    async with EmbeddedPostgres(folder / "postgres") as postgres, EmbeddedNats(folder / "nats", users) as server:
        made = Stage(postgres, server)
        client = await made.client(OPS)
        js = client.jetstream()
        await apply(js, TOPOLOGY, plan(TOPOLOGY, await find(js, TOPOLOGY)))
        await client.close()
        yield made
