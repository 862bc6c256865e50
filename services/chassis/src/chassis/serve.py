"""Runs one copy of a service: ``python -m chassis.serve registry --port 8001``. Settings come from the environment."""

from __future__ import annotations

import argparse
import importlib

import uvicorn

from chassis.logs import setup_logs
from chassis.settings import Settings


def main() -> None:
    parser = argparse.ArgumentParser(description="Run one copy of a service until SIGTERM or SIGINT.")
    parser.add_argument("service", help="registry, scoring, awards or notify")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    settings = Settings()  # type: ignore[call-arg]
    setup_logs(chosen.service, settings.site, form="console" if settings.log_format == "console" else "json")
    app = importlib.import_module(f"{chosen.service}.main").app
    uvicorn.run(
        app,
        host=chosen.host,
        port=chosen.port,
        log_config=None,
        timeout_graceful_shutdown=10,
        access_log=False,
    )


if __name__ == "__main__":
    main()
