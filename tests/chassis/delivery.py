"""Two services on real databases and a real NATS server, without HTTP: what the delivery tests stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from chassis import auth
from chassis.facts import Stored, to_bytes
from chassis.follower import Follower
from chassis.ids import new_id
from chassis.logread import NobodyHas, Page
from chassis.positions import Position
from chassis.runtime import Runtime
from chassis.service import Service, runtime
from chassis.settings import Settings
from chassis.tending import Tasks
from chassis.work import Command, Work, service_act
from chassis.worker import at_work
from contracts.catalogue import Fact
from contracts.envelope import Header, event_hash
from thidua.local.databases import Database
from thidua.local.nats import EmbeddedNats

from contracts import catalogue
from tests.chassis.sample import formed
from tests.chassis.sites import eventually

PRIVATE, PUBLIC = auth.new_keys()
AT = datetime(2024, 1, 15, 2, 0, tzinfo=timezone.utc)


@asynccontextmanager
async def awake(service: Service, database: Database, **settings: Any) -> AsyncIterator[Runtime]:
    """A service with its database, and nothing at work."""
    chosen = Settings(
        database_url=database.url,
        token_public_key=PUBLIC,
        **{"beacon_seconds": 0.5, "gap_seconds": 0.5, "nats_password": service.name, **settings},
    )
    async with runtime(service, chosen) as running:
        yield running


@asynccontextmanager
async def at_work_on(
    service: Service, database: Database, server: EmbeddedNats, **settings: Any
) -> AsyncIterator[Runtime]:
    """A service that relays, follows and reacts."""
    async with awake(service, database, nats_url=server.url, **settings) as running, at_work(running):
        yield running


async def form(running: Runtime, *clusters: tuple[str, str], transaction: int = 1) -> None:
    """Record clusters ``(id, name)``, so many a transaction."""

    async def record(work: Work, some: Sequence[tuple[str, str]]) -> None:
        for cluster_id, name in some:
            work.record(formed(cluster_id, name), f"cluster:{cluster_id}")

    for first in range(0, len(clusters), transaction):
        now = running.clock.now()
        asked = Command(scope="test", key=new_id(), body_hash="0" * 64, act=service_act("registry", now))
        await running.performer.perform(asked, record, clusters[first : first + transaction])


def numbered(count: int, first: int = 1) -> list[tuple[str, str]]:
    return [(f"cum-{nr:05}", f"Cụm {nr}") for nr in range(first, first + count)]


async def rows(running: Runtime, query: str, **values: Any) -> list[Any]:
    async with running.engine.connect() as db:
        return list(await db.execute(sa.text(query), values))


async def one(running: Runtime, query: str, **values: Any) -> Any:
    async with running.engine.connect() as db:
        return await db.scalar(sa.text(query), values)


async def caught_up(reader: Runtime, producer: Runtime, patience: float = 20) -> None:
    """Wait until the reader's mark is the producer's head."""
    head = (await rows(producer, "SELECT epoch, seq, hash FROM chassis.log_head"))[0]

    async def is_there() -> bool:
        mark = await rows(reader, "SELECT epoch, seq, hash FROM chassis.mark WHERE log = :log", log=producer.log)
        return bool(mark) and tuple(mark[0]) == tuple(head)

    await eventually(is_there, patience)


async def received_as_sent(reader: Runtime, producer: Runtime) -> bool:
    """Whether what the reader kept is the producer's log, byte for byte, each event once."""
    query = "SELECT epoch, seq, prev, hash, header, data FROM chassis.{} ORDER BY seq"
    return await rows(reader, query.format("received")) == await rows(producer, query.format("log"))


def chain(*events: tuple[bytes, bytes], log: str = "vn.registry", after: Position | None = None) -> list[Stored]:
    """A chained run of events ``(header, data)``, from the first place of the log or after a place."""
    at = after or Position.start(log)
    made = []
    for header, data in events:
        told = event_hash(at.hash, at.epoch, at.seq + 1, header, data)
        made.append(Stored(log, at.epoch, at.seq + 1, at.hash, told, header, data, None))
        at = Position.of(made[-1])
    return made


def event(fact: Fact, *subjects: str) -> tuple[bytes, bytes]:
    """Header and data of a fact as a producer would write them."""
    kind = catalogue.entry(type(fact)).type
    act = service_act("registry", AT)
    header = Header(id=new_id(), type=kind, occurred=AT, act=act, correlation=new_id(), subjects=subjects)
    return header.to_bytes(), to_bytes(fact)


def clusters(*named: tuple[str, str], after: Position | None = None) -> list[Stored]:
    """A run of clusters formed, ``(id, name)`` each."""
    return chain(*(event(formed(nr, name), f"cluster:{nr}") for nr, name in named), after=after)


@dataclass
class Producer:
    """A producer's log as a follower's fetch finds it; ``silent`` while it does not answer."""

    events: list[Stored] = field(default_factory=list)
    silent: bool = False
    asked: list[int] = field(default_factory=list)
    page: int = 1000

    async def fetch(self, log: str, after: int) -> Page:
        self.asked.append(after)
        if self.silent:
            raise NobodyHas(log)
        found = [event for event in self.events if event.seq > after][: self.page]
        head = Position.of(self.events[-1]) if self.events else Position.start(log)
        return Page(tuple(found), head)


@asynccontextmanager
async def follower_of(reader: Runtime, producer: Producer, **settings: Any) -> AsyncIterator[Follower]:
    """A follower of ``vn.registry`` alone, without NATS: the test is its courier."""
    (projection,) = reader.service.follows
    follower = Follower(reader.engine, "vn.registry", projection, producer.fetch, **{"gap_seconds": 0.05, **settings})
    async with Tasks() as tasks:
        tasks.start(follower.run())
        yield follower
