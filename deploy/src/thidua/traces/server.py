"""Runs the receiver from a thread (the demo player's); ``python -m thidua.traces`` runs it as a process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from thidua.traces.app import create_app
from thidua.traces.store import Store

HOST = "127.0.0.1"
STOP_SECONDS = 5.0


def listen(port: int = 0, host: str = HOST) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError when the port is taken."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(128)
    except OSError:
        bound.close()
        raise
    return bound


def server_of(store: Store) -> uvicorn.Server:
    config = uvicorn.Config(
        create_app(store), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2
    )
    return uvicorn.Server(config)


@contextmanager
def running(store: Store, port: int = 0, host: str = HOST) -> Iterator[str]:
    """Serve ``store`` from a thread while the block runs; gives the base URL, also the OTLP endpoint.

    The socket listens before the block begins, so the first batch of spans waits rather than fails.
    """
    with listen(port, host) as bound:
        server = server_of(store)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, name="traces", daemon=True)
        thread.start()
        try:
            yield f"http://{host}:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(STOP_SECONDS)
