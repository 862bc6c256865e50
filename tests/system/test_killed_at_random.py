"""What was accepted stays accepted: the registry and its database are killed outright while commands pour in."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import secrets
import time
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import registry.main
from chassis.replay import differences
from chassis.runtime import create_engine

from tests.system.registry_alone import Insistent, RegistryAlone, unit

WRITERS = 4
FEWEST_KILLS = 3
SECONDS = 12.0
"""Kills go on for so long, however fast this machine starts a process; one of the first kills its database, too."""


async def test_what_was_accepted_is_in_the_log_once_though_processes_are_killed_at_random(tmp_path: Path) -> None:
    seed = int(os.environ.get("THIDUA_TEST_SEED") or secrets.randbelow(1_000_000))
    print(f"THIDUA_TEST_SEED={seed}")
    chance = random.Random(seed)
    async with RegistryAlone(tmp_path / "site") as alone:
        clients = Insistent(alone.url, alone.password)
        async with asyncio.TaskGroup() as group:
            for writer in range(WRITERS):
                group.create_task(clients.send(writer))
            ends = time.monotonic() + SECONDS
            kills = 0
            while kills < FEWEST_KILLS or time.monotonic() < ends:
                await clients.one_more()
                # Not waiting for a fact: the very point is that any instant will do.
                await asyncio.sleep(chance.uniform(0, 0.5))
                if kills == 1:
                    await alone.kill_postgres()
                    await clients.one_more()
                await alone.kill()
                await alone.start()
                kills += 1
            await clients.one_more()
            clients.stopping.set()
        print(f"{kills} kills, {len(clients.accepted)} accepted,", end=" ")
        print(f"{clients.unanswered} unanswered, {clients.done_already} of them done already")
        assert clients.unanswered >= kills, "the kills hit nothing: this run proves nothing"

        log = await read_log(alone)
        every_receipt_is_in(log, clients.accepted)
        every_command_is_there_once(log, clients.accepted)
        the_chain_verifies(log)
        await the_tables_hold_what_the_log_says(alone, clients.accepted)
        await each_key_still_answers_as_before(alone, clients)


async def read_log(alone: RegistryAlone) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(alone.postgres.audit("registry").dsn)
    try:
        return await connection.fetch("SELECT epoch, seq, prev, hash, header, data FROM chassis.log ORDER BY seq")
    finally:
        await connection.close()


def every_receipt_is_in(log: list[asyncpg.Record], accepted: dict[str, dict[str, Any]]) -> None:
    by_seq = {row["seq"]: row for row in log}
    for key, receipt in accepted.items():
        row = by_seq[receipt["last_seq"]]
        assert receipt["first_seq"] == receipt["last_seq"]
        assert (receipt["log"], receipt["epoch"]) == ("vn.registry", row["epoch"])
        assert receipt["hash"] == row["hash"].hex()
        assert json.loads(row["header"])["idempotency"]["key"] == key
        assert json.loads(row["data"])["unit_id"] == key


def every_command_is_there_once(log: list[asyncpg.Record], accepted: dict[str, dict[str, Any]]) -> None:
    units = Counter(
        json.loads(row["data"])["unit_id"]
        for row in log
        if json.loads(row["header"])["type"].endswith("unit-recorded.v1")
    )
    assert units == Counter([*accepted, "tld"])


def the_chain_verifies(log: list[asyncpg.Record]) -> None:
    """The hash rule as its text says it, without the code that appends."""
    prev = hashlib.sha256(b"thidua-log-1:vn.registry").digest()
    for nr, row in enumerate(log, 1):
        assert (row["epoch"], row["seq"], row["prev"]) == (1, nr, prev)
        inner = hashlib.sha256(row["header"]).digest() + hashlib.sha256(row["data"]).digest()
        prev = hashlib.sha256(prev + row["epoch"].to_bytes(4, "big") + row["seq"].to_bytes(8, "big") + inner).digest()
        assert row["hash"] == prev


async def the_tables_hold_what_the_log_says(alone: RegistryAlone, accepted: dict[str, dict[str, Any]]) -> None:
    engine = create_engine(alone.database.url, pool_size=2)
    try:
        assert await differences(engine, registry.main.service, "vn") == []
    finally:
        await engine.dispose()
    async with httpx.AsyncClient(base_url=alone.url, trust_env=False) as http:
        last = list(accepted)[-1]
        token = await log_in(http, alone)
        assert (await http.get(f"/units/{last}", headers=token)).json()["code"] == last.upper()


async def each_key_still_answers_as_before(alone: RegistryAlone, clients: Insistent) -> None:
    async with httpx.AsyncClient(base_url=alone.url, trust_env=False) as http:
        token = await log_in(http, alone)
        for key in random.Random(0).sample(sorted(clients.accepted), 20):
            answer = await http.post("/units", json=unit(key), headers={**token, "Idempotency-Key": key})
            assert answer.headers["idempotency-replayed"] == "true"
            assert answer.json()["receipt"] == clients.accepted[key]


async def log_in(http: httpx.AsyncClient, alone: RegistryAlone) -> dict[str, str]:
    answer = await http.post("/tokens", json={"login": "quan-tri", "password": alone.password})
    return {"Authorization": f"Bearer {answer.json()['token']}"}
