"""Whatever the courier loses, repeats, damages or reorders, each event is taken once and in order; forks stop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from chassis.follower import Stopped
from chassis.positions import Position
from chassis.runtime import Runtime
from contracts.events.chassis import EpochOpened
from thidua.local.nats import EmbeddedNats

from tests.chassis.delivery import (
    Producer,
    at_work_on,
    awake,
    caught_up,
    chain,
    clusters,
    event,
    follower_of,
    form,
    numbered,
    one,
    received_as_sent,
    rows,
)
from tests.chassis.reader import Mood, reader_service
from tests.chassis.sample import formed, sample_service
from tests.chassis.sites import client, eventually
from tests.support.databases import DatabaseMaker


@pytest.fixture
async def reader(make_database: DatabaseMaker) -> AsyncIterator[Runtime]:
    async with awake(reader_service(Mood()), await make_database("scoring")) as running:
        yield running


async def taken(reader: Runtime) -> list[int]:
    return [row.seq for row in await rows(reader, "SELECT seq FROM chassis.received ORDER BY received_at, seq")]


async def each_once(reader: Runtime, count: int) -> bool:
    seen = await rows(reader, "SELECT count(*), sum(times) FROM seen")
    return [tuple(row) for row in seen] == [(count, count)] and await taken(reader) == list(range(1, count + 1))


async def test_repeated_and_shuffled_messages_are_applied_once_and_in_order(reader: Runtime) -> None:
    log = clusters(*numbered(60))
    messages = log * 3
    random.Random(7).shuffle(messages)
    async with follower_of(reader, Producer(log)) as follower:
        for first in range(0, len(messages), 9):
            await follower.take(messages[first : first + 9])
    assert await each_once(reader, 60)


async def test_a_lost_message_is_fetched_from_the_producers_log(reader: Runtime) -> None:
    log = clusters(*numbered(10))
    producer = Producer(log)
    async with follower_of(reader, producer) as follower:
        await follower.take(log[:3])
        asked_before = len(producer.asked)
        await follower.take(log[6:])
    assert producer.asked[asked_before:] == [3]
    assert await each_once(reader, 10)


async def test_a_damaged_message_counts_as_lost(reader: Runtime) -> None:
    log = clusters(*numbered(4))
    async with follower_of(reader, Producer(log)) as follower:
        await follower.take([log[0], replace(log[1], data=log[1].data + b" "), log[2], log[3]])
    assert await each_once(reader, 4)


async def test_what_never_came_is_fetched_when_a_beacon_tells_of_it(reader: Runtime) -> None:
    log = clusters(*numbered(5))
    producer = Producer(log[:2])
    async with follower_of(reader, producer) as follower:
        await follower.take(log[:2])
        producer.events = log
        follower.beacon(Position.of(log[4]))

        async def there() -> bool:
            return await each_once(reader, 5)

        await eventually(there)


async def test_a_batch_waits_unacknowledged_while_nobody_has_what_it_follows(reader: Runtime) -> None:
    log = clusters(*numbered(5))
    producer = Producer(log, silent=True)
    async with follower_of(reader, producer) as follower:
        await follower.take(log[:2])
        asked_before = len(producer.asked)

        async def answer_later() -> bool:
            if len(producer.asked) >= asked_before + 3:
                assert await taken(reader) == [1, 2]
                producer.silent = False
            return not producer.silent

        batch = asyncio.ensure_future(follower.take(log[3:]))
        await eventually(answer_later)
        await batch
    assert await each_once(reader, 5)


async def test_a_crash_between_commit_and_acknowledgement_applies_nothing_twice(reader: Runtime) -> None:
    log = clusters(*numbered(6))
    async with follower_of(reader, Producer(log)) as follower:
        await follower.take(log[:4])
    async with follower_of(reader, Producer(log)) as follower:
        await follower.take(log[:4])
        await follower.take(log[4:])
    assert await each_once(reader, 6)


async def test_two_followers_of_one_log_take_each_event_once(reader: Runtime) -> None:
    log = clusters(*numbered(40))
    async with follower_of(reader, Producer(log)) as one_of, follower_of(reader, Producer(log)) as other:
        for first in range(0, 40, 5):
            await one_of.take(log[first : first + 5])
            await other.take(log[first : first + 5])
    assert await each_once(reader, 40)


async def test_another_hash_under_a_key_stops_the_follower(reader: Runtime) -> None:
    log = clusters(*numbered(3))
    other = clusters(("cum-x", "nhánh khác"), after=Position.of(log[1]))
    async with follower_of(reader, Producer(log)) as follower:
        await follower.take(log)
        with pytest.raises(Stopped, match="another hash"):
            await follower.take(other)
        assert await taken(reader) == [1, 2, 3]


async def test_an_event_that_does_not_continue_the_hash_held_stops_the_follower(reader: Runtime) -> None:
    log = clusters(*numbered(3))
    other = clusters(*numbered(4, first=100))
    async with follower_of(reader, Producer(log)) as follower:
        await follower.take(log)
        with pytest.raises(Stopped, match="does not continue"):
            await follower.take(other[3:])
        assert await taken(reader) == [1, 2, 3]


async def test_an_epoch_opened_below_what_is_held_stops_the_follower(reader: Runtime) -> None:
    log = clusters(*numbered(4))
    opened = event(
        EpochOpened(
            log="vn.registry", previous_epoch=1, last_seq=2, last_hash=log[1].hash.hex(), reason="khôi phục", silent=()
        ),
        "log:vn.registry",
    )
    branch = chain(opened, after=Position(2, 2, log[1].hash))
    async with follower_of(reader, Producer(log)) as follower:
        await follower.take(log)
        with pytest.raises(Stopped, match="epoch 2 opened at 3, below the mark 4"):
            await follower.take(branch)


async def test_an_epoch_opened_where_the_mark_stands_goes_on(reader: Runtime) -> None:
    log = clusters(*numbered(2))
    log += chain(event(formed("cum-00003", "Cụm 3"), "cluster:cum-00003"), after=Position(2, 2, log[1].hash))
    async with follower_of(reader, Producer(log)) as follower:
        await follower.take(log)
    assert await each_once(reader, 3)


async def test_a_producer_whose_head_is_behind_the_mark_stops_the_follower(reader: Runtime) -> None:
    log = clusters(*numbered(5))
    producer = Producer(log)
    async with follower_of(reader, producer) as follower:
        await follower.take(log)
        producer.events = log[:3]
        follower.beacon(Position.of(log[2]))
        follower.beacon(Position.of(log[2]))
        await eventually(lambda: follower.fork is not None)
        assert "head 1:3" in str(follower.fork)


async def test_beacons_behind_the_mark_stop_nobody_whose_producer_has_it_all(reader: Runtime) -> None:
    log = clusters(*numbered(5))
    producer = Producer(log)
    async with follower_of(reader, producer) as follower:
        await follower.take(log)
        asked_before = len(producer.asked)
        for _ in range(6):
            follower.beacon(Position.of(log[2]))
        await eventually(lambda: len(producer.asked) > asked_before)
        await follower.take(log)
        assert follower.fork is None


async def test_a_stream_that_was_deleted_loses_nothing(server: EmbeddedNats, make_database: DatabaseMaker) -> None:
    registry, scoring = await make_database("registry"), await make_database("scoring")
    async with at_work_on(sample_service(), registry, server) as producer:
        await form(producer, *numbered(20))
        async with client(server, "root") as root:
            js = root.jetstream()
            config = (await js.stream_info("loc-registry")).config

            async def published() -> bool:
                return await one(producer, "SELECT max(seq) FROM chassis.relay_cursor") == 21

            await eventually(published)
            await js.delete_stream("loc-registry")
            await js.add_stream(config)
        async with at_work_on(reader_service(Mood()), scoring, server) as reader:
            await caught_up(reader, producer)
            await form(producer, *numbered(5, first=21))
            await caught_up(reader, producer)
            assert await received_as_sent(reader, producer)
            assert await one(reader, "SELECT sum(times) FROM seen") == 25


async def test_a_silent_producers_events_come_from_another_follower(
    server: EmbeddedNats, make_database: DatabaseMaker
) -> None:
    awards = reader_service(Mood())
    awards.name = "awards"
    async with at_work_on(awards, await make_database("awards"), server) as holder:
        database = await make_database("registry")
        async with at_work_on(sample_service(), database, server) as producer:
            await form(producer, *numbered(12))
            await caught_up(holder, producer)
        async with client(server, "root") as root:
            js = root.jetstream()
            config = (await js.stream_info("loc-registry")).config
            await js.delete_stream("loc-registry")
            await js.add_stream(config)
        async with at_work_on(reader_service(Mood()), await make_database("scoring"), server) as reader:

            async def there() -> bool:
                return await one(reader, "SELECT sum(times) FROM seen") == 12

            await eventually(there, 60)
            assert await rows(reader, "SELECT hash FROM chassis.received ORDER BY seq") == await rows(
                holder, "SELECT hash FROM chassis.received ORDER BY seq"
            )
