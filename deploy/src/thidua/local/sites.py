"""The national site and the sites below it on this machine, each whole, with a line between that can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from chassis import subjects
from chassis.site_tree import SiteTree
from chassis.topology import Topology

from thidua.local.folders import held_alone, kept_port, open_folder, sites_file, topology_file
from thidua.local.line import Line
from thidua.local.nats import Hub
from thidua.local.site import Report, Site


class Sites:
    """``async with Sites(folder) as sites``: ``sites.hub``, ``sites.below["caobang"]``, ``await sites.cut("caobang")``.

    ``tree`` names the sites; without one, that of deploy/sites.yaml. Each site has its folder below ``folder``. The
    other arguments are those of every ``Site``.
    """

    def __init__(
        self,
        folder: Path,
        *,
        tree: SiteTree | None = None,
        topology: Topology | None = None,
        demo: bool = False,
        starts: datetime | None = None,
        durable: bool = True,
        settings: Mapping[str, object] | None = None,
        report: Report = lambda step: None,
    ) -> None:
        self.folder = open_folder(folder)
        self.tree = tree or SiteTree.load(sites_file())
        base = topology or Topology.load(topology_file())

        def site(name: str, **more: Any) -> Site:
            return Site(
                self.folder / name,
                topology=self.tree.topology(base, name),
                demo=demo,
                starts=starts,
                durable=durable,
                settings=settings,
                report=lambda step: report(f"{name}: {step}"),
                **more,
            )

        self.hub = site(self.tree.hub)
        # One trace may run through both sites, so one receiver keeps the spans of all.
        self.below = {
            name: site(name, hub=partial(self._hub_of, name), traces=lambda: self.hub.otlp_endpoint)
            for name in self.tree.below
        }
        self.lines: dict[str, Line] = {}
        self._running = AsyncExitStack()

    async def __aenter__(self) -> Sites:
        async with AsyncExitStack() as starting:
            starting.enter_context(held_alone(self.folder))
            for name in self.below:
                self.lines[name] = Line(kept_port(self.folder, f"line-{name}"), self._hub_listens)
                starting.push_async_callback(self.lines[name].cut)
                await self.lines[name].heal()
            # One after the other: on few cores two at once are no faster, and what goes wrong is read more easily.
            for site in self.all.values():
                await starting.enter_async_context(site)
            self._running = starting.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()

    @property
    def all(self) -> dict[str, Site]:
        """Every site by name, the hub first."""
        return {self.tree.hub: self.hub, **self.below}

    def follows(self, apart: Collection[str] = ()) -> dict[str, list[str]]:
        """Who follows which logs, all of them as `site.service`; not across to or from sites that stand ``apart``."""
        follows = {
            f"{name}.{service}": [f"{name}.{producer}" for producer in links.follows]
            for name, site in self.all.items()
            for service, links in site.topology.services.items()
        }
        hub = self.tree.hub
        for site, link in self.tree.below.items():
            if site not in apart:
                for service in link.up:
                    follows[f"{hub}.{service}"].append(f"{site}.{service}")
                for service in link.down:
                    follows[f"{site}.{service}"].append(f"{hub}.{service}")
        return follows

    async def cut(self, site: str) -> None:
        """Cut the line between the hub and a site below: both go on by themselves."""
        await self.lines[site].cut()

    async def heal(self, site: str) -> None:
        """Mend it; the server of the site below connects again by itself, within about a second."""
        await self.lines[site].heal()

    async def while_alive(self, work: asyncio.Task[None]) -> None:
        """Wait for ``work``; cancel it and raise ChildDied when a process of any site ends by itself meanwhile."""

        async def guarded(sites: list[Site]) -> None:
            await (sites[0].while_alive(guarded(sites[1:])) if sites else work)

        await guarded(list(self.all.values()))

    def _hub_of(self, site: str) -> Hub:
        login = subjects.leaf(site)
        return Hub(f"nats-leaf://{login}:{self.hub.nats_password(login)}@127.0.0.1:{self.lines[site].port}")

    def _hub_listens(self) -> tuple[str, int]:
        if self.hub.nats.leaf_port is None:
            raise OSError("the hub has not been started")
        return "127.0.0.1", self.hub.nats.leaf_port
