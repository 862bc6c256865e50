"""The clock of the demo: publishes the instant, stops at every due instant that a service reports, goes on at rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import nats
from chassis import subjects
from chassis.link import arrived
from nats.aio.client import Client
from thidua.demo.api import Api
from thidua.settled import Settled, settled

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


def day(text: str, hour: int = 8, minute: int = 0) -> datetime:
    """A day of the year as ``2024-01-31`` at an hour in Hà Nội."""
    return datetime.fromisoformat(text).replace(hour=hour, minute=minute, tzinfo=HANOI)


class DemoTime:
    """Moves the one clock of the demo. ``operator`` is a login that may read the services' states."""

    def __init__(self, api: Api, nats_client: Client, operator: str, follows: Mapping[str, list[str]], at: datetime):
        self._api = api
        self._nats = nats_client
        self._operator = operator
        self._follows = follows
        self.now = at
        self.stops = 0
        """How often it stood still for something that was due."""

    @staticmethod
    async def connect(url: str, password: str, below: str = "") -> Client:
        """Speaks to NATS as ``player``, who alone may publish the instant; ``below``: a site that lies below a hub."""
        inbox = subjects.inbox("player", below).encode()
        return await nats.connect(url, user="player", password=password, inbox_prefix=inbox, name="player")

    async def rest(self) -> Settled:
        """Wait until everything that has happened has had its effects everywhere."""
        return await settled(self._states, self._followed(), at=self.now)

    async def to(self, instant: datetime) -> Settled:
        """Move to an instant, by way of every instant at which something is due. Never backwards."""
        resting = await self.rest()
        while (due := resting.next_due) is not None and due <= instant:
            self.stops += 1
            await self._publish(max(due, self.now))
            resting = await self.rest()
        if instant > self.now:
            await self._publish(instant)
        return await self.rest()

    async def later(self, **span: float) -> Settled:
        """Move on by a stretch of time, e.g. ``hours=2``."""
        return await self.to(self.now + timedelta(**span))

    def _followed(self) -> Mapping[str, list[str]]:
        """Whom each service is waited for to follow."""
        return self._follows

    async def _publish(self, instant: datetime) -> None:
        self.now = instant
        body = json.dumps({"at": instant.isoformat()}).encode()
        await self._nats.publish(subjects.clock(self._api.addresses.site), body)
        await arrived(self._nats)

    async def _states(self) -> dict[str, dict[str, object]]:
        return await self._api.states(self._operator)
