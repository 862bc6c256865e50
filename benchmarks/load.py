"""A client light enough not to be the bottleneck: sends prepared HTTP requests over a few sockets.

``python -m benchmarks.load``, a process of its own. It reads a file of requests (each a four-byte length and the bytes
of one HTTP/1.1 request), keeps so many connections busy, and prints how long that took.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import struct
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop


def request(method: str, path: str, headers: Mapping[str, str], body: Any) -> bytes:
    """One HTTP/1.1 request on a connection that is kept, ready to be sent."""
    content = json.dumps(body, ensure_ascii=False).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()] + [f"Content-Length: {len(content)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def write(file: Path, requests: list[bytes]) -> None:
    file.write_bytes(b"".join(struct.pack(">I", len(one)) + one for one in requests))


@dataclass(frozen=True, slots=True)
class Answered:
    """``seconds`` from the first request sent to the last answer; ``cpu_seconds`` is what this client itself took."""

    seconds: float
    cpu_seconds: float
    answers: int


def environment() -> dict[str, str]:
    """For processes of a benchmark: this one's, without settings of a service, and with this package to be found."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("THIDUA_")}
    here = str(Path(__file__).parents[1])
    return inherited | {"PYTHONPATH": os.pathsep.join(filter(None, [here, inherited.get("PYTHONPATH")]))}


async def send(file: Path, port: int, in_flight: int) -> Answered:
    """Send a file of requests from a process of its own. Raises RuntimeError unless each was answered with 2xx."""
    program = [sys.executable, "-m", "benchmarks.load", str(file), "--port", str(port), "--in-flight", str(in_flight)]
    process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE, env=environment())
    printed, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{file.name} was not accepted: see above")
    return Answered(**json.loads(printed))


@dataclass
class _Sending:
    waiting: Iterator[bytes]
    busy: int = 0
    answers: int = 0
    wrong: list[str] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the last is answered."""

    def __init__(self, sending: _Sending) -> None:
        self._sending = sending
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def begin(self) -> None:
        following = next(self._sending.waiting, None)
        if following is None:
            self._sending.busy -= 1
            if self._sending.busy == 0:
                self._sending.over.set()
        else:
            self._transport.write(following)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, blank, body = self._buffer.partition(b"\r\n\r\n")
        if not blank or len(body) < int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            return
        self._buffer = b""
        self._sending.answers += 1
        if not head.startswith(b"HTTP/1.1 2"):
            self._sending.wrong.append(f"{head.decode()}\n{body.decode()}")
        self.begin()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._sending.over.is_set():
            self._sending.wrong.append(f"connection lost: {error}")
            self._sending.over.set()


async def _send(requests: list[bytes], port: int, in_flight: int) -> _Sending:
    sending = _Sending(iter(requests), busy=in_flight)
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(lambda: _Connection(sending), "127.0.0.1", port) for _ in range(in_flight)]
    began, cpu = time.perf_counter(), time.process_time()
    for _, connection in opened:
        connection.begin()
    await sending.over.wait()
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    for transport, _ in opened:
        transport.close()
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "answers": sending.answers}))
    return sending


def _read(file: Path) -> list[bytes]:
    raw, at, found = file.read_bytes(), 0, []
    while at < len(raw):
        (length,) = struct.unpack_from(">I", raw, at)
        found.append(raw[at + 4 : at + 4 + length])
        at += 4 + length
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--in-flight", type=int, required=True)
    asked = parser.parse_args()
    sending = uvloop.run(_send(_read(asked.file), asked.port, asked.in_flight))
    if sending.wrong:
        sys.exit(f"{len(sending.wrong)} wrong answers, the first:\n{sending.wrong[0]}\n")


if __name__ == "__main__":
    main()
