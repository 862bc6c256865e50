"""A NATS cluster of three nodes in the place of a site's one server; any of them can be killed and started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path

import httpx
from thidua.local.folders import free_port, open_folder, write_private
from thidua.local.nats import User, configuration, program
from thidua.local.processes import Child

NODES = 3


class Node:
    """One server of the cluster."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = open_folder(folder)
        self.name = name
        self.port, self.monitoring, self.route = free_port(), free_port(), free_port()
        self.child: Child | None = None

    async def start(self, users: Mapping[str, User], routes: list[int]) -> None:
        """Started, not yet waited for: a node alone is not healthy before it has met another."""
        text = configuration(
            users,
            store=str(self.folder / "jetstream"),
            name=self.name,
            port=self.port,
            monitoring=self.monitoring,
        )
        known = json.dumps([f"nats://127.0.0.1:{port}" for port in routes])
        text += f'cluster {{\n  name: "thidua"\n  listen: "127.0.0.1:{self.route}"\n  routes: {known}\n}}\n'
        write_private(self.folder / "nats.conf", text)
        command = [program(), "-c", self.folder / "nats.conf"]
        self.child = await Child.start(self.name, command, log=self.folder / "nats.log", env={"GOMAXPROCS": "1"})

    async def healthy(self) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=2) as http:
                return (await http.get(f"http://127.0.0.1:{self.monitoring}/healthz")).status_code == 200
        except httpx.HTTPError:
            return False

    async def kill(self) -> None:
        assert self.child is not None
        os.kill(self.child.pid, signal.SIGKILL)
        await self.child.process.wait()


class ThreeNodes:
    """What a site asks of its NATS server, answered by three."""

    def __init__(self, folder: Path, users: Mapping[str, User]) -> None:
        self.users = dict(users)
        self.nodes = [Node(folder / f"node-{nr}", f"node-{nr}") for nr in range(1, NODES + 1)]

    @property
    def port(self) -> int:
        return self.nodes[0].port

    @property
    def url(self) -> str:
        """The first node's; it tells of the others."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def child(self) -> Child:
        child = self.nodes[0].child
        if child is None:
            raise RuntimeError("the cluster has not been started")
        return child

    async def start(self) -> None:
        for node in self.nodes:
            await self.start_node(node)
        await self.all_healthy()

    async def start_node(self, node: Node) -> None:
        await node.start(self.users, [other.route for other in self.nodes if other is not node])

    async def all_healthy(self, within: float = 60) -> None:
        async with asyncio.timeout(within):
            for node in self.nodes:
                assert node.child is not None
                await node.child.ready(node.healthy, within=within)

    async def stop(self) -> None:
        await asyncio.gather(*(node.child.stop(signal.SIGTERM) for node in self.nodes if node.child is not None))
