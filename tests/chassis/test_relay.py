"""The relay carries each event to its stream in order, whatever NATS does meanwhile, and says how far it is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from unittest.mock import AsyncMock

import pytest
from chassis import log as logs
from chassis import relay
from chassis.link import arrived
from chassis.logread import MAX_BYTES, from_json, own_page, to_json
from chassis.positions import Position
from chassis.relay import move_cursor
from chassis.runtime import Runtime
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError, ServiceUnavailableError
from thidua.local.nats import EmbeddedNats

from tests.chassis.delivery import at_work_on, awake, form, numbered, one, rows
from tests.chassis.sample import sample_service
from tests.chassis.sites import client, eventually, lay
from tests.support.databases import DatabaseMaker


async def streamed(server: EmbeddedNats) -> list[tuple[int, str]]:
    """What the stream holds, in its order: seq in the log, and message id."""
    async with client(server, "root") as root:
        js = root.jetstream()
        count = (await js.stream_info("loc-registry")).state.messages
        found = await js.pull_subscribe("loc.>", stream="loc-registry")
        messages = await found.fetch(count, timeout=5) if count else []
        return [(int(one.headers["thidua-seq"]), one.headers["Nats-Msg-Id"]) for one in messages if one.headers]


async def all_sent(running: Runtime) -> bool:
    return True is await one(
        running,
        "SELECT (c.epoch, c.seq, c.hash) = (h.epoch, h.seq, h.hash)"
        " FROM chassis.log_head h LEFT JOIN chassis.relay_cursor c ON true",
    )


async def test_every_event_is_in_the_stream_once_in_order_under_its_hash(
    server: EmbeddedNats, make_database: DatabaseMaker
) -> None:
    async with at_work_on(sample_service(), await make_database("registry"), server) as producer:
        await form(producer, *numbered(150), transaction=7)
        await eventually(lambda: all_sent(producer))
        log = await rows(producer, "SELECT seq, encode(hash, 'hex') FROM chassis.log ORDER BY seq")
    assert await streamed(server) == [tuple(row) for row in log]


async def test_what_is_committed_one_after_the_other_goes_out_as_it_stands_in_the_log_without_being_read_again(
    server: EmbeddedNats, make_database: DatabaseMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = AsyncMock(wraps=logs.read_page)
    monkeypatch.setattr(logs, "read_page", read)
    monkeypatch.setattr(relay, "TICK_SECONDS", 600.0)
    async with at_work_on(sample_service(), await make_database("registry"), server, poll_seconds=600) as producer:

        async def arrived_up_to(seq: int) -> bool:
            return [nr for nr, _ in await streamed(server)] == list(range(1, seq + 1))

        await eventually(lambda: arrived_up_to(1))
        before = read.await_count
        await form(producer, *numbered(10))
        await form(producer, *numbered(6, first=11), transaction=3)
        await eventually(lambda: arrived_up_to(17))
        assert read.await_count == before
        log = await rows(producer, "SELECT seq, encode(hash, 'hex') FROM chassis.log ORDER BY seq")
    assert await streamed(server) == [tuple(row) for row in log]


async def test_a_cursor_that_was_lost_or_moved_elsewhere_repeats_nothing_in_the_stream(
    server: EmbeddedNats, make_database: DatabaseMaker
) -> None:
    database = await make_database("registry")
    async with at_work_on(sample_service(), database, server) as producer:
        await form(producer, *numbered(20))
        await eventually(lambda: all_sent(producer))
        async with producer.engine.begin() as db:
            await db.exec_driver_sql("DELETE FROM chassis.relay_cursor")
        await form(producer, *numbered(20, first=21))
        await eventually(lambda: all_sent(producer))
    assert [seq for seq, _ in await streamed(server)] == list(range(1, 42))


async def test_a_cursor_moves_only_from_where_it_stands(make_database: DatabaseMaker) -> None:
    async with awake(sample_service(), await make_database("registry")) as producer:
        start, there = Position.start("vn.registry"), Position(1, 1, b"x" * 32)
        async with producer.engine.begin() as db:
            await db.exec_driver_sql(
                "INSERT INTO chassis.relay_cursor SELECT 'loc-registry', 1, 0, hash FROM"
                " (SELECT prev AS hash FROM chassis.log WHERE seq = 1) AS first"
            )
        assert await move_cursor(producer.engine, "loc-registry", start, there)
        assert not await move_cursor(producer.engine, "loc-registry", start, there)


async def test_a_full_stream_holds_events_back_in_the_log_and_shows_it(
    server: EmbeddedNats, make_database: DatabaseMaker
) -> None:
    async with client(server, "root") as root:
        js = root.jetstream()
        full = (await js.stream_info("loc-registry")).config
        await js.update_stream(full.evolve(max_msgs=3))
        async with at_work_on(sample_service(), await make_database("registry"), server) as producer:
            await form(producer, *numbered(10))
            await eventually(lambda: "maximum messages exceeded" in producer.health.get("relay", ""))
            assert await one(producer, "SELECT seq FROM chassis.relay_cursor") == 3
            await js.update_stream(full)
            await eventually(lambda: all_sent(producer))
            await eventually(lambda: "relay" not in producer.health)
    assert [seq for seq, _ in await streamed(server)] == list(range(1, 12))


async def test_a_stream_that_was_deleted_is_named_in_health_and_filled_again_once_it_is_laid(
    server: EmbeddedNats, make_database: DatabaseMaker
) -> None:
    async with at_work_on(sample_service(), await make_database("registry"), server) as producer:
        await form(producer, *numbered(20), transaction=20)
        await eventually(lambda: all_sent(producer))
        async with client(server, "root") as root:
            await root.jetstream().delete_stream("loc-registry")
        await eventually(lambda: "stream loc-registry is not there" in producer.health.get("relay", ""))
        await form(producer, *numbered(5, first=21))
        await lay(server)
        await eventually(lambda: is_whole(server, 26))
        await eventually(lambda: all_sent(producer))
        await eventually(lambda: "relay" not in producer.health)


async def test_a_store_that_came_back_as_an_older_copy_is_filled_up_from_where_it_ends(
    server: EmbeddedNats, make_database: DatabaseMaker, tmp_path: Path
) -> None:
    store = store_of(tmp_path, "loc-registry")
    async with at_work_on(sample_service(), await make_database("registry"), server) as producer:
        await form(producer, *numbered(10), transaction=10)
        await eventually(lambda: all_sent(producer))
        await server.stop()
        shutil.copytree(store, tmp_path / "older")
        await server.start()
        await form(producer, *numbered(10, first=11))
        await eventually(lambda: all_sent(producer))
        await server.stop()
        shutil.rmtree(store)
        shutil.copytree(tmp_path / "older", store)
        await server.start()
        await eventually(lambda: is_whole(server, 21))


def store_of(folder: Path, stream: str) -> Path:
    [found] = folder.rglob(f"jetstream/THIDUA/streams/{stream}")
    return found


async def is_whole(server: EmbeddedNats, count: int) -> bool:
    """Whether the stream is there and holds each event of the log once, in order."""
    async with client(server, "root") as root:
        try:
            await root.jetstream().stream_info("loc-registry")
        except (NotFoundError, ServiceUnavailableError):
            return False
    return [seq for seq, _ in await streamed(server)] == list(range(1, count + 1))


async def test_commands_are_answered_while_nats_is_away_and_their_events_arrive_when_it_is_back(
    server: EmbeddedNats, make_database: DatabaseMaker
) -> None:
    async with at_work_on(sample_service(), await make_database("registry"), server) as producer:
        await form(producer, *numbered(5))
        await eventually(lambda: all_sent(producer))
        await server.stop()
        await form(producer, *numbered(5, first=6))
        await eventually(lambda: "nats" in producer.health)
        await server.start()
        await eventually(lambda: all_sent(producer))
    assert [seq for seq, _ in await streamed(server)] == list(range(1, 12))


async def test_a_beacon_says_how_far_the_log_is_published(server: EmbeddedNats, make_database: DatabaseMaker) -> None:
    heard: list[dict[str, object]] = []
    async with client(server, "awards") as awards:

        async def hear(message: Msg) -> None:
            heard.append(json.loads(message.data))

        await awards.subscribe("beacon.vn.*", cb=hear)
        await arrived(awards)
        async with at_work_on(sample_service(), await make_database("registry"), server) as producer:
            await form(producer, *numbered(4))
            await eventually(lambda: all_sent(producer))
            head = (await rows(producer, "SELECT epoch, seq, hash FROM chassis.log_head"))[0]
            wanted = {"log": "vn.registry", "epoch": 1, "seq": head.seq, "hash": head.hash.hex()}
            await eventually(lambda: wanted in heard)


async def test_two_copies_relay_with_one_worker_between_them(
    server: EmbeddedNats, make_database: DatabaseMaker
) -> None:
    database = await make_database("registry")
    async with at_work_on(sample_service(), database, server) as one_copy:
        async with at_work_on(sample_service(), database, server) as other:
            await form(one_copy, *numbered(10))
            await form(other, *numbered(10, first=11))
            await eventually(lambda: all_sent(other))
            holders = await rows(other, "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 71002")
            assert len(holders) == 1
    assert [seq for seq, _ in await streamed(server)] == list(range(1, 22))


async def test_a_page_of_the_log_is_byte_exact_and_ends_at_its_size(make_database: DatabaseMaker) -> None:
    async with awake(sample_service(), await make_database("registry")) as producer:
        await form(producer, *[(f"cum-{nr:04}", "Ắ" * 250) for nr in range(600)], transaction=300)
        async with producer.engine.connect() as db:
            page = await own_page(db, "vn.registry", 1, 1000)
            small = await own_page(db, "vn.registry", 1, 3)
        size = sum(len(event.header) + len(event.data) for event in page.events)
        assert MAX_BYTES - 5000 < size <= MAX_BYTES
        assert [event.seq for event in small.events] == [2, 3, 4]
        assert from_json(to_json("vn.registry", page)) == page
        assert page.head is not None
        assert page.head.seq == 601
