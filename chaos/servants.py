"""Every copy of every service as somebody who looks after it: what dies is started again, as an init system would."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from thidua.local.folders import free_port
from thidua.local.processes import Child

from chaos.routed import RoutedSite


@dataclass
class Copy:
    """One copy of a service, alive or about to be."""

    name: str
    service: str
    port: int
    child: Child
    starts: int = 1
    held_back: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared while a fault needs the copy down: nobody starts it before it is set again."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def crash_file(self) -> Path:
        return Path(f"{self.child.log}.crash")


class Servants:
    """``async with Servants(site)``: takes over the services of a running site and adds second copies to it."""

    def __init__(self, site: RoutedSite) -> None:
        self.site = site
        self.copies: dict[str, Copy] = {}
        self._watching: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Servants:
        for name in self.site.names:
            self._begin(Copy(name, name, int(self.site.url(name).rpartition(":")[2]), self.site.services[name]))
        return self

    async def add(self, service: str) -> Copy:
        """One more copy, on a port of its own."""
        name, port = f"{service}-2", free_port()
        return self._begin(Copy(name, service, port, await self._start(name, service, port)))

    def _begin(self, copy: Copy) -> Copy:
        copy.held_back.set()
        self.copies[copy.name] = copy
        self._watching[copy.name] = asyncio.create_task(self._look_after(copy))
        return copy

    async def __aexit__(self, *_: object) -> None:
        for watching in self._watching.values():
            watching.cancel()
        await asyncio.gather(*self._watching.values(), return_exceptions=True)
        for copy in self.copies.values():
            with suppress(ProcessLookupError):
                os.kill(copy.child.pid, signal.SIGCONT)
        await asyncio.gather(*(copy.child.stop(patience=3) for copy in self.copies.values()))

    async def _start(self, name: str, service: str, port: int) -> Child:
        log = self.site.folder / f"{name}.log"
        environment = self.site.environment(service) | {"THIDUA_CRASH_FILE": f"{log}.crash"}
        program = [sys.executable, "-m", "chassis.serve", service, "--port", str(port)]
        child = await Child.start(name, program, log=log, env=environment)
        # Whoever stops the site stops this one, too, whatever becomes of us.
        self.site.services[name] = child
        return child

    async def _look_after(self, copy: Copy) -> None:
        while True:
            await copy.child.process.wait()
            await copy.held_back.wait()
            copy.child = await self._start(copy.name, copy.service, copy.port)
            copy.starts += 1

    async def kill(self, copy: Copy) -> int:
        """SIGKILL, and nothing before it; the number of the process that is gone."""
        pid = copy.child.pid
        os.kill(pid, signal.SIGKILL)
        await copy.child.process.wait()
        return pid

    async def back(self, copy: Copy, *, starts: int, within: float = 60) -> None:
        """Wait until the copy answers after having been started more than ``starts`` times."""
        async with asyncio.timeout(within):
            while copy.starts <= starts or not await answers(copy):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)


async def answers(copy: Copy) -> bool:
    """Whether it speaks HTTP; ready it may not be while something else is away."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=2) as http:
            return (await http.get(f"{copy.url}/health/live")).status_code == 200
    except httpx.HTTPError:
        return False
