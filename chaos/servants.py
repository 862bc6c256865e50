"""Every copy of every service as somebody who looks after it: what dies is started again, as an init system would."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
import psutil
from thidua.local.processes import Child

from chaos.routed import TriedSite


@dataclass
class Copy:
    """One copy of a service, alive or about to be; ``program`` is how it was started and will be again."""

    name: str
    service: str
    program: list[str]
    child: Child
    starts: int = 1
    held_back: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared while a fault needs the copy down: nobody starts it before it is set again."""

    @property
    def url(self) -> str:
        """Of this copy alone, whatever address it shares."""
        return f"http://127.0.0.1:{self.program[self.program.index('--port') + 1]}"


class Servants:
    """``async with Servants(site)``: takes over the services of a running site, every copy of them."""

    def __init__(self, site: TriedSite) -> None:
        self.site = site
        self.copies: dict[str, Copy] = {}
        self._watching: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Servants:
        for name, child in self.site.services.items():
            copy = Copy(name, name.partition("-")[0], psutil.Process(child.pid).cmdline(), child)
            copy.held_back.set()
            self.copies[name] = copy
            self._watching[name] = asyncio.create_task(self._look_after(copy))
        return self

    def of(self, service: str) -> list[Copy]:
        """Every copy of a service."""
        return [copy for copy in self.copies.values() if copy.service == service]

    async def __aexit__(self, *_: object) -> None:
        for watching in self._watching.values():
            watching.cancel()
        await asyncio.gather(*self._watching.values(), return_exceptions=True)
        for copy in self.copies.values():
            with suppress(ProcessLookupError):
                os.kill(copy.child.pid, signal.SIGCONT)
        await asyncio.gather(*(copy.child.stop(patience=3) for copy in self.copies.values()))

    async def _look_after(self, copy: Copy) -> None:
        while True:
            await copy.child.process.wait()
            await copy.held_back.wait()
            environment = self.site.environment(copy.service)
            copy.child = await Child.start(copy.name, copy.program, log=copy.child.log, env=environment)
            # Whoever stops the site stops this one, too, whatever becomes of us.
            self.site.services[copy.name] = copy.child
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
