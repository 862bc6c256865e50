"""``python -m thidua.traces``: the receiver as a process; keeps its traces in a file from stop to start."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from thidua.traces.server import HOST, listen, server_of
from thidua.traces.store import Store


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m thidua.traces", description=__doc__)
    arguments.add_argument("--host", default=HOST)
    arguments.add_argument("--port", type=int, default=4318, help="4318 is the usual port of OTLP/HTTP; 0 takes any")
    arguments.add_argument("--file", type=Path, help="read at start, written at stop (JSONL, gzip)")
    asked = arguments.parse_args()
    store = Store()
    if asked.file and asked.file.exists():
        try:
            store.load(asked.file)
        except (OSError, EOFError, ValueError) as error:
            # Traces are a convenience: a torn file must not keep the rest of the system from starting.
            print(f"traces: {asked.file} is not read: {error}", file=sys.stderr)
    server = server_of(store)

    def stop(*_: object) -> None:
        server.should_exit = True

    # uvicorn stops on these signals and then raises them again: they must not end us before the file is written.
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    with listen(asked.port, asked.host) as bound:
        print(f"traces: http://{asked.host}:{bound.getsockname()[1]}/traces", flush=True)
        server.run(sockets=[bound])
    if asked.file:
        store.dump(asked.file)


if __name__ == "__main__":
    main()
