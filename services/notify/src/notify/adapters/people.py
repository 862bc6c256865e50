"""Asks registry for names and addresses at the moment of sending; nothing of the answer is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import httpx
from chassis.settings import Settings

MOST_AT_ONCE = 100
RENEW_BEFORE = timedelta(minutes=5)


class RegistryAway(Exception):
    """Registry did not answer, or not as expected: nothing is known of the persons asked for."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """How a person is written to."""

    name: str
    email: str | None


@dataclass(slots=True)
class People:
    """Registry's list of people, asked with a service token that is renewed before it ends."""

    url: str
    secret: str
    service: str
    client: httpx.AsyncClient
    _token: str = ""
    _until: datetime = field(default=datetime.min.replace(tzinfo=timezone.utc))

    async def addresses(self, ids: Iterable[str]) -> dict[str, Addressee]:
        """Who they are, by person id; ids that registry does not know are missing. Raises RegistryAway."""
        wanted = sorted(set(ids))
        found: dict[str, Addressee] = {}
        try:
            for start in range(0, len(wanted), MOST_AT_ONCE):
                found |= await self._page(wanted[start : start + MOST_AT_ONCE])
        except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            raise RegistryAway(f"registry: {type(error).__name__} {error}") from error
        return found

    async def _page(self, ids: list[str]) -> dict[str, Addressee]:
        answer = await self.client.get(
            f"{self.url}/people",
            params={"ids": ",".join(ids), "limit": MOST_AT_ONCE},
            headers={"Authorization": f"Bearer {await self._valid_token()}"},
        )
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._token = ""
        answer.raise_for_status()
        return {one["id"]: Addressee(one["name"] or one["id"], one.get("email")) for one in answer.json()["items"]}

    async def _valid_token(self) -> str:
        # Real time, also in a demo: tokens live by it.
        if not self._token or datetime.now(timezone.utc) >= self._until - RENEW_BEFORE:
            answer = await self.client.post(f"{self.url}/tokens", json={"service": self.service, "secret": self.secret})
            answer.raise_for_status()
            given = answer.json()
            self._token, self._until = given["token"], datetime.fromisoformat(given["expires"])
        return self._token


def people_of(settings: Settings, service: str) -> People:
    """The list of people that the settings name."""
    client = httpx.AsyncClient(timeout=10, trust_env=False)
    return People(settings.registry_url.rstrip("/"), settings.service_secret, service, client)
