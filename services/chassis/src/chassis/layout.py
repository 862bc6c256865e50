"""Brings a NATS server to its topology, as ``ops``: ``python -m chassis.layout topology.yaml``.

A job of its own beside the services, because none of them may make a stream. Address and password come from
``THIDUA_NATS_URL`` and ``THIDUA_NATS_PASSWORD``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

import nats

from chassis import subjects
from chassis.topology import OPS, Topology
from chassis.topology_changes import Change, apply, find, plan


async def lay_out(topology: Topology, url: str, password: str) -> list[Change]:
    """Make what the topology names and the server does not have; the changes made, none when all was there.

    Raises ``topology_changes.Impossible`` before anything is touched.
    """
    inbox = subjects.inbox(OPS, topology.inbox_site).encode()
    client = await nats.connect(url, user=OPS, password=password, inbox_prefix=inbox)
    try:
        js = client.jetstream()
        changes = plan(topology, await find(js, topology))
        await apply(js, topology, changes)
    finally:
        await client.close()
    return changes


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the streams and consumers that a topology names.")
    parser.add_argument("topology", type=Path)
    topology = Topology.load(parser.parse_args().topology)
    made = asyncio.run(lay_out(topology, os.environ["THIDUA_NATS_URL"], os.environ["THIDUA_NATS_PASSWORD"]))
    print("\n".join(map(str, made)) or "nothing to change")


if __name__ == "__main__":
    main()
