"""Tracing as in a running site: spans are made, encoded and sent by OTLP to a receiver in another process."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from chassis.telemetry import setup_tracing


@asynccontextmanager
async def traced(service: str) -> AsyncIterator[str]:
    """This process traces as ``service`` while the block lasts. Yields the receiver's address."""
    receiver = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.tracing", stdout=asyncio.subprocess.PIPE
    )
    assert receiver.stdout is not None
    address = f"http://127.0.0.1:{int(await receiver.stdout.readline())}"
    provider = setup_tracing(service, "vn", address)
    try:
        yield address
    finally:
        await asyncio.to_thread(provider.shutdown)
        setup_tracing(service, "vn", None)
        receiver.terminate()
        await receiver.wait()


class _Taken(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Taken)
    print(server.server_port, flush=True)
    server.serve_forever()
