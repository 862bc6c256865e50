"""A test language for services: *given* these events, *when* this is asked, *then* these events stand in the log.

It runs the real app on a real database, with a clock that the test sets, and without NATS: followed events are put
in by ``given`` exactly as a follower would commit them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import sqlalchemy as sa
from contracts.catalogue import Fact, entry
from contracts.envelope import Act, Header, event_hash, seed_hash

from chassis import auth, reacting, replay
from chassis.clock import DemoClock
from chassis.facts import Recorded, Stored, read, to_bytes
from chassis.ids import new_id
from chassis.log import read_page
from chassis.runtime import Runtime
from chassis.service import Service, runtime
from chassis.settings import Settings
from chassis.timers import for_timer


@dataclass
class Trial:
    """One service under test. ``client`` speaks to the real app; ``clock`` stands where the test puts it."""

    service: Service
    runtime: Runtime
    client: httpx.AsyncClient
    clock: DemoClock
    private_key: str
    _heads: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def token(self, person: str) -> str:
        """A bearer header for a person id."""
        token, _ = auth.issue(f"person:{person}", site=self.runtime.settings.site, private_key=self.private_key)
        return f"Bearer {token}"

    async def post(
        self,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        by: str,
        etag: str | None = None,
        key: str | None = None,
    ) -> httpx.Response:
        """POST as a person, with a fresh Idempotency-Key unless one is given."""
        return await self._send("POST", path, body, by, etag, key)

    async def put(
        self, path: str, body: dict[str, Any], *, by: str, etag: str | None = None, key: str | None = None
    ) -> httpx.Response:
        return await self._send("PUT", path, body, by, etag, key)

    async def _send(
        self, method: str, path: str, body: dict[str, Any] | None, by: str, etag: str | None, key: str | None
    ) -> httpx.Response:
        headers = {"Authorization": self.token(by), "Idempotency-Key": key or new_id()}
        if etag is not None:
            headers["If-Match"] = etag
        return await self.client.request(method, path, json=body if body is not None else {}, headers=headers)

    async def get(self, path: str, *, by: str, **query: Any) -> httpx.Response:
        return await self.client.get(path, params=query, headers={"Authorization": self.token(by)})

    async def given(
        self,
        *facts: Fact,
        act: Act | None = None,
        subjects: dict[int, tuple[str, ...]] | None = None,
        case: str | None = None,
    ) -> list[str]:
        """Events of other services happened: kept as received, applied, reacted to. Returns their keys.

        Subjects default to ``<aggregate>:<position>``; give them by index where a test depends on them.
        """
        keys = []
        for nr, fact in enumerate(facts):
            named = (subjects or {}).get(nr)
            keys.append(await self._take(fact, act, named, case))
        await reacting.run_all(self.runtime)
        return keys

    async def _take(self, fact: Fact, act: Act | None, subjects: tuple[str, ...] | None, case: str | None) -> str:
        catalogued = entry(type(fact))
        name = f"{self.runtime.settings.site}.{catalogued.owner}"
        seq, prev = self._heads.get(name) or await self._taken(name)
        seq += 1
        now = self.clock.now()
        header = Header(
            id=new_id(),
            type=catalogued.type,
            occurred=now,
            act=act or Act(whose="service:test", typed_by="service:test", made=now, received=now, recorded=now),
            correlation=case or new_id(),
            subjects=subjects or (f"{catalogued.aggregate}:{seq}",),
        ).to_bytes()
        data = to_bytes(fact)
        hash_ = event_hash(prev, 1, seq, header, data)
        stored = Stored(name, 1, seq, prev, hash_, header, data, None)
        async with self.runtime.engine.begin() as db:
            await db.execute(
                sa.text(
                    "INSERT INTO chassis.mark (log, epoch, seq, hash) VALUES (:log, 1, :seq, :hash)"
                    " ON CONFLICT (log) DO UPDATE SET seq = excluded.seq, hash = excluded.hash"
                ),
                {"log": name, "seq": seq, "hash": hash_},
            )
            await db.execute(
                sa.text(
                    "INSERT INTO chassis.received (log, epoch, seq, prev, hash, header, data, received_at)"
                    " VALUES (:log, 1, :seq, :prev, :hash, :header, :data, :at)"
                ),
                {
                    "log": name,
                    "seq": seq,
                    "prev": prev,
                    "hash": hash_,
                    "header": header,
                    "data": data,
                    "at": now,
                },
            )
            for projection in self.service.follows:
                if projection.log == catalogued.owner:
                    await projection.apply(db, [read(stored)])
        self._heads[name] = (seq, hash_)
        return stored.key

    async def _taken(self, name: str) -> tuple[int, bytes]:
        """Where a followed log stands on this database, which may be a copy of a prepared one."""
        async with self.runtime.engine.connect() as db:
            row = (
                await db.execute(sa.text("SELECT seq, hash FROM chassis.mark WHERE log = :log"), {"log": name})
            ).first()
        return (row.seq, row.hash) if row is not None else (0, seed_hash(name))

    async def events(self, *models: type[Fact]) -> list[Recorded[Any]]:
        """What stands in the own log, oldest first; only the given types if any are named."""
        async with self.runtime.engine.connect() as db:
            stored = await read_page(db, self.runtime.log, 0, 10_000)
        facts = [read(one) for one in stored]
        return [fact for fact in facts if not models or type(fact.data) in models]

    async def at(self, instant: datetime) -> None:
        """The clock moves to an instant; every timer that is due by then has run, each at its own instant."""
        while True:
            async with self.runtime.engine.connect() as db:
                jobs = [
                    (job.at, timer, job.key)
                    for timer in self.service.timers
                    if (job := await timer.due(db)) is not None and job.at <= instant
                ]
            if not jobs:
                break
            due, timer, key = min(jobs, key=lambda job: job[0])
            self.clock.set(max(due, self.clock.now()))
            command = for_timer(self.service.name, self.clock.now(), timer.name, key)
            await self.runtime.performer.perform(command, timer.run, key)
        self.clock.set(max(instant, self.clock.now()))

    async def replay_differences(self) -> list[replay.Difference]:
        """Empty when a replay of the logs into an empty schema equals the live tables."""
        return await replay.differences(self.runtime.engine, self.service, self.runtime.settings.site)


@asynccontextmanager
async def trial(service: Service, database_url: str, at: datetime, **settings: Any) -> AsyncIterator[Trial]:
    """The service on a fresh database (``postgresql+asyncpg://…``), its clock at ``at``."""
    private, public = auth.new_keys()
    chosen = Settings(
        database_url=database_url,
        token_public_key=public,
        token_private_key=private,
        demo_starts=at.isoformat(),
        **settings,
    )
    app = service.app(chosen)
    async with runtime(service, chosen) as running:
        clock = DemoClock(at)
        running.clock = clock
        app.state.runtime = running
        if service.on_start is not None:
            await service.on_start(running)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield Trial(service, running, client, clock, private, await _followed(running))


async def _followed(running: Runtime) -> dict[str, tuple[int, bytes]]:
    """How far other logs were followed already, where the database was cloned from one with a past."""
    async with running.engine.connect() as db:
        rows = await db.execute(sa.text("SELECT log, seq, hash FROM chassis.mark"))
        return {row.log: (row.seq, row.hash) for row in rows}
