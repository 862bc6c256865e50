"""An event of one service arrives in another's tables: each once, in order, kept byte for byte, receipted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from chassis.runtime import Runtime
from thidua.local.nats import EmbeddedNats

from tests.chassis.delivery import at_work_on, caught_up, form, numbered, one, received_as_sent, rows
from tests.chassis.reader import Mood, reader_service
from tests.chassis.sample import sample_service
from tests.chassis.sites import eventually, site
from tests.support.databases import DatabaseMaker

pytestmark = pytest.mark.every_backend


@pytest.fixture
async def server(tmp_path: Path, backend: str) -> AsyncIterator[EmbeddedNats]:
    async with site(tmp_path, backend=backend) as running:
        yield running


@pytest.fixture
async def producer(server: EmbeddedNats, make_database: DatabaseMaker) -> AsyncIterator[Runtime]:
    async with at_work_on(sample_service(), await make_database("registry"), server) as running:
        yield running


async def test_what_was_recorded_stands_in_the_followers_table_and_is_kept_as_sent(
    server: EmbeddedNats, producer: Runtime, make_database: DatabaseMaker
) -> None:
    async with at_work_on(reader_service(Mood()), await make_database("scoring"), server) as reader:
        await form(producer, *numbered(200), transaction=20)
        await caught_up(reader, producer)
        assert await rows(reader, "SELECT cluster_id, name, times FROM seen ORDER BY 1") == [
            (cluster_id, name, 1) for cluster_id, name in numbered(200)
        ]
        assert await received_as_sent(reader, producer)


async def test_a_committed_mark_of_the_follower_reaches_the_producer(
    server: EmbeddedNats, producer: Runtime, make_database: DatabaseMaker
) -> None:
    async with at_work_on(reader_service(Mood()), await make_database("scoring"), server) as reader:
        await form(producer, *numbered(3))
        await caught_up(reader, producer)
        head = await one(producer, "SELECT seq FROM chassis.log_head")

        async def receipted() -> bool:
            return await one(producer, "SELECT seq FROM chassis.follower_mark WHERE follower = 'vn.scoring'") == head

        await eventually(receipted)


async def test_a_command_and_the_reaction_it_causes_elsewhere_are_one_trace(
    server: EmbeddedNats, producer: Runtime, make_database: DatabaseMaker
) -> None:
    async with at_work_on(reader_service(Mood(), reacting=True), await make_database("scoring"), server) as reader:
        await form(producer, ("cum-a", "A"))

        async def reacted() -> bool:
            return bool(await rows(reader, "SELECT 1 FROM agreed"))

        await eventually(reacted)
        query = "SELECT split_part(traceparent, '-', 2) FROM chassis.{} ORDER BY seq DESC LIMIT 1"
        trace = await one(producer, query.format("log"))
        assert trace
        assert await one(reader, query.format("received")) == trace
        assert await one(reader, query.format("log")) == trace


async def test_what_is_received_lies_in_the_partition_of_its_month(
    server: EmbeddedNats, producer: Runtime, make_database: DatabaseMaker
) -> None:
    async with at_work_on(reader_service(Mood()), await make_database("scoring"), server) as reader:

        async def prepared() -> bool:
            partitions = await rows(reader, "SELECT inhrelid FROM pg_inherits WHERE inhparent = 'received'::regclass")
            return len(partitions) == 3

        await eventually(prepared)
        await form(producer, *numbered(2))
        await caught_up(reader, producer)
        assert await rows(reader, "SELECT 1 FROM chassis.received_default") == []
        await eventually(lambda: not reader.health)
