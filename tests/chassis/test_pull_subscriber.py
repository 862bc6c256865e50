"""The follower's subscriber: what there is comes at once, in order, and nothing that goes wrong loses a batch."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from chassis.broker import acknowledge, follow, make_broker, parse_event, start_broker
from chassis.link import Link
from chassis.pull import FollowSubscriber, PullLimits
from chassis.topology import Following, consumer_config
from faststream.nats import NatsBroker
from nats.aio.msg import Msg
from nats.js import api
from thidua.local.nats import EmbeddedNats

from tests.chassis.sites import TOPOLOGY, client, events, eventually, send

FOLLOWING = Following("scoring", "registry", "loc-registry", "scoring-follows-registry")


@dataclass
class Heard:
    """What a handler has been given, and what a test waits for."""

    batches: list[list[int]] = field(default_factory=list)
    rebounds: list[str] = field(default_factory=list)
    work: Callable[[list[Msg]], Awaitable[None]] = acknowledge
    _moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, batch: list[Msg]) -> None:
        self.batches.append([parse_event(msg).seq for msg in batch])
        await self.told()
        await self.work(batch)

    async def rebound(self, _: Following, reason: str) -> None:
        self.rebounds.append(reason)
        await self.told()

    async def told(self) -> None:
        async with self._moved:
            self._moved.notify_all()

    async def until(self, fact: Callable[[], bool], patience: float = 20) -> None:
        async with self._moved:
            await asyncio.wait_for(self._moved.wait_for(fact), patience)

    @property
    def seqs(self) -> list[int]:
        return [seq for batch in self.batches for seq in batch]


@dataclass
class Run:
    server: EmbeddedNats
    broker: NatsBroker
    link: Link
    heard: Heard
    subscriber: FollowSubscriber


@asynccontextmanager
async def broker_of(server: EmbeddedNats, user: str = "scoring") -> AsyncIterator[tuple[NatsBroker, Link]]:
    link = Link()
    broker = make_broker(server.url, user, user, link)
    await start_broker(broker, link)
    try:
        yield broker, link
    finally:
        await broker.stop()


@asynccontextmanager
async def following(server: EmbeddedNats, limits: PullLimits | None = None) -> AsyncIterator[Run]:
    heard = Heard()
    async with broker_of(server) as (broker, link):
        async with follow(broker, TOPOLOGY, FOLLOWING, heard.take, link, heard.rebound, limits) as subscriber:
            yield Run(server, broker, link, heard, subscriber)


@pytest.fixture
async def run(server: EmbeddedNats) -> AsyncIterator[Run]:
    async with following(server) as started:
        yield started


async def acknowledged(server: EmbeddedNats) -> int:
    """The last stream sequence that the consumer knows to be done."""
    async with client(server, "root") as root:
        info = await root.jetstream().consumer_info(FOLLOWING.stream, FOLLOWING.durable)
    return info.ack_floor.stream_seq if info.ack_floor else 0


async def until_acknowledged(server: EmbeddedNats, seq: int) -> None:
    async def is_done() -> bool:
        return await acknowledged(server) >= seq

    await eventually(is_done)


async def test_one_event_comes_at_once_though_a_batch_would_hold_five_hundred(run: Run) -> None:
    async with client(run.server, "registry") as registry:
        await send(registry, events(count=1))
        await run.heard.until(lambda: run.heard.seqs == [1])
    async with client(run.server, "root") as root:
        info = await root.jetstream().consumer_info(FOLLOWING.stream, FOLLOWING.durable)
    # The very request that brought it is still open at the server: nobody waited for it to fill or to expire.
    assert info.num_waiting == 1
    assert run.subscriber.asked_again == 0


async def test_all_events_come_once_in_order_and_one_acknowledgement_covers_a_batch(run: Run) -> None:
    async with client(run.server, "registry") as registry:
        await send(registry, events(count=2000))
    await run.heard.until(lambda: len(run.heard.seqs) >= 2000)
    assert run.heard.seqs == list(range(1, 2001))
    assert max(map(len, run.heard.batches)) <= 500
    await until_acknowledged(run.server, 2000)
    assert await run.subscriber.pending() == 0


async def test_a_handler_that_fails_gets_the_same_batch_again_and_nothing_is_acknowledged(run: Run) -> None:
    healed = asyncio.Event()

    async def fail(batch: list[Msg]) -> None:
        if not healed.is_set():
            raise RuntimeError("the database is away")
        await acknowledge(batch)

    run.heard.work = fail
    async with client(run.server, "registry") as registry:
        wires = events(count=5)
        await send(registry, wires[:2])
        await run.heard.until(lambda: len(run.heard.batches) >= 3)
        await send(registry, wires[2:])
        await run.heard.until(lambda: len(run.heard.batches) >= 5)
        failed = list(run.heard.batches)
        assert failed == [failed[0]] * len(failed), "another batch was handed over before the first was done"
        assert await acknowledged(run.server) == 0
        assert run.subscriber.last_error == "RuntimeError('the database is away')"
        healed.set()
        await until_acknowledged(run.server, 5)
    done = run.heard.seqs[len(failed) * len(failed[0]) :]
    assert sorted(set(done)) == done[-len(set(done)) :], f"out of order: {done}"
    assert run.subscriber.last_error is None


async def test_what_a_slow_handler_leaves_waiting_is_bounded(server: EmbeddedNats) -> None:
    release = asyncio.Event()

    async def wait(batch: list[Msg]) -> None:
        await release.wait()
        await acknowledge(batch)

    async with following(server, PullLimits(messages=10)) as run:
        run.heard.work = wait
        async with client(server, "registry") as registry:
            await send(registry, events(count=200))
        await eventually(lambda: run.subscriber.held >= 10)
        for _ in range(3):
            await run.broker.connection.flush()
            assert run.subscriber.held <= 20
        release.set()
        await run.heard.until(lambda: len(run.heard.seqs) >= 200)
        assert run.heard.seqs == list(range(1, 201))


async def test_a_batch_is_bounded_by_bytes_too(server: EmbeddedNats) -> None:
    limits = PullLimits(bytes=1024 * 1024)
    async with following(server, limits) as run:
        async with client(server, "registry") as registry:
            await send(registry, events(count=20, data=b'"' + b"x" * 200_000 + b'"'))
        await run.heard.until(lambda: len(run.heard.seqs) >= 20)
        assert run.heard.seqs == list(range(1, 21))
        assert max(map(len, run.heard.batches)) <= 5


async def test_a_consumer_deleted_underneath_is_made_again_from_now_on_and_the_gap_is_told(run: Run) -> None:
    async with client(run.server, "registry") as registry, client(run.server, "root") as root:
        wires = events(count=3)
        await send(registry, wires[:1])
        await run.heard.until(lambda: run.heard.seqs == [1])
        await root.jetstream().delete_consumer(FOLLOWING.stream, FOLLOWING.durable)
        await run.heard.until(lambda: len(run.heard.rebounds) == 1)
        await send(registry, wires[1:])
        await run.heard.until(lambda: run.heard.seqs == [1, 2, 3])
        info = await root.jetstream().consumer_info(FOLLOWING.stream, FOLLOWING.durable)
    assert info.config.deliver_policy == api.DeliverPolicy.NEW
    assert run.subscriber.bound


async def test_a_consumer_of_the_same_name_that_is_not_ours_is_replaced(server: EmbeddedNats) -> None:
    async with client(server, "root") as root:
        js = root.jetstream()
        await js.delete_consumer(FOLLOWING.stream, FOLLOWING.durable)
        await js.add_consumer(
            FOLLOWING.stream,
            replace(
                consumer_config(TOPOLOGY.consumers, FOLLOWING.durable), deliver_subject="loc.somewhere", max_deliver=-1
            ),
        )
        async with following(server) as run:
            await run.heard.until(lambda: len(run.heard.rebounds) == 1)
            async with client(server, "registry") as registry:
                await send(registry, events(count=1))
            await run.heard.until(lambda: run.heard.seqs == [1])


async def test_a_server_that_starts_again_is_followed_on(run: Run) -> None:
    wires = events(count=4)
    async with client(run.server, "registry") as registry:
        await send(registry, wires[:2])
    await run.heard.until(lambda: run.heard.seqs == [1, 2])
    await until_acknowledged(run.server, 2)
    await run.server.stop()
    await eventually(lambda: not run.link.up)
    await run.server.start()
    async with client(run.server, "registry") as registry:
        await send(registry, wires[2:])
    await run.heard.until(lambda: len(run.heard.seqs) >= 4)
    assert run.heard.seqs == [1, 2, 3, 4]
    assert run.link.up
    assert run.link.reconnects == 1
    assert run.heard.rebounds == []


async def test_a_server_that_falls_silent_is_asked_again(server: EmbeddedNats) -> None:
    async with following(server, PullLimits(heartbeat=0.5)) as run:
        async with client(server, "registry") as registry:
            wires = events(count=3)
            await send(registry, wires[:1])
            await run.heard.until(lambda: run.heard.seqs == [1])
            server.child.process.send_signal(signal.SIGSTOP)
            try:
                await eventually(lambda: run.subscriber.asked_again > 0)
            finally:
                server.child.process.send_signal(signal.SIGCONT)
            await send(registry, wires[1:])
            await run.heard.until(lambda: len(run.heard.seqs) >= 3)
        assert run.heard.seqs == [1, 2, 3]
        assert run.heard.rebounds == []


async def test_stopping_waits_for_the_batch_in_hand_and_hands_over_no_other(server: EmbeddedNats) -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def wait(batch: list[Msg]) -> None:
        started.set()
        await release.wait()
        await acknowledge(batch)

    async with following(server, PullLimits(messages=2)) as run:
        run.heard.work = wait
        async with client(server, "registry") as registry:
            await send(registry, events(count=6))
        await started.wait()
        stopping = asyncio.create_task(run.subscriber.stop())
        await asyncio.wait({stopping}, timeout=0.1)
        assert not stopping.done()
        release.set()
        await stopping
        handed = run.heard.seqs
        assert handed == list(range(1, len(handed) + 1))
        assert len(run.heard.batches) == 1
    await until_acknowledged(server, handed[-1])
    assert await acknowledged(server) == handed[-1]


async def forget(batch: list[Msg]) -> None:
    """Commits nothing, as a copy killed between taking and committing."""


async def test_what_a_former_copy_took_comes_before_what_is_younger(server: EmbeddedNats) -> None:
    wires = events(count=5)
    async with following(server) as first, client(server, "registry") as registry:
        first.heard.work = forget
        await send(registry, wires[:3])
        await first.heard.until(lambda: len(first.heard.seqs) >= 3)
        await first.subscriber.stop()
        await send(registry, wires[3:])
    async with following(server) as second:
        await second.heard.until(lambda: len(second.heard.seqs) >= 5)
        assert second.heard.seqs == [1, 2, 3, 4, 5]
        await until_acknowledged(server, 5)


async def test_a_late_acknowledgement_of_a_former_copy_does_not_make_ours_unheard(server: EmbeddedNats) -> None:
    late: list[Msg] = []
    held = asyncio.Event()

    async def keep_the_last(batch: list[Msg]) -> None:
        if parse_event(batch[-1]).seq < 60:
            await acknowledge(batch)
        else:
            late.append(batch[-1])

    async def hold(batch: list[Msg]) -> None:
        await held.wait()
        await acknowledge(batch)

    wires = events(count=63)
    async with following(server) as first, client(server, "registry") as registry:
        first.heard.work = keep_the_last
        await send(registry, wires[:59])
        await until_acknowledged(server, 59)
        await send(registry, wires[59:60])
        await first.heard.until(lambda: 60 in first.heard.seqs)
        await first.subscriber.stop()
        async with following(server, PullLimits(watch=0.2)) as second:
            second.heard.work = hold
            await second.heard.until(lambda: second.heard.seqs == [60])
            await late[0].ack()  # as delivery 60, while the consumer begun anew has made one
            await until_acknowledged(server, 60)
            held.set()
            await send(registry, wires[60:])
            await until_acknowledged(server, 63)
            assert set(second.heard.seqs) == {60, 61, 62, 63}
