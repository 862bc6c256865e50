"""The steady load on one site as the harness sees it: the client process, how much it was answered, hold and go."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from chaos.helper import Helper


class Load:
    """``async with Load(folder, services, passwords, writers)``: sends from the first ``go`` on."""

    def __init__(
        self, folder: Path, services: Mapping[str, str], passwords: Mapping[str, str], writers: Iterable[str]
    ) -> None:
        self.accepted = 0
        self._folder = folder
        self._told = {"services": dict(services), "passwords": dict(passwords), "writers": list(writers)}
        self._client = Helper("chaos.client", str(folder))

    async def __aenter__(self) -> Load:
        (self._folder / "client.json").write_text(json.dumps(self._told), encoding="utf-8")
        await self._client.start(self._folder / "client.log")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.stop()

    async def tell(self, order: dict[str, Any]) -> dict[str, Any]:
        """One order to the client and its answer."""
        told: dict[str, Any] = json.loads(await self._client.ask(json.dumps(order)))
        self.accepted = told["accepted"]
        return told

    async def go(self) -> None:
        await self.tell({"do": "go"})

    async def hold(self, within: float = 90) -> None:
        """Nothing new, and every answer there. Raises RuntimeError when commands stay unanswered."""
        if not (await self.tell({"do": "hold", "within": within}))["still"]:
            raise RuntimeError("commands stay unanswered although nothing is broken any more")

    async def more(self, commands: int) -> None:
        """Wait until so many more were accepted than now."""
        await self.go()
        enough = self.accepted + commands
        while self.accepted < enough:
            await asyncio.sleep(0.2)
            await self.go()
