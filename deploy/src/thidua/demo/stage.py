"""What every chapter of the demo year plays on: the services, the clock, the cast, and what has been shown so far."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from typing import Any, Protocol

import yaml
from thidua.demo.api import Api, Person
from thidua.settled import Settled

ADMINISTRATOR = "quan-tri"
OPERATOR = "van-hanh"
YEAR = "nam-2024"
NEXT_YEAR = "nam-2025"
CLUSTER = "cum-bien-gioi-phia-bac"
BLOC = "khoi-huyen-nganh-cao-bang"
TLD = "tld"
LEAD = "ldld-cao-bang"
DEPUTY = "ldld-lao-cai"


def data(name: str) -> Any:
    """A data file of the demo."""
    return yaml.safe_load((files("thidua.demo") / "data" / name).read_text(encoding="utf-8"))


class Time(Protocol):
    """The clock as chapters see it: the demo's, which they move, or the wall's, which only rests."""

    @property
    def now(self) -> datetime: ...

    async def rest(self) -> Settled: ...

    async def to(self, instant: datetime) -> Settled: ...

    async def later(self, **span: float) -> Settled: ...


@dataclass
class Stage:
    """The demo in progress. ``say`` prints one line of progress under the current chapter."""

    api: Api
    time: Time
    say: Callable[[str], None]
    world: dict[str, Any] = field(default_factory=lambda: data("world.yaml"))
    kept: dict[str, Any] = field(default_factory=dict)
    """Ids that a later chapter or the final screen needs, by name."""

    def by(self, login: str, *, acting_as: str | None = None) -> Person:
        """Somebody at work; the account was opened with the world."""
        return self.api.by(login, acting_as=acting_as)

    def password_for(self, login: str) -> str:
        return self.api.passwords.setdefault(login, secrets.token_urlsafe(16))

    def members(self, cluster: str) -> list[str]:
        return next(one["members"] for one in self.world["clusters"] if one["id"] == cluster)

    def parent(self, unit: str) -> str | None:
        """The unit above, when it is one of the body's own departments; other units register for themselves."""
        found = next(one for one in self.world["units"] if one["id"] == unit)
        return found["parent"] if found["kind"] == "department" else None

    @property
    def council(self) -> set[str]:
        """Persons who only sit in a council and are not proposed for anything."""
        return {one["id"] for one in self.world["people"] if one["id"].startswith("hd-")}

    def officer(self, unit: str) -> str:
        """The login of the officer who files for a unit."""
        return self._holder("officer", unit)

    def leader(self, unit: str) -> str:
        return self._holder("leader", unit)

    def name(self, unit: str) -> str:
        return next((one["name"] for one in self.world["units"] if one["id"] == unit), unit)

    def short(self, unit: str) -> str:
        """The place alone, for narrow columns: *Cao Bằng* of *Liên đoàn Lao động tỉnh Cao Bằng*."""
        name = self.name(unit)
        for lead in ("Liên đoàn Lao động tỉnh ", "Liên đoàn Lao động huyện ", "Liên đoàn Lao động "):
            name = name.removeprefix(lead)
        return name

    def _holder(self, role: str, unit: str) -> str:
        return next(one["id"] for one in self.world["people"] if [role, unit] in one["roles"])


def paper(number: str, date: str, issuer: str | None = None, **more: str) -> dict[str, str]:
    """A numbered paper as every act may carry it."""
    return {"number": number, "date": date, **({"issuer": issuer} if issuer else {}), **more}


def on_paper(whose: str, made: datetime, received: datetime, number: str, means: str = "paper") -> dict[str, Any]:
    """The act of somebody who types in what reached them on paper (or by telephone)."""
    act: dict[str, Any] = {
        "whose": whose,
        "means": means,
        "made": made.isoformat(),
        "received": received.isoformat(),
    }
    if means == "paper":
        act["paper"] = paper(number, made.date().isoformat())
    return act
