"""Child processes of the local runner: started with a log each, watched, and never left behind."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thidua.local.folders import Account

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class ChildDied(Exception):
    """A process ended that should be running; the text names it and shows the end of its log."""


class NotReady(Exception):
    """A process runs but did not become ready in time; the text names it and shows the end of its log."""


@dataclass
class Child:
    """One running process and its log file."""

    name: str
    process: asyncio.subprocess.Process
    log: Path

    @classmethod
    async def start(
        cls,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        account: Account | None = None,
        orphaned: signal.Signals = signal.SIGTERM,
    ) -> Child:
        """Starts the command in a session of its own; it gets `orphaned` if this process dies (Linux)."""
        demoted: dict[str, Any] = {}
        if account is not None:
            demoted = {"user": account.uid, "group": account.gid, "extra_groups": []}
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *map(str, command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(env) if env is not None else None,
                cwd="/",
                # Ctrl-C reaches us alone: we then stop the children in the right order.
                start_new_session=True,
                preexec_fn=_die_with(os.getpid(), orphaned),
                **demoted,
            )
        return cls(name, process, log)

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    @property
    def pid(self) -> int:
        return self.process.pid

    def last_lines(self, count: int = 20) -> str:
        """The end of the log; of structured lines the message alone, so that a traceback stands in lines again."""
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 65_536))
            text = file.read().decode("utf-8", errors="replace")
        readable = "\n".join(_message(line) for line in text.splitlines())
        return "\n".join(readable.splitlines()[-count:])

    def died(self) -> ChildDied:
        """What to raise when this process has ended by itself."""
        code = self.process.returncode
        how = f"killed by {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"
        return ChildDied(f"{self.name} ended by itself ({how}). Its log {self.log} ends with:\n{self.last_lines()}")

    async def ready(self, probe: Callable[[], Awaitable[bool]], *, within: float = 30.0, every: float = 0.05) -> None:
        """Waits until `probe` says yes; raises ChildDied or NotReady (`within` and `every` in seconds)."""
        deadline = asyncio.get_running_loop().time() + within
        while not await probe():
            if not self.alive:
                raise self.died()
            if asyncio.get_running_loop().time() > deadline:
                raise NotReady(
                    f"{self.name} was not ready within {within:g} s. Its log {self.log} ends with:\n{self.last_lines()}"
                )
            await asyncio.sleep(every)

    async def stop(
        self,
        politely: signal.Signals = signal.SIGTERM,
        *,
        patience: float = 10.0,
        firmly: signal.Signals = signal.SIGKILL,
    ) -> None:
        """Asks the process to end; after `patience` seconds its whole group gets `firmly`."""
        if self.alive:
            self._signal(politely)
            try:
                await asyncio.wait_for(self.process.wait(), patience)
            except TimeoutError:
                self._signal_group(firmly)
                await self.process.wait()
        # What the process itself started (a process pool) shares its group and must not outlive it.
        self._signal_group(signal.SIGKILL)
        await self._group_gone()

    async def _group_gone(self, within: float = 2.0) -> None:
        """Bounded: where process 1 reaps nobody, a dead grandchild keeps the group's number for ever."""
        deadline = asyncio.get_running_loop().time() + within
        while self._signal_group(0):
            if asyncio.get_running_loop().time() > deadline:
                return
            await asyncio.sleep(0.01)

    def _signal(self, number: signal.Signals) -> None:
        try:
            self.process.send_signal(number)
        except ProcessLookupError:
            return

    def _signal_group(self, number: int) -> bool:
        """Whether there was anyone to signal."""
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True


def _message(line: str) -> str:
    try:
        return str(json.loads(line)["message"])
    except (ValueError, KeyError, TypeError):
        return line


def _die_with(parent: int, number: signal.Signals) -> Callable[[], None] | None:
    """What the child runs before exec, so that the kernel signals it when its parent dies in whatever way."""
    if _libc is None:
        return None
    prctl = _libc.prctl

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the kernel was asked
            os._exit(1)

    return ask_kernel


async def stop_all(children: Sequence[Child]) -> None:
    """Stops the children in reverse order of their start."""
    for child in reversed(children):
        await child.stop()


async def first_death(children: Sequence[Child]) -> ChildDied:
    """Waits until one of the children ends by itself and says which."""
    waits = [asyncio.ensure_future(child.process.wait()) for child in children]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return next(child for child in children if not child.alive).died()
