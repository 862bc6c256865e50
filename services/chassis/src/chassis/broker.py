"""The way to NATS: the FastStream broker of a service, reading events, asking and telling."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, cast

from faststream._internal.broker.registrator import Registrator
from faststream._internal.endpoint.subscriber.call_item import CallsCollection
from faststream.middlewares import AckPolicy
from faststream.nats import NatsBroker, PullSub
from faststream.nats.configs import NatsBrokerConfig
from faststream.nats.schemas import JStream
from faststream.nats.subscriber.config import NatsSubscriberConfig, NatsSubscriberSpecificationConfig
from faststream.nats.subscriber.specification import NatsSubscriberSpecification
from faststream.security import SASLPlaintext
from nats.aio.msg import Msg
from nats.js import api

from chassis import subjects
from chassis.link import Link
from chassis.pull import FollowSubscriber, Handler, OnRebound, PullLimits
from chassis.topology import Following, Topology
from chassis.wire import Wire, from_headers

Body = dict[str, Any]


def make_broker(
    servers: str | Iterable[str], user: str, password: str, link: Link, *, name: str | None = None, below: str = ""
) -> NatsBroker:
    """A broker that reconnects for ever and tells ``link`` how it fares; ``user`` also names the inbox.

    ``below`` is the own site where it lies below a hub.

    It has no telemetry middleware: the chassis starts the few spans that there are.
    """
    return NatsBroker(
        servers,
        name=name or user,
        security=SASLPlaintext(user, password),
        inbox_prefix=subjects.inbox(user, below),
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.25,  # type: ignore[arg-type]  # nats-py sleeps it as it comes
        ping_interval=5,
        drain_timeout=5,
        apply_types=False,
        ack_policy=AckPolicy.MANUAL,
        error_cb=link.error,
        disconnected_cb=link.disconnected,
        reconnected_cb=link.reconnected,
        closed_cb=link.shut,
        logger=logging.getLogger("chassis.nats"),
        log_level=logging.DEBUG,
    )


async def start_broker(broker: NatsBroker, link: Link) -> None:
    """Connect, and start what has been registered."""
    await broker.start()
    await link.connected()


def follow(
    broker: NatsBroker,
    topology: Topology,
    following: Following,
    handler: Handler,
    link: Link,
    on_rebound: OnRebound,
    limits: PullLimits | None = None,
) -> FollowSubscriber:
    """The subscriber of one followed log; ``async with follow(...)`` runs it.

    Not kept by the broker: it runs in the copy that holds the worker lease, as long as that lasts. ``handler`` gets
    messages in stream order and acknowledges the last of them (``acknowledge``) once it has committed.
    """
    limits = limits or PullLimits()
    calls: CallsCollection[list[Msg]] = CallsCollection()
    config = cast(NatsBrokerConfig, broker.config)  # composed of it, as FastStream itself casts it
    subscriber = FollowSubscriber(
        NatsSubscriberConfig(
            subject=following.stream,
            _outer_config=config,
            sub_config=api.ConsumerConfig(durable_name=following.durable, filter_subjects=[]),
            no_reply=True,
            _ack_policy=AckPolicy.MANUAL,
        ),
        NatsSubscriberSpecification(
            _outer_config=config,
            calls=calls,
            specification_config=NatsSubscriberSpecificationConfig(
                subject=following.stream,
                queue=None,
                title_=following.durable,
                description_=None,
                include_in_schema=True,
            ),
        ),
        calls,
        stream=JStream(name=following.stream, declare=False),
        pull_sub=PullSub(batch_size=limits.messages, batch=True),
        topology=topology,
        following=following,
        limits=limits,
        link=link,
        on_rebound=on_rebound,
        handler=handler,
    )
    Registrator.subscriber(broker, subscriber, persistent=False)
    subscriber(handler)  # without a call a subscriber never starts
    return subscriber


async def acknowledge(batch: list[Msg]) -> None:
    """One acknowledgement for a whole batch: the consumer's policy is ``all``."""
    await batch[-1].ack()


def parse_event(msg: Msg) -> Wire:
    """The event in a message. Raises NotAnEvent."""
    return from_headers(msg.headers, msg.data)


def hear(broker: NatsBroker, subject: str, handler: Callable[[Body], Awaitable[None]]) -> None:
    """Call ``handler`` with each JSON message on a core subject: beacons, marks, the clock. None of them is kept."""
    broker.subscriber(subject, no_reply=True)(handler)


def hear_wake(broker: NatsBroker, subject: str, woken: Callable[[], None]) -> None:
    """Call ``woken`` at each empty wake-up of the own relay."""

    async def wake(_: object) -> None:
        woken()

    broker.subscriber(subject, no_reply=True)(wake)


def answer(broker: NatsBroker, subject: str, handler: Callable[[Body], Awaitable[Body]], *, queue: str = "") -> None:
    """Answer JSON requests on a subject; copies of a service share them when ``queue`` is named."""
    broker.subscriber(subject, queue=queue)(handler)


async def ask(broker: NatsBroker, subject: str, body: Body, *, patience: float = 5.0) -> Body:
    """A JSON request and its answer, waited for ``patience`` seconds.

    Raises TimeoutError, or nats' NoRespondersError when nobody listens.
    """
    msg = await broker.connection.request(subject, json.dumps(body).encode(), timeout=patience)
    answered: Body = json.loads(msg.data)
    return answered


async def tell(broker: NatsBroker, subject: str, body: Body | None = None) -> None:
    """Say something on a core subject, whoever listens; without a body it is a mere wake-up."""
    await broker.connection.publish(subject, b"" if body is None else json.dumps(body).encode())
