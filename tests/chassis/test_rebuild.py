"""A rebuild beside the running service: the same rows, nothing lost meanwhile, running statements go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import sqlalchemy as sa
from chassis import quarantine, rebuilding
from chassis.ids import new_id
from chassis.rebuild import NotAlone, rebuild
from chassis.replay import feeds
from chassis.runtime import Runtime
from chassis.work import Command, Work, service_act
from contracts.refusal import Refused
from thidua.local.databases import Database

from tests.chassis.delivery import Producer, awake, clusters, follower_of, numbered, one, rows
from tests.chassis.reader import Mood, agreed, reader_service
from tests.support.databases import DatabaseMaker

SEEN = "SELECT cluster_id, name, times FROM seen ORDER BY 1"


@pytest.fixture
async def database(make_database: DatabaseMaker) -> Database:
    return await make_database("scoring")


@pytest.fixture
async def reader(database: Database) -> AsyncIterator[Runtime]:
    async with awake(reader_service(Mood(refuses={"xấu"})), database) as running:
        yield running


async def rebuilt(reader: Runtime, log: str = "vn.registry", anyway: bool = False) -> rebuilding.Rebuild:
    """Ask for a rebuild and do it, as the copy at work does."""
    await rebuilding.ask(reader, log, anyway, "person:hoa")
    assert await rebuilding.do_next(reader)
    async with reader.engine.connect() as db:
        (told,) = [one for one in await rebuilding.listed(db) if one.log == log]
    return told


async def test_events_that_arrive_during_a_rebuild_are_in_the_swapped_tables_and_prepared_statements_go_on(
    reader: Runtime, database: Database
) -> None:
    log = clusters(*numbered(2500))
    other = await asyncpg.connect(database.dsn, server_settings={"search_path": "live,chassis,public"})
    count = await other.prepare("SELECT count(*), sum(times) FROM seen")
    whole = await other.prepare("SELECT * FROM seen WHERE cluster_id = $1")
    oid = await other.fetchval("SELECT 'live.seen'::regclass::oid")
    await other.execute("GRANT SELECT ON live.seen TO pg_monitor")
    async with follower_of(reader, Producer(log)) as follower:
        await follower.take(log[:2000])
        assert await count.fetchval() == 2000
        assert await whole.fetchrow("cum-00001")

        async def feed() -> None:
            for first in range(2000, 2500, 50):
                await follower.take(log[first : first + 50])

        feeding = asyncio.create_task(feed())
        told = await rebuilt(reader)
        await feeding
        assert (told.state, told.differences, told.wrong) == ("swapped", [], None)
    assert await other.fetchval("SELECT 'live.seen'::regclass::oid") != oid, "nothing was swapped"
    assert await count.fetch() == [(2500, 2500)]
    assert await whole.fetch("cum-02500") == [("cum-02500", "Cụm 2500", 1)]
    assert await other.fetchval("SELECT has_table_privilege('pg_monitor', 'live.seen', 'SELECT')")
    left = await other.fetch("SELECT nspname FROM pg_namespace WHERE nspname ~ '^(rebuilt|replaced)'")
    await other.close()
    assert left == []
    assert await rows(reader, SEEN) == [(key, name, 1) for key, name in numbered(2500)]


async def test_what_differs_is_listed_and_swapped_only_when_the_operator_says_so(reader: Runtime) -> None:
    log = clusters(*numbered(3))
    async with follower_of(reader, Producer(log)) as follower:
        await follower.take(log)
    async with reader.engine.begin() as db:
        await db.execute(sa.text("UPDATE seen SET name = 'sửa tay' WHERE cluster_id = 'cum-00002'"))
    told = await rebuilt(reader)
    assert told.state == "differs"
    assert told.differences == [
        {
            "table": "seen",
            "only_live": 1,
            "only_replayed": 1,
            "live_rows": ['(cum-00002,"sửa tay",1)'],
            "replayed_rows": ['(cum-00002,"Cụm 2",1)'],
        }
    ]
    assert await one(reader, "SELECT name FROM seen WHERE cluster_id = 'cum-00002'") == "sửa tay"
    assert (await rebuilt(reader, anyway=True)).state == "swapped"
    assert await one(reader, "SELECT name FROM seen WHERE cluster_id = 'cum-00002'") == "Cụm 2"


async def test_what_is_held_or_discarded_stays_out_and_the_own_tables_come_from_the_own_log(reader: Runtime) -> None:
    log = clusters(("cum-a", "tốt"), ("cum-b", "xấu"), ("cum-c", "xấu"), ("cum-d", "tốt"))
    async with follower_of(reader, Producer(log)) as follower:
        await follower.take(log)

    async def discard(work: Work) -> None:
        await quarantine.discard(work, "vn.registry", 1, 2, "nhập trùng")

    async def agree(work: Work) -> None:
        work.record(agreed("bang-1"), "rubric:bang-1")

    for handler in (discard, agree):
        now = reader.clock.now()
        await reader.performer.perform(Command("test", new_id(), "0" * 64, service_act("scoring", now)), handler)
    assert (await rebuilt(reader)).state == "swapped"
    assert (await rebuilt(reader, "vn.scoring")).state == "swapped"
    assert await rows(reader, SEEN) == [("cum-a", "tốt", 1), ("cum-d", "tốt", 1)]
    assert await rows(reader, "SELECT * FROM agreed") == [("bang-1",)]
    assert await one(reader, "SELECT count(*) FROM chassis.discarded") == 1


async def test_a_rebuild_that_cannot_be_swapped_whole_is_refused_and_a_second_one_has_to_wait(reader: Runtime) -> None:
    await rebuilding.ask(reader, None, False, "person:hoa")
    with pytest.raises(Refused, match="rebuild-under-way"):
        await rebuilding.ask(reader, "vn.registry", False, "person:hoa")
    async with reader.engine.begin() as db:
        await db.execute(sa.text("CREATE VIEW live.both AS SELECT cluster_id FROM seen JOIN agreed ON true"))
    (own, followed) = feeds(reader.service, "vn")

    async def progress(done: int, upto: int) -> None: ...

    for feed in (own, followed):
        with pytest.raises(NotAlone, match="both"):
            await rebuild(reader.engine, reader.service, feed, swap_anyway=True, progress=progress)
