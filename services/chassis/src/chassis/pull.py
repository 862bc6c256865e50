"""The follower's subscriber: FastStream's batch pull subscriber, with a pull that never waits for a full batch.

FastStream's own waits until a batch is full or its timeout is over, makes consumers by itself, spins on a closed
connection and stalls silently when a consumer is gone. This one binds only to the consumer that the topology names,
keeps one pull request outstanding at its own inbox, so that what there is comes at once, and asks again whenever
the server falls silent. A batch goes straight to the handler: no context, middleware, parser or injection has anything
to do with it. It never acknowledges: the handler does, once a batch, after its commit.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nats.errors
from faststream.nats.subscriber.usecases import BatchPullStreamSubscriber
from nats.aio.msg import Msg
from nats.js import JetStreamContext, api
from nats.js.errors import APIError, NotFoundError

from chassis.link import Link, LinkEvent
from chassis.topology import Following, Topology
from chassis.topology_changes import remake_consumer

if TYPE_CHECKING:
    from faststream._internal.endpoint.subscriber import SubscriberSpecification
    from faststream._internal.endpoint.subscriber.call_item import CallsCollection
    from faststream.nats.schemas import JStream, PullSub
    from faststream.nats.subscriber.config import NatsSubscriberConfig

Handler = Callable[[list[Msg]], Awaitable[None]]
OnRebound = Callable[[Following, str], Awaitable[None]]
"""Told when a consumer was made again, with the reason: from here on the log has to fill what was missed."""

_OVER_AND_WELL = ("Request Timeout", "Message Size Exceeds MaxBytes", "Batch Completed", "No Messages")
"""Ends of a pull request that mean nothing but *ask again*."""


@dataclass(frozen=True)
class PullLimits:
    """How much is asked for at once, and how patient the subscriber is. Times in seconds, sizes in bytes."""

    messages: int = 500
    bytes: int = 4 * 1024 * 1024
    """Twice the largest message must fit. Memory holds two batches at most: in hand and buffered."""
    expires: float = 30.0
    heartbeat: float = 1.0
    """Two of them missed, and the request is sent again."""
    watch: float = 5.0
    """How often the consumer is looked at, whatever has been heard."""
    retry_first: float = 0.05
    retry_last: float = 5.0


class FollowSubscriber(BatchPullStreamSubscriber):
    """Hands over ``list[Msg]`` in stream order; the same batch again, with back-off, until the handler returns."""

    def __init__(
        self,
        config: NatsSubscriberConfig,
        specification: SubscriberSpecification[Any, Any],
        calls: CallsCollection[list[Msg]],
        *,
        stream: JStream,
        pull_sub: PullSub,
        topology: Topology,
        following: Following,
        limits: PullLimits,
        link: Link,
        on_rebound: OnRebound,
        handler: Handler,
    ) -> None:
        super().__init__(config, specification, calls, stream=stream, pull_sub=pull_sub)
        self._handler = handler
        self._topology = topology
        self._limits = limits
        self._link = link
        self._on_rebound = on_rebound
        self.following = following
        self.rebounds = 0
        self.asked_again = 0
        """How often a request was repeated because heartbeats had stopped."""
        self.last_error: str | None = None
        """Why the batch in hand is tried again; None while all is well."""
        self.bound = False
        """Whether the consumer was there when it was last looked at."""
        self._buffer: deque[tuple[Msg, int]] = deque()
        """Messages with their sizes."""
        self._buffered_bytes = 0
        self._in_hand: list[Msg] = []
        self._request = 0
        self._outstanding = 0
        self._trouble: str | None = None
        self._open = False
        self._fresh = True
        self._heard = self._watched = time.monotonic()
        self._arrived = asyncio.Event()
        self._nudge = asyncio.Event()
        self._inbox = ""

    @property
    def held(self) -> int:
        """Messages in memory: in hand and buffered."""
        return len(self._in_hand) + len(self._buffer)

    @property
    def _js(self) -> JetStreamContext:
        """JetStream as the own server offers it, or that of the domain in which the stream lies."""
        domain = self.following.domain
        return self.connection.jetstream(domain=domain) if domain else self.jetstream

    async def pending(self) -> int:
        """Messages that the server or this subscriber still has for the handler. Raises when the server is silent."""
        info = await self._look()
        return (info.num_pending or 0) + self.held

    async def _create_subscription(self) -> None:
        if self.subscription:
            return
        self._inbox = self.connection.new_inbox()
        self._trouble = "not looked at yet"
        self._open = self._fresh = True
        subscription: Any = await self.connection.subscribe(f"{self._inbox}.*", cb=self._take)
        self.subscription = subscription
        self._end_listening = self._link.listen(self._link_changed)
        self.add_task(self._keep_asking)
        self.add_task(self._hand_over)

    async def stop(self) -> None:
        """Ends after the batch in hand; what is buffered stays unacknowledged and comes again."""
        if self._open:
            self._open = False
            self._end_listening()
        try:
            await super().stop()
        except nats.errors.Error:
            # The connection is gone, and the subscription with it; the second time only tasks are left to end.
            self.subscription = None
            await super().stop()

    async def _take(self, msg: Msg) -> None:
        self._heard = time.monotonic()
        if not msg.subject.startswith(self._inbox):
            size = _size(msg)
            self._buffer.append((msg, size))
            self._buffered_bytes += size
            self._outstanding = max(0, self._outstanding - 1)
            self._arrived.set()
            if self._outstanding == 0:
                self._nudge.set()
            return
        status = (msg.headers or {}).get("Status", "")
        if status == "100" or msg.subject != f"{self._inbox}.{self._request}":
            return  # a heartbeat, or the end of a request that has been replaced
        told = (msg.headers or {}).get("Description", "") or f"status {status}"
        self._outstanding = 0
        if not told.startswith(_OVER_AND_WELL):
            self._trouble = told
        self._nudge.set()

    def _link_changed(self, event: LinkEvent) -> None:
        # The server forgot our request with the old connection; waiting for two heartbeats would cost seconds.
        self._outstanding = 0
        if event == "reconnected":
            self._trouble = "reconnected"
            self._nudge.set()

    async def _keep_asking(self) -> None:
        pause = self._limits.retry_first
        while self._open:
            if self.connection.is_connected:
                if self._trouble is not None or time.monotonic() - self._watched > self._limits.watch:
                    trouble, self._trouble = self._trouble, None
                    if await self._bind(trouble):
                        pause = self._limits.retry_first
                    else:
                        self._trouble = trouble or "the consumer did not answer"
                        await asyncio.sleep(pause)
                        pause = min(pause * 2, self._limits.retry_last)
                        continue
                if self._outstanding and time.monotonic() - self._heard > 2 * self._limits.heartbeat:
                    self.asked_again += 1
                    self._outstanding = 0
                if not self._outstanding and self._has_room():
                    await self._ask()
            self._nudge.clear()
            await _wait(self._nudge, self._limits.heartbeat / 2)

    def _has_room(self) -> bool:
        return len(self._buffer) <= self._limits.messages // 2 and self._buffered_bytes <= self._limits.bytes // 2

    async def _ask(self) -> None:
        self._request += 1
        room = self._limits.messages - len(self._buffer)
        body = {
            "batch": room,
            "max_bytes": self._limits.bytes - self._buffered_bytes,
            "expires": int(self._limits.expires * 1e9),
            "idle_heartbeat": int(self._limits.heartbeat * 1e9),
        }
        subject = f"{self.following.api}.CONSUMER.MSG.NEXT.{self.following.stream}.{self.following.durable}"
        try:
            await self.connection.publish(subject, json.dumps(body).encode(), reply=f"{self._inbox}.{self._request}")
        except nats.errors.Error as error:
            self._trouble = str(error)
            return
        self._heard = time.monotonic()
        self._outstanding = room

    async def _bind(self, trouble: str | None) -> bool:
        """Look whether the consumer is there and is ours; make a lost one again. False: try later."""
        self._watched = time.monotonic()
        try:
            info = await self._look()
            if info.config.deliver_subject or info.config.ack_policy != api.AckPolicy.ALL:
                await self._make_again("another consumer bears its name")
            elif self._must_rewind(info):
                await self._js.reset_consumer(self.following.stream, self.following.durable)
            self._fresh = False
            self.bound = True
        except NotFoundError:
            self.bound = False
            return await self._recover(trouble or "the consumer is gone")
        except (nats.errors.Error, APIError, TimeoutError) as error:
            self.bound = False
            self._log(logging.WARNING, f"{self.following.durable} on {self.following.stream}: {error!r}")
            return False
        return True

    def _must_rewind(self, info: api.ConsumerInfo) -> bool:
        """Whether delivery has to start again right above what has been acknowledged.

        What a former copy took and never acknowledged would come only after ack_wait, behind younger events. Once we
        hold events ourselves it must not be done. Done, a late acknowledgement of that copy can push the floor above
        what was delivered since; then ours would be ignored, so it is done once more.
        """
        floor = info.ack_floor.consumer_seq if info.ack_floor else 0
        delivered = info.delivered.consumer_seq if info.delivered else 0
        return floor > delivered or bool(self._fresh and not self.held and info.num_ack_pending)

    async def _recover(self, reason: str) -> bool:
        try:
            await self._make_again(reason)
        except (nats.errors.Error, APIError, TimeoutError) as error:
            self._log(logging.WARNING, f"{self.following.durable} cannot be made again yet: {error!r}")
            return False
        self.bound = True
        return True

    async def _make_again(self, reason: str) -> None:
        await remake_consumer(self._js, self._topology, self.following)
        self._outstanding = 0
        self.rebounds += 1
        self._log(logging.WARNING, f"{self.following.durable} was made again from now on: {reason}")
        try:
            await self._on_rebound(self.following, reason)
        except Exception as error:  # the gap is found by the beacon too; following must go on
            self._log(logging.ERROR, f"told of the gap, {self.following.durable} failed", exc_info=error)

    async def _look(self) -> api.ConsumerInfo:
        return await self._js.consumer_info(self.following.stream, self.following.durable, timeout=2)

    async def _hand_over(self) -> None:
        pause = self._limits.retry_first
        while self._open:
            if not self._in_hand:
                if not self._buffer:
                    self._arrived.clear()
                    await self._arrived.wait()
                self._in_hand = self._next_batch()
                self._nudge.set()
            try:
                with self.lock:  # stop() waits for it
                    await self._handler(self._in_hand)
            except Exception as error:
                # Dropped, the batch would return only after ack_wait, behind younger ones. So it is kept.
                self.last_error = repr(error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._limits.retry_last)
                continue
            self._in_hand = []
            self.last_error = None
            pause = self._limits.retry_first

    def _next_batch(self) -> list[Msg]:
        first, size = self._buffer.popleft()
        batch = [first]
        while self._buffer and len(batch) < self._limits.messages and size + self._buffer[0][1] <= self._limits.bytes:
            msg, bytes_ = self._buffer.popleft()
            size += bytes_
            batch.append(msg)
        self._buffered_bytes -= size
        return batch


def _size(msg: Msg) -> int:
    return len(msg.data) + sum(len(name) + len(value) for name, value in (msg.headers or {}).items())


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
