"""The sites that are tried: the product's own, whose services may die where told and be cut off from their servers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from chassis.topology import ServiceLinks, Topology
from thidua.local.folders import free_port, kept_secret, topology_file
from thidua.local.nats import EmbeddedNats, User
from thidua.local.site import Site

from chaos.helper import Helper
from chaos.three_nodes import ThreeNodes

SETTINGS = {"beacon_seconds": 1, "gap_seconds": 1}
"""Beacons each second instead of every fifteen: faults come every few seconds here, not every few months."""
COPIES = {"registry": 2}
"""Services of which a second copy stands in line for the lease."""
ROOT = "root"
"""A NATS user of this harness alone: no user of a site may delete a stream."""


class TriedSite(Site):
    """A whole site without a trace receiver, which would take a tenth of the machine from what is tried."""

    def __init__(
        self,
        folder: Path,
        topology: Topology | None = None,
        *,
        copies: Mapping[str, int] | None = None,
        archive: bool = False,
    ) -> None:
        super().__init__(folder, topology=topology, settings=SETTINGS, copies=copies, archive=archive)
        self.nats.users[ROOT] = User(kept_secret(self.folder, "nats-root"))

    async def _start_traces(self) -> None:
        """None."""

    def environment(self, service: str) -> dict[str, str]:
        return super().environment(service) | {"THIDUA_CRASH_FILE": str(self.crash_file(service))}

    def crash_file(self, service: str) -> Path:
        """Where a fault writes the label at which a copy of the service is to die."""
        return self.folder / f"{service}.crash"

    def head_file(self, service: str) -> Path:
        """Where the service keeps how far its log had come."""
        return Path(self.environment(service)["THIDUA_HEAD_FILE"])

    @property
    def follows(self) -> dict[str, list[str]]:
        return {name: list(links.follows) for name, links in self.topology.services.items()}


class RoutedSite(TriedSite):
    """Four services that reach NATS and PostgreSQL through a proxy."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, copies=COPIES, archive=True)
        self._routes = {"nats": free_port(), "postgres": free_port()}
        self._proxy = Helper(
            "chaos.proxy", str(self.folder / "ports"), *(f"{name}={port}" for name, port in self._routes.items())
        )

    async def __aenter__(self) -> RoutedSite:
        await self._proxy.start(self.folder / "proxy.log")
        try:
            await super().__aenter__()
        except BaseException:
            await self._proxy.stop()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        try:
            await super().__aexit__(*error)
        finally:
            await self._proxy.stop()

    def environment(self, service: str) -> dict[str, str]:
        environment = super().environment(service)
        for name, setting, port in (
            ("nats", "THIDUA_NATS_URL", self.nats.port),
            ("postgres", "THIDUA_DATABASE_URL", self.postgres.port),
        ):
            environment[setting] = environment[setting].replace(f":{port}", f":{self._routes[name]}")
        return environment

    async def cut(self, name: str) -> int:
        """Reset every connection to ``nats`` or ``postgres``; how many there were."""
        return int(await self._proxy.ask(f"cut {name}"))

    async def shut(self, name: str) -> None:
        """Reset them and let nobody through until ``open``."""
        await self._proxy.ask(f"shut {name}")

    async def open(self, name: str) -> None:
        await self._proxy.ask(f"open {name}")

    async def connections(self, name: str) -> int:
        return int(await self._proxy.ask(f"count {name}"))


class SiteOnThreeNodes(TriedSite):
    """Registry and scoring alone, on a NATS cluster of three with three replicas of each stream."""

    def __init__(self, folder: Path) -> None:
        whole = Topology.load(topology_file())
        services = {"registry": ServiceLinks(follows=("scoring",)), "scoring": ServiceLinks(follows=("registry",))}
        streams = whole.streams.model_copy(update={"replicas": 3, "max_bytes": 64 * 1024 * 1024})
        super().__init__(folder, whole.model_copy(update={"services": services, "streams": streams}))
        self.three = ThreeNodes(self.folder, self.nats.users)
        # A site asks of its server no more than this has.
        self.nats: EmbeddedNats = cast(EmbeddedNats, self.three)
