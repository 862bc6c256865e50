"""People at the routes and at the command of services that run in the process of the test."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import uvicorn
from chassis import auth
from chassis.ids import new_id
from chassis.runtime import Runtime
from contracts.refusal import Refused
from thidua.cli.main import app
from thidua.cli.session import console
from thidua.local.addresses import Addresses

from tests.chassis.delivery import PRIVATE

OPERATOR, OUTSIDER = "ky-thuat", "nguoi-la"


class Said(NamedTuple):
    """What a command printed and how it ended."""

    code: int
    text: str


@dataclass
class Hands:
    """People at the routes and at the command of services that run in this process."""

    urls: dict[str, str]
    http: httpx.AsyncClient

    async def ask(
        self, service: str, method: str, path: str, body: dict[str, Any] | None = None, by: str = OPERATOR
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token(by)}", "Idempotency-Key": new_id()}
        return await self.http.request(method, self.urls[service] + path, json=body, headers=headers)

    async def told(self, service: str, path: str) -> Any:
        answer = await self.ask(service, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(self, service: str, method: str, path: str, body: dict[str, Any] | None = None) -> str:
        """The name of the refusal that the operator gets; it says which rule and what to do."""
        answer = await self.ask(service, method, path, body)
        assert answer.status_code >= 400, answer.text
        told = answer.json()
        assert told["rule"]
        assert told["todo"]
        return str(told["type"]).rpartition(":")[2]

    async def thidua(self, *arguments: str) -> Said:
        """The operator's command, in a thread: it asks the services of this process."""

        def run() -> Said:
            with console.capture() as printed:
                code = app(list(arguments), standalone_mode=False)
            return Said(code or 0, printed.get())

        return await asyncio.to_thread(run)


def token(person: str) -> str:
    return auth.issue(f"person:{person}", site="vn", private_key=PRIVATE)[0]


async def only_operator(asking: Any) -> None:
    if asking.person != OPERATOR:
        raise Refused("not-entitled", role=["operations"], unit="*")


@asynccontextmanager
async def serving(data: Path, *services: Runtime) -> AsyncIterator[Hands]:
    """Services at work here answer over HTTP, too, and the command knows where."""
    async with AsyncExitStack() as stack:
        urls = {running.service.name: await stack.enter_async_context(_listening(running)) for running in services}
        Addresses("vn", urls, nats="", smtp="", traces="", demo=False).write(data)
        yield Hands(urls, await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=20)))


@asynccontextmanager
async def _listening(running: Runtime) -> AsyncIterator[str]:
    running.service.may_operate = running.service.may_operate or only_operator
    asgi = running.service.app(running.settings)
    asgi.state.runtime = running
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(asgi, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
