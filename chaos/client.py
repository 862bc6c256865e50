"""The client, a process of its own: ``python -m chaos.client <folder>`` sends, keeps every answer, counts at the end.

It reads no product state before it is told to count. Orders come as lines of JSON on standard input: ``{"do":
"hold"}`` (start nothing new), ``go``, ``count`` (with where to look and what people decided), ``end``; it answers
each with one line of JSON on standard output. The folder's ``client.json`` says where the services are.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from chaos import books, counting
from chaos.commands import WRITERS, Answer, Command
from chaos.receipts import Kept, Receipt, read

AGAIN = frozenset({429, 500, 502, 503, 504})
STILL_RUNNING = "urn:thidua:problem:still-running"
PATIENCE = 6.0
"""Seconds after which an answer is given up and the same key is sent again."""


class Refused(Exception):
    """A service said no for good."""


class Client:
    """All writers, one connection pool for each service, and the gate that holds them."""

    def __init__(self, folder: Path) -> None:
        told: dict[str, Any] = json.loads((folder / "client.json").read_text(encoding="utf-8"))
        self.folder = folder
        self._passwords: dict[str, str] = told["passwords"]
        self.writers: list[str] = told["writers"]
        self._tokens: dict[str, str] = {}
        limits = httpx.Limits(max_connections=20)
        self._http = {
            name: httpx.AsyncClient(base_url=url, timeout=PATIENCE, trust_env=False, limits=limits)
            for name, url in told["services"].items()
        }
        self.kept = Kept(folder / "receipts.jsonl")
        self.refused: list[dict[str, Any]] = []
        self.stopped: list[dict[str, Any]] = []
        """Stories that a service did not let go on: when, and what it said."""
        self.unanswered = 0
        """Requests whose answer never came: nobody knows whether they were done."""
        self.repeated = 0
        """Answers that said the command had been done before."""
        self._open = asyncio.Event()
        self._under_way = 0
        self._still = asyncio.Event()
        self.ended = False

    async def log_in(self) -> None:
        for login, password in self._passwords.items():
            answer = await self._http["registry"].post("/tokens", json={"login": login, "password": password})
            self._tokens[login] = answer.raise_for_status().json()["token"]

    def go(self) -> None:
        self._open.set()

    async def hold(self, within: float) -> bool:
        """Start nothing new; True once every command under way has its answer."""
        self._open.clear()
        try:
            async with asyncio.timeout(within):
                while self._under_way:
                    self._still.clear()
                    await self._still.wait()
        except TimeoutError:
            return False
        return True

    async def write(self, writer: str) -> None:
        """Story after story until the client ends."""
        nr, sent = 0, 0
        of = WRITERS[writer]
        while not self.ended:
            nr += 1
            story = of.tell(writer, nr)
            command = next(story)
            while True:
                sent += 1
                try:
                    answer = await self._one(writer, f"{writer}-lenh-{sent:07}", command)
                    command = story.send(answer)
                except StopIteration:
                    break
                except Refused as refused:
                    told = {"service": command.service, "at": time.time(), "text": f"{writer}: {refused}"}
                    (self.stopped if of.may_stop else self.refused).append(told)
                    break

    async def _one(self, writer: str, key: str, command: Command) -> Answer:
        await self._open.wait()
        self._under_way += 1
        try:
            answer = await self._until_answered(key, command)
        finally:
            self._under_way -= 1
            self._still.set()
        told = answer["receipt"]
        self.kept.keep(
            Receipt(
                nr=self.kept.count,
                writer=writer,
                key=key,
                service=command.service,
                log=told["log"],
                epoch=told["epoch"],
                first_seq=told["first_seq"],
                last_seq=told["last_seq"],
                hash=told["hash"],
                href=told["href"],
                kind=command.kind,
                leaves=command.leaves,
                at=time.time(),
            )
        )
        await asyncio.sleep(WRITERS[writer].pause)
        return answer

    async def _until_answered(self, key: str, command: Command) -> Answer:
        headers = {"Authorization": f"Bearer {self._tokens[command.login]}", "Idempotency-Key": key}
        if command.etag:
            headers["If-Match"] = command.etag
        wait = 0.05
        while True:
            try:
                answer = await self._http[command.service].post(command.path, json=command.body, headers=headers)
            except httpx.ConnectError:
                pass  # nothing was sent
            except httpx.HTTPError:
                self.unanswered += 1
            else:
                told: Answer = answer.json()
                if answer.is_success:
                    self.repeated += answer.headers.get("idempotency-replayed") == "true"
                    return told
                if answer.status_code not in AGAIN and told.get("type") != STILL_RUNNING:
                    raise Refused(f"{command.path} → {answer.status_code} {answer.text}")
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, 0.5)

    def told(self) -> dict[str, Any]:
        return {
            "accepted": self.kept.count,
            "unanswered": self.unanswered,
            "repeated": self.repeated,
            "refused": self.refused,
            "stopped": self.stopped,
        }

    async def close(self) -> None:
        self.ended = True
        for http in self._http.values():
            await http.aclose()
        self.kept.close()


async def count(folder: Path, order: dict[str, Any]) -> dict[str, Any]:
    """Every receipt compared with every database."""
    found = await books.read(order["databases"])
    receipts = list(read(folder / "receipts.jsonl"))
    counts = counting.count(receipts, found, counting.Told.of(order))
    return counts.told()


async def obey(client: Client) -> None:
    """Orders until ``end`` or until nobody gives any."""
    orders = asyncio.StreamReader(limit=16 * 1024 * 1024)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        order = json.loads(line)
        more: dict[str, Any] = {}
        match order["do"]:
            case "go":
                client.go()
            case "hold":
                more["still"] = await client.hold(order["within"])
            case "count":
                more = await count(client.folder, order)
            case "end":
                return
        print(json.dumps(client.told() | more, ensure_ascii=False), flush=True)


async def main() -> None:
    client = Client(Path(sys.argv[1]))
    await client.log_in()
    print(json.dumps(client.told()), flush=True)
    writers = [asyncio.create_task(client.write(writer)) for writer in client.writers]
    obeying = asyncio.create_task(obey(client))
    try:
        done, _ = await asyncio.wait([*writers, obeying], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (*writers, obeying):
            task.cancel()
        await client.close()


if __name__ == "__main__":
    asyncio.run(main())
