"""The registry as one real process on its own durable PostgreSQL, without NATS; and clients that never give up."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from chassis import head_file
from thidua.local.databases import Database
from thidua.local.folders import free_port, kept_secret
from thidua.local.postgres import EmbeddedPostgres
from thidua.local.processes import Child
from thidua.local.site import key_files

FIRST_PERSON = "quan-tri"
AGAIN = ("still-running", "busy", "database-unavailable", "outcome-unknown", "not-ready", "log-not-opened")
"""What a service may answer while its database comes and goes: sent again with the same key."""


class RegistryAlone:
    """``async with``: a server with fsync and one copy of the registry, both of which can be killed and started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres = EmbeddedPostgres(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database: Database
        self.child: Child

    async def __aenter__(self) -> RegistryAlone:
        await self.postgres.start()
        self.database = await self.postgres.ensure_service("registry")
        head_file.begin(self.folder / "head.json", "vn.registry")
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.child.stop()
        await self.postgres.stop()

    @property
    def password(self) -> str:
        return kept_secret(self.folder, "bootstrap")

    async def start(self) -> None:
        """Starts the process and waits until all is well but NATS, which there is none of."""
        program = [sys.executable, "-m", "chassis.serve", "registry", "--port", str(self.port)]
        log = self.folder / "registry.log"
        self.child = await Child.start("registry", program, log=log, env=self._environment())
        await self.child.ready(self._answers, within=60)

    async def kill(self) -> None:
        """SIGKILL, and nothing before it."""
        os.kill(self.child.pid, signal.SIGKILL)
        await self.child.process.wait()

    async def kill_postgres(self) -> None:
        """SIGKILL to the server and every backend at once, as a machine that loses power would; then start it again."""
        server = psutil.Process(self.postgres.child.pid)
        doomed = [server, *server.children(recursive=True)]
        for process in doomed:
            process.kill()
        await asyncio.to_thread(psutil.wait_procs, doomed[1:], 10)
        await self.postgres.child.process.wait()
        await self.postgres.start()

    async def _answers(self) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
                wrong = (await http.get(f"{self.url}/health/ready")).json()["wrong"]
                return not {"gate", "start", "database"} & wrong.keys()
        except httpx.HTTPError:
            return False

    def _environment(self) -> dict[str, str]:
        private, public = key_files(self.folder)
        settings = {
            "database_url": self.database.url,
            "nats_url": f"nats://127.0.0.1:{free_port()}",
            "token_public_key": public,
            "token_private_key": private,
            "bootstrap_password": self.password,
            "head_file": self.folder / "head.json",
            "gate_seconds": 0.2,
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("THIDUA_")}
        return inherited | {f"THIDUA_{name.upper()}": str(value) for name, value in settings.items()}


@dataclass
class Insistent:
    """Clients that send one unit after the other, each until it is accepted, and keep every receipt by its key."""

    url: str
    password: str
    accepted: dict[str, dict[str, Any]] = field(default_factory=dict)
    unanswered: int = 0
    """Requests whose answer never came: nobody knows whether they were done."""
    done_already: int = 0
    """Commands that were found done when they were sent again."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _accepted_one: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, writer: int) -> None:
        """Send until asked to stop; the last command is accepted before this returns."""
        async with httpx.AsyncClient(base_url=self.url, timeout=10, trust_env=False) as http:
            token = await self._token(http)
            nr = 0
            while not self.stopping.is_set():
                nr += 1
                key = f"don-vi-{writer}-{nr:05}"
                headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
                answer = await self._until_accepted(http, "/units", headers, unit(key))
                self.done_already += answer.headers.get("idempotency-replayed") == "true"
                self.accepted[key] = answer.json()["receipt"]
                self._accepted_one.set()

    async def one_more(self) -> None:
        """Wait until a command is accepted that was not before."""
        self._accepted_one.clear()
        await asyncio.wait_for(self._accepted_one.wait(), 30)

    async def _token(self, http: httpx.AsyncClient) -> str:
        login = {"login": FIRST_PERSON, "password": self.password}
        token: str = (await self._until_accepted(http, "/tokens", {}, login)).json()["token"]
        return token

    async def _until_accepted(
        self, http: httpx.AsyncClient, path: str, headers: dict[str, str], body: dict[str, Any]
    ) -> httpx.Response:
        while True:
            try:
                answer = await http.post(path, json=body, headers=headers)
            except httpx.ConnectError:
                pass  # nothing was sent
            except httpx.TransportError:
                self.unanswered += 1
            else:
                if answer.is_success:
                    return answer
                if answer.json()["type"].rpartition(":")[2] not in AGAIN:
                    raise AssertionError(f"{path} {body} → {answer.status_code} {answer.text}")
            await asyncio.sleep(0.02)


def unit(key: str) -> dict[str, Any]:
    """A grassroots union to be entered; id and code follow from the key, so that a second one would be refused."""
    return {
        "id": key,
        "code": key.upper(),
        "name": f"Công đoàn cơ sở {key}",
        "level": "grassroots",
        "kind": "grassroots-union",
        "parent_id": "tld",
        "effective": "2020-01-01",
        "source": "Danh mục đơn vị",
    }
