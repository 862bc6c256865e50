"""A TCP proxy that can be told to reset connections: ``python -m chaos.proxy <ports folder> <name>=<port> …``.

A process of its own between the services and their servers. Each ``<name>`` is listened for on ``<port>`` and passed on
to the port that the file ``<ports folder>/<name>`` names. Orders are lines on standard input: ``cut <name>`` resets
every connection of that name (RST, no goodbye) and answers ``<n>``, how many; ``shut <name>`` does so and refuses new
ones until ``open <name>``; ``count <name>`` tells how many are open.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from functools import partial
from pathlib import Path
from typing import cast

import uvloop

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on with no time at all: the kernel sends RST instead of FIN."""


class Half(asyncio.Protocol):
    """One side of a connection; what comes in goes out on the other."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.other: asyncio.Transport | None = None
        self.transport: asyncio.Transport | None = None
        self.waiting = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class

    def data_received(self, data: bytes) -> None:
        if self.other is None:
            self.waiting += data
        else:
            self.other.write(data)

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and not self.other.is_closing():
            self.other.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gate.open.discard(self)
        if self.other is not None:
            self.other.close()


class Near(Half):
    """The client's side: connects on to the server."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self.gate.shut:
            self.gate.reset(self)
            return
        self.gate.open.add(self)
        self._connecting = asyncio.ensure_future(self._connect())

    async def _connect(self) -> None:
        assert self.transport is not None
        far = Half(self.gate)
        far.other = self.transport
        try:
            server, _ = await asyncio.get_running_loop().create_connection(lambda: far, "127.0.0.1", self.gate.target)
        except OSError:
            self.transport.abort()
            return
        self.other = server
        server.write(bytes(self.waiting))
        self.waiting.clear()


class Gate:
    """Everything that goes through one listening port."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.open: set[Half] = set()
        self.shut = False

    @property
    def target(self) -> int:
        return int(self._file.read_text())

    def cut(self) -> int:
        doomed = list(self.open)
        for near in doomed:
            self.reset(near)
        return len(doomed)

    @staticmethod
    def reset(near: Half) -> None:
        for transport in (near.transport, near.other):
            if transport is not None:
                held: socket.socket = transport.get_extra_info("socket")
                held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                transport.abort()


async def main() -> None:
    ports, loop = Path(sys.argv[1]), asyncio.get_running_loop()
    gates: dict[str, Gate] = {}
    for said in sys.argv[2:]:
        name, port = said.split("=")
        gate = gates[name] = Gate(ports / name)
        await loop.create_server(partial(Near, gate), "127.0.0.1", int(port), backlog=500)
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    print("ready", flush=True)
    while line := (await orders.readline()).decode().split():
        order, gate = line[0], gates[line[1]]
        if order in ("shut", "open"):
            gate.shut = order == "shut"
        print(gate.cut() if order in ("cut", "shut") else len(gate.open), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
