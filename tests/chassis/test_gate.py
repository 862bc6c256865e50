"""A service opens for writing only when nobody was told more of its log than its database knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from chassis import head_file
from chassis.gate_record import Passage
from chassis.positions import Position
from chassis.runtime import Runtime
from chassis.service import Service, runtime
from chassis.settings import Settings
from chassis.worker import at_work
from contracts.refusal import Refused
from thidua.local.databases import Database
from thidua.local.nats import EmbeddedNats

from tests.chassis.delivery import PUBLIC, at_work_on, caught_up, form, numbered, rows
from tests.chassis.reader import Mood, reader_service
from tests.chassis.sample import sample_service
from tests.chassis.sites import eventually
from tests.support.databases import DatabaseMaker


@asynccontextmanager
async def judged(service: Service, database: Database, nats_url: str, **settings: Any) -> AsyncIterator[Runtime]:
    """A service as its lifespan runs it: the gate judges before anything moves."""
    chosen = Settings(
        database_url=database.url,
        token_public_key=PUBLIC,
        nats_url=nats_url,
        **{"beacon_seconds": 0.5, "gap_seconds": 0.5, "nats_password": service.name, "gate_seconds": 5, **settings},
    )
    async with runtime(service, chosen, judged=True) as running, at_work(running):
        yield running


async def head(running: Runtime) -> Position:
    return Position(*(await rows(running, "SELECT epoch, seq, hash FROM chassis.log_head"))[0])


async def opened(running: Runtime) -> None:
    await asyncio.wait_for(running.gate.opened.wait(), 20)


async def gated(running: Runtime) -> None:
    await eventually(lambda: bool(running.gate.findings))
    with pytest.raises(Refused, match="restored-from-backup"):
        running.gate.let_write(running.log)
    with pytest.raises(Refused, match="log-not-opened"):
        await form(running, ("cum-x", "không được ghi"))


async def test_a_new_log_opens_at_once_when_its_follower_answers(
    server: EmbeddedNats, make_database: DatabaseMaker, tmp_path: Path
) -> None:
    file = tmp_path / "heads" / "registry.json"
    registry = await make_database("registry")
    async with at_work_on(reader_service(Mood()), await make_database("scoring"), server):
        began = asyncio.get_running_loop().time()
        settings = {"followed_by": "scoring", "head_file": str(file)}
        async with judged(sample_service(), registry, server.url, **settings) as producer:
            await opened(producer)
            assert asyncio.get_running_loop().time() - began < 4
            await form(producer, *numbered(3))
            at = await head(producer)
            await eventually(lambda: head_file.read(file, "vn.registry") == at)
            assert "gate" not in producer.health


async def test_a_database_behind_its_follower_is_shut_and_answers_what_it_knows(
    server: EmbeddedNats, make_database: DatabaseMaker
) -> None:
    registry, again = await make_database("registry"), await make_database("registry")
    async with at_work_on(reader_service(Mood()), await make_database("scoring"), server) as reader:
        async with at_work_on(sample_service(), registry, server) as producer:
            await form(producer, *numbered(5))
            await caught_up(reader, producer)
        async with judged(sample_service(), again, server.url, followed_by="scoring", gate_seconds=0.3) as producer:
            await gated(producer)
            assert "knows 1:6" in producer.health["gate"]
            # A wiped database published nothing: what the reader holds stays as it was.
            assert await rows(producer, "SELECT 1 FROM chassis.relay_cursor") == []
            assert reader.health.get("follower registry") is None


async def test_without_head_file_it_waits_for_the_last_follower_however_long(
    server: EmbeddedNats, make_database: DatabaseMaker
) -> None:
    registry = await make_database("registry")
    async with judged(sample_service(), registry, server.url, followed_by="scoring", gate_seconds=0.1) as producer:
        await eventually(lambda: producer.gate.silent == ["scoring"])
        assert not producer.gate.open
        async with at_work_on(reader_service(Mood()), await make_database("scoring"), server):
            await opened(producer)


async def test_a_site_that_is_cut_off_opens_on_its_head_file_and_a_later_start_is_judged_by_it(
    make_database: DatabaseMaker, tmp_path: Path
) -> None:
    file, nowhere = tmp_path / "registry.json", "nats://127.0.0.1:9"
    registry, wiped = await make_database("registry"), await make_database("registry")
    head_file.begin(file, "vn.registry")
    settings = {"followed_by": "scoring", "head_file": str(file), "gate_seconds": 0.1}
    async with judged(sample_service(), registry, nowhere, **settings) as producer:
        await opened(producer)
        await form(producer, *numbered(4))
        at = await head(producer)
    assert head_file.read(file, "vn.registry") == at
    async with judged(sample_service(), wiped, nowhere, **settings) as producer:
        await gated(producer)
    assert head_file.read(file, "vn.registry") == at


async def test_a_restore_between_two_looks_of_a_copy_makes_what_moves_there_begin_anew() -> None:
    passage = Passage()
    passage.take(look(epoch=1))
    waiting = asyncio.create_task(passage.shut.wait())
    await asyncio.sleep(0)
    passage.take(look(epoch=1))
    await asyncio.sleep(0)
    assert not waiting.done()
    passage.take(look(epoch=2))
    await asyncio.wait_for(waiting, 5)
    assert passage.opened.is_set()
    assert not passage.shut.is_set()


def look(epoch: int) -> SimpleNamespace:
    return SimpleNamespace(open=True, restoring=False, epoch=epoch, findings=None, silent=None)
