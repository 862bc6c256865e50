"""One clock for two sites: each is told the instant on its own server, also while the line between them is cut."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chassis import subjects
from chassis.link import arrived
from nats.aio.client import Client
from thidua.demo.api import Api
from thidua.demo.clock import DemoTime
from thidua.local.sites import Sites


class SitesTime(DemoTime):
    """``apart``: sites whose line is cut; each site then rests by itself, and what is owed across is not waited for."""

    def __init__(
        self, sites: Sites, apis: Mapping[str, Api], players: Mapping[str, Client], operator: str, at: datetime
    ) -> None:
        hub = sites.tree.hub
        super().__init__(apis[hub], players[hub], operator, {}, at)
        self.apart: set[str] = set()
        self._sites = sites
        self._apis = apis
        self._players = players

    def _followed(self) -> Mapping[str, list[str]]:
        return self._sites.follows(self.apart)

    async def _publish(self, instant: datetime) -> None:
        self.now = instant
        body = json.dumps({"at": instant.isoformat()}).encode()
        for site, player in self._players.items():
            await player.publish(subjects.clock(site), body)
            await arrived(player)

    async def _states(self) -> dict[str, dict[str, Any]]:
        read = await asyncio.gather(*(api.states(self._operator) for api in self._apis.values()))
        states = {
            f"{site}.{service}": state
            for site, of in zip(self._apis, read, strict=True)
            for service, state in of.items()
        }
        for state in states.values() if self.apart else ():
            state["relayed"] = {to: seq for to, seq in state["relayed"].items() if to.startswith(f"{subjects.LOCAL}-")}
        return states
