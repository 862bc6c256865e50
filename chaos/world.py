"""Everything that one run stands on: the site, who looks after its processes, the client, and when it is healed."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import nats
from nats.aio.client import Client as NatsClient
from nats.js import JetStreamContext
from thidua.demo.api import Api, Surprise
from thidua.demo.stage import OPERATOR
from thidua.local.backups import make_backup
from thidua.settled import NotSettled, Settled, State, settled

from chaos.commands import AT_A_SITE_BELOW, WRITERS
from chaos.counting import Branch, LostRange, without_loss
from chaos.healing import LOOK_SECONDS, healed
from chaos.load import Load
from chaos.routed import ROOT, TriedSite
from chaos.servants import Servants
from chaos.stage import LOGINS, lay_ground

SILENT_SECONDS = 90.0
"""A service that says nothing of its state for so long does not come back by itself."""


class NotSeen(Exception):
    """A fault whose effect did not show: it is not counted."""


@dataclass
class World:
    """One run. ``decided`` by people, ``reported`` by the product: what may be missing at the end, and why."""

    site: TriedSite
    servants: Servants
    api: Api
    load: Load
    ranges: list[LostRange] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    forks_injected: Counter[str] = field(default_factory=Counter)
    forks_found: Counter[str] = field(default_factory=Counter)
    _backup: str = ""
    _backing_up: asyncio.Lock = field(default_factory=asyncio.Lock)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _began: float = -math.inf
    _looked: float = -math.inf
    """When the reading of ``_states`` began and ended."""
    _states: dict[str, State] = field(default_factory=dict)

    async def states(self, since: float = -math.inf) -> dict[str, State]:
        """``/ops/state`` of all, read at ``since`` (s, monotonic) or later and at most some tenths of a second old.

        Asked again until every service answers. Raises NotSettled when one never does.
        """
        async with self._looking:
            ends = time.monotonic() + SILENT_SECONDS
            while self._began < since or time.monotonic() - self._looked > LOOK_SECONDS:
                began = time.monotonic()
                try:
                    async with asyncio.timeout(10):
                        self._states = await self.api.states(OPERATOR)
                    self._began, self._looked = began, time.monotonic()
                except (httpx.HTTPError, Surprise, TimeoutError) as silent:
                    if began > ends:
                        raise NotSettled(f"no state after {SILENT_SECONDS:g} s: {silent!r}") from silent
                    await asyncio.sleep(0.1)
            return self._states

    async def healed(self, within: float) -> float:
        """Wait until all that there is now has settled everywhere, load or not; when that was (s, Unix)."""
        return await healed(self.states, self.site.follows, within)

    async def settled(self, within: float = 90) -> Settled:
        async def fresh() -> dict[str, State]:
            await asyncio.sleep(LOOK_SECONDS)
            return await self.states()

        async with asyncio.timeout(within + 30):
            return await settled(fresh, self.site.follows, within=within)

    async def backup(self) -> str:
        """The name of a base backup, made under load when it is first asked for."""
        async with self._backing_up:
            if not self._backup:
                self._backup = (await make_backup(self.site.postgres)).name
            return self._backup

    @asynccontextmanager
    async def courier(self) -> AsyncIterator[JetStreamContext]:
        """JetStream as somebody who may do everything, past the proxy."""
        connection = await self.connect()
        try:
            yield connection.jetstream(domain=self.site.topology.domain, timeout=5)
        finally:
            await connection.close()

    async def connect(self) -> NatsClient:
        async with asyncio.timeout(15):
            while True:
                try:
                    return await nats.connect(
                        self.site.nats.url, user=ROOT, password=self.site.nats_password(ROOT), allow_reconnect=False
                    )
                except (OSError, nats.errors.Error):
                    await asyncio.sleep(0.1)

    @asynccontextmanager
    async def database(self, service: str) -> AsyncIterator[asyncpg.Connection]:
        """A service's database as the server's superuser, past the proxy."""
        connection = await asyncpg.connect(self.site.postgres.superuser.named(service).dsn, timeout=10)
        try:
            yield connection
        finally:
            await connection.close(timeout=5)

    async def count(self) -> dict[str, Any]:
        """The client compares what it was told with every database, and with what was decided and reported."""
        told = await self.load.tell(
            {
                "do": "count",
                "databases": {name: self.site.audit(name).dsn for name in self.site.names},
                "follows": self.site.follows,
                "ranges": [vars(one) for one in self.ranges],
                "branches": [vars(one) for one in self.branches],
            }
        )
        told["refused"] += without_loss(told.pop("stopped"), self.ranges, self.branches)
        return told


@asynccontextmanager
async def world(site: TriedSite) -> AsyncIterator[World]:
    """A site under load; whatever was started is stopped, in whatever way the block ends."""
    async with site, Servants(site) as servants, Api(site.addresses) as api:
        await lay_ground(site, api)
        passwords = {login: api.passwords[login] for login in LOGINS}
        here = WRITERS.keys() - AT_A_SITE_BELOW
        writers = [name for name in WRITERS if name in here and WRITERS[name].service in site.names]
        async with Load(site.folder, site.addresses.services, passwords, writers) as load:
            await load.go()
            yield World(site, servants, api, load)


@dataclass(frozen=True)
class Healed:
    """One fault that was seen: its kind, what it did, when it ended and when the site had settled again (s)."""

    kind: str
    what: str
    ended: float
    settled: float

    @property
    def seconds(self) -> float:
        return self.settled - self.ended
