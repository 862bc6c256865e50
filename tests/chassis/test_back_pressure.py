"""A follower whose database refuses neither grows nor spins: two batches in hand, one with the subscriber, no more."""

from __future__ import annotations

from pathlib import Path

import asyncpg
from chassis import broker
from chassis.broker import make_broker, start_broker
from chassis.follower import Follower
from chassis.following import BATCHES, follow
from chassis.link import Link
from chassis.metrics import Metrics
from chassis.positions import Position
from chassis.pull import FollowSubscriber, PullLimits
from chassis.tending import Tasks
from chassis.topology import Following

from tests.chassis.delivery import Producer, awake, clusters, numbered, one
from tests.chassis.reader import Mood, reader_service
from tests.chassis.sites import TOPOLOGY, client, eventually, send, site
from tests.support.databases import DatabaseMaker

EVENTS = 2000
FOLLOWING = Following("scoring", "registry", "loc-registry", "scoring-follows-registry")


async def test_while_the_database_refuses_a_backlog_stays_with_the_server_and_the_lag_is_told_and_then_all_is_taken(
    tmp_path: Path, make_database: DatabaseMaker, monkeypatch
) -> None:
    limits = PullLimits(messages=100)
    subscribers: list[FollowSubscriber] = []

    def with_limits(*arguments, **named) -> FollowSubscriber:
        subscribers.append(real(*arguments, **named, limits=limits))
        return subscribers[-1]

    real = broker.follow
    monkeypatch.setattr(broker, "follow", with_limits)
    log = clusters(*numbered(EVENTS))
    troubles: list[str | None] = []
    database = await make_database("scoring")
    async with site(tmp_path) as server, awake(reader_service(Mood()), database) as reader:
        async with client(server, "registry") as registry:
            await send(registry, log)
        (projection,) = reader.service.follows
        # Silent, so that all comes over NATS; one that answered with less than was published would be a fork.
        producer = Producer(log, silent=True)
        follower = Follower(reader.engine, "vn.registry", projection, producer.fetch, trouble=troubles.append)
        link = Link()
        using = make_broker(server.url, "scoring", "scoring", link)
        await start_broker(using, link)
        refusing = await asyncpg.connect(database.dsn)
        async with Tasks() as tasks:
            # The database refuses every batch, at once: as one that is full, or read-only, does.
            await refusing.execute("ALTER TABLE live.seen ADD CONSTRAINT full_up CHECK (times < 0) NOT VALID")
            tasks.start(follow(using, TOPOLOGY, FOLLOWING, follower, link))
            await eventually(lambda: len(troubles) > 0)
            follower.beacon(Position.of(log[-1]))
            await eventually(lambda: follower.known == EVENTS)
            (subscriber,) = subscribers
            await eventually(lambda: subscriber.held > 0 and follower.in_hand > 0)
            assert subscriber.held <= 2 * limits.messages
            assert follower.in_hand <= BATCHES * limits.messages
            assert await subscriber.pending() >= EVENTS - BATCHES * limits.messages
            metrics = Metrics()
            metrics.followed("vn.registry", follower.known, await one(reader, "SELECT seq FROM chassis.mark"))
            assert metrics.follower_lag.labels("vn.registry")._value.get() == EVENTS
            await refusing.execute("ALTER TABLE live.seen DROP CONSTRAINT full_up")

            async def taken() -> bool:
                return await one(reader, "SELECT seq FROM chassis.mark") == EVENTS

            await eventually(taken, 40)
            await eventually(lambda: troubles[-1] is None)
            await eventually(lambda: follower.in_hand == 0)
        await refusing.close()
        await using.stop()
