"""A small real HTTP server that answers for registry: service tokens, and people with names and addresses."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import uvicorn
from fastapi import FastAPI, Header, HTTPException

SECRET = "bí mật của các dịch vụ"


@dataclass
class Registry:
    """Who is known, by person id: (name, address or None). ``away`` makes it answer 503."""

    known: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    away: bool = False
    asked: list[list[str]] = field(default_factory=list)
    tokens: int = 0
    url: str = ""

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/tokens")
        async def token(body: dict[str, str]) -> dict[str, str]:
            if self.away:
                raise HTTPException(503)
            if body != {"service": "notify", "secret": SECRET}:
                raise HTTPException(401)
            self.tokens += 1
            expires = datetime.now(timezone.utc) + timedelta(hours=1)
            return {"token": f"token-{self.tokens}", "expires": expires.isoformat()}

        @app.get("/people")
        async def people(ids: str, authorization: str = Header()) -> dict[str, Any]:
            if self.away:
                raise HTTPException(503)
            if authorization != f"Bearer token-{self.tokens}":
                raise HTTPException(401)
            self.asked.append(ids.split(","))
            return {
                "items": [
                    {"id": id, "name": self.known[id][0], "email": self.known[id][1]}
                    for id in ids.split(",")
                    if id in self.known
                ],
                "next": None,
            }

        return app


@asynccontextmanager
async def registry_answers() -> AsyncIterator[Registry]:
    registry = Registry()
    # Listening already: who connects before the server runs waits in the queue.
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(registry.app(), log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    registry.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        yield registry
    finally:
        server.should_exit = True
        await serving
