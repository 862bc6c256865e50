"""A process of ours beside the harness: the client, the proxy; it obeys lines on standard input."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path


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
