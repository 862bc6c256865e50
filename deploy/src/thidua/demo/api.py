"""The player's hands: the public HTTP APIs, with the token of the person whose turn it is, and nothing else."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
from thidua.local.addresses import Addresses

PATIENCE = 10
"""How often a write that a service could not take for the moment is sent again."""
REFRESH_SECONDS = 2400
"""Tokens live an hour at most; the player fetches a new one well before."""


class Surprise(Exception):
    """A service answered otherwise than the year expects; the text shows the call and the problem."""


@dataclass
class Api:
    """All services of a running site."""

    addresses: Addresses
    passwords: dict[str, str] = field(default_factory=dict)
    """Password of each login; logins are person ids."""
    calls: int = 0
    refusals: list[dict[str, Any]] = field(default_factory=list)
    """Problems that were expected and came, in order: shown at the end."""
    receipts: list[dict[str, Any]] = field(default_factory=list)
    """Every receipt that was given: the invariants look each of them up at the end."""
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    _clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    async def __aenter__(self) -> Api:
        self._clients = {
            name: httpx.AsyncClient(base_url=url, timeout=60, trust_env=False)
            for name, url in self.addresses.services.items()
        }
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(client.aclose() for client in self._clients.values()))

    def by(self, login: str, *, acting_as: str | None = None) -> Person:
        """Somebody at work: every call carries their token."""
        return Person(self, login, acting_as)

    async def states(self, login: str) -> dict[str, dict[str, Any]]:
        """``/ops/state`` of every service, asked by one who may operate."""
        person = self.by(login)
        read = await asyncio.gather(*(person.get(name, "/ops/state") for name in self._clients))
        return dict(zip(self._clients, read, strict=True))

    async def token(self, login: str) -> str:
        found, fetched = self._tokens.get(login, ("", 0.0))
        if not found or time.monotonic() - fetched > REFRESH_SECONDS:
            answer = await self._clients["registry"].post(
                "/tokens", json={"login": login, "password": self.passwords[login]}
            )
            if answer.status_code >= 400:
                raise Surprise(_told("POST", "registry", "/tokens", answer))
            found = answer.json()["token"]
            self._tokens[login] = (found, time.monotonic())
        return found

    async def request(self, service: str, method: str, path: str, **options: Any) -> httpx.Response:
        self.calls += 1
        try:
            return await self._clients[service].request(method, path, **options)
        except httpx.RemoteProtocolError:
            # The server closed an idle connection just as it was used again: once more, with the same key.
            return await self._clients[service].request(method, path, **options)


@dataclass
class Person:
    """One login's way of speaking to the services."""

    api: Api
    login: str
    acting_as: str | None = None

    async def get(self, service: str, path: str, **query: Any) -> Any:
        """JSON of a read; Surprise when it is refused."""
        return (await self._get(service, path, **query)).json()

    async def etag(self, service: str, path: str) -> str:
        """The version of a resource as last read."""
        return (await self._get(service, path)).headers["etag"]

    async def text(self, service: str, path: str) -> str:
        """The body of a read that is not JSON."""
        return (await self._get(service, path)).text

    async def all(self, service: str, path: str, **query: Any) -> list[Any]:
        """Every item of a paged list."""
        items: list[Any] = []
        while True:
            page = await self.get(service, path, **query)
            items += page["items"]
            if not page.get("next"):
                return items
            query["cursor"] = page["next"]

    async def post(
        self, service: str, path: str, body: dict[str, Any] | None = None, *, refused: str | None = None, etag: str = ""
    ) -> dict[str, Any]:
        """A write. ``refused`` names the rule that must refuse it; then the problem is returned and remembered."""
        return await self._write("POST", service, path, body, refused, etag)

    async def put(self, service: str, path: str, body: dict[str, Any], *, etag: str = "") -> dict[str, Any]:
        return await self._write("PUT", service, path, body, None, etag)

    async def change(
        self,
        service: str,
        resource: str,
        verb: str,
        body: dict[str, Any] | None = None,
        *,
        refused: str | None = None,
    ) -> dict[str, Any]:
        """Change what exists: read it, then POST to ``<resource>/<verb>`` with its ETag as If-Match."""
        read = await self._get(service, resource)
        return await self.post(service, f"{resource}/{verb}", body, refused=refused, etag=read.headers["etag"])

    async def _get(self, service: str, path: str, **query: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {await self.api.token(self.login)}"}
        answer = await self.api.request(service, "GET", path, params=query, headers=headers)
        if answer.status_code >= 400:
            raise Surprise(_told("GET", service, path, answer, self.login))
        return answer

    async def _write(
        self, method: str, service: str, path: str, body: dict[str, Any] | None, refused: str | None, etag: str
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {await self.api.token(self.login)}", "Idempotency-Key": str(uuid.uuid4())}
        if etag:
            headers["If-Match"] = etag
        body = dict(body or {})
        if self.acting_as:
            body["act"] = {**body.get("act", {}), "acting_as": self.acting_as}
        answer = await self.api.request(service, method, path, json=body, headers=headers)
        for _ in range(PATIENCE):
            if answer.status_code != 503:
                break
            # As the answer asks: later, word for word, under the same key.
            await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))
            answer = await self.api.request(service, method, path, json=body, headers=headers)
        told: dict[str, Any] = answer.json()
        if refused is not None:
            if answer.status_code < 400 or told.get("type") != f"urn:thidua:problem:{refused}":
                raise Surprise(f"expected {refused}: {_told(method, service, path, answer, self.login)}")
            self.api.refusals.append({**told, "who": self.login, "what": f"{method} {service}{path}"})
            return told
        if answer.status_code >= 400:
            raise Surprise(
                _told(method, service, path, answer, self.login) + f"\n{json.dumps(body, ensure_ascii=False)}"
            )
        if "receipt" in told:
            self.api.receipts.append(told["receipt"])
        return told


def _told(method: str, service: str, path: str, answer: httpx.Response, login: str = "") -> str:
    return f"{method} {service}{path} by {login or '?'} → {answer.status_code}\n{answer.text}"
