"""A line between a client and a server of this machine that a test can cut: nothing passes, and nobody is told."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType


class Line:
    """``async with Line(port) as line``: connections to ``line.port`` reach ``port`` until ``cut()``; ``mend()``
    lets new ones pass again. What was cut stays silent, as behind a dead router: no reset, no end."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._whole = asyncio.Event()
        self._whole.set()
        self._passing: set[asyncio.Task[None]] = set()
        self._ends: list[asyncio.StreamWriter] = []
        """Kept, so that none is closed by being forgotten: that would tell the client."""
        self.port = 0

    async def __aenter__(self) -> Line:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for end in self._ends:
            end.close()
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    def cut(self) -> None:
        self._whole.clear()
        for task in self._passing:
            task.cancel()

    def mend(self) -> None:
        self._whole.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole.is_set():
            self._ends.append(writer)
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._ends += [writer, back]
        for source, sink in ((reader, back), (there, writer)):
            task = asyncio.ensure_future(_pass_on(source, sink))
            self._passing.add(task)
            task.add_done_callback(self._passing.discard)


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while some := await source.read(65536):
            sink.write(some)
            await sink.drain()
        sink.close()
