"""Runs one copy of a service: ``python -m chassis.serve registry --port 8001``. Settings come from the environment.

With ``--shared-port`` it listens on a second port, too, which all copies of the service share: the kernel deals out
new connections among those that listen, and one that dies is out at once.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from chassis import crash_points
from chassis.logs import setup_logs
from chassis.settings import Settings


def main() -> None:
    parser = argparse.ArgumentParser(description="Run one copy of a service until SIGTERM or SIGINT.")
    parser.add_argument("service", help="registry, scoring, awards or notify")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--shared-port", type=int, help="a port that all copies of the service listen on")
    chosen = parser.parse_args()
    settings = Settings()  # type: ignore[call-arg]
    setup_logs(chosen.service, settings.site, form="console" if settings.log_format == "console" else "json")
    if settings.crash_file:
        crash_points.obey(Path(settings.crash_file))
    with _the_collector_spared():
        app = importlib.import_module(f"{chosen.service}.main").app
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=10, access_log=False)
    ports = [(chosen.port, False)] + ([(chosen.shared_port, True)] if chosen.shared_port else [])
    uvicorn.Server(config).run(sockets=[_listening(chosen.host, *port) for port in ports])


@contextmanager
def _the_collector_spared() -> Iterator[None]:
    """What is imported stays as long as the process: no use looking through it for garbage, now or later."""
    gc.disable()
    yield
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


def _listening(host: str, port: int, shared: bool) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((host, port))
    return listening


if __name__ == "__main__":
    main()
