"""A site whose services reach NATS and PostgreSQL through a proxy that can cut them off, and may die where told."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from thidua.local.folders import free_port, kept_secret
from thidua.local.nats import User
from thidua.local.site import Site

SETTINGS = {"beacon_seconds": 1, "gap_seconds": 1, "log_format": "json"}
"""Beacons each second instead of every fifteen: faults come every few seconds here, not every few months."""


COPIES = {"registry": 2, "scoring": 2}
"""Services of which a second copy stands in line for the lease."""
ROOT = "root"
"""A NATS user of this harness alone: no user of a site may delete a stream."""


class Helper:
    """A process of ours that obeys lines on standard input and answers each with a line; it ends with its input."""

    def __init__(self, *program: str) -> None:
        self._program = program
        self._process: asyncio.subprocess.Process | None = None
        self._one_at_a_time = asyncio.Lock()

    async def start(self, log: Path) -> str:
        """The first line that it says."""
        with log.open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                *self._program,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                limit=16 * 1024 * 1024,
            )
        return await self._line()

    async def _line(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._program[0]} has ended by itself")
        return line.decode().strip()

    async def ask(self, order: str) -> str:
        async with self._one_at_a_time:
            assert self._process is not None
            assert self._process.stdin is not None
            self._process.stdin.write(order.encode() + b"\n")
            await self._process.stdin.drain()
            return await self._line()

    async def stop(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 5)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


class RoutedSite(Site):
    """The product's own site; only the addresses that its services are told differ."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, settings=SETTINGS, copies=COPIES)
        self.nats.users[ROOT] = User(kept_secret(self.folder, "nats-root"))
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
        return environment | {"THIDUA_CRASH_FILE": str(self.crash_file(service))}

    async def _start_traces(self) -> None:
        """No trace receiver: it would take a tenth of the machine from what is tried here."""

    def crash_file(self, service: str) -> Path:
        """Where a fault writes the label at which a copy of the service is to die."""
        return self.folder / f"{service}.crash"

    async def cut(self, name: str) -> int:
        """Reset every connection to ``nats`` or ``postgres``; how many there were."""
        return int(await self._proxy.ask(f"cut {name}"))

    async def connections(self, name: str) -> int:
        return int(await self._proxy.ask(f"count {name}"))


def services_of(site: Site) -> dict[str, Sequence[str]]:
    """Who follows whom."""
    return {name: links.follows for name, links in site.topology.services.items()}
