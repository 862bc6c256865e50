"""A process that stands in line for a lease and writes a line each time that it has it: ``lease_holder DSN NAME``."""

from __future__ import annotations

import asyncio
import sys

from chassis.lease import run_under_lease


async def work() -> None:
    print(f"{sys.argv[2]} holds", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print(f"{sys.argv[2]} lost", flush=True)


if __name__ == "__main__":
    asyncio.run(run_under_lease(sys.argv[1], 71002, work))
