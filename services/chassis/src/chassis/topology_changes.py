"""Plan, apply and verify: what separates a NATS server from its topology, and how it is brought there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from nats.js import JetStreamContext, api
from nats.js.errors import APIError, NotFoundError

from chassis.topology import OPS, Following, SiteLink, Topology, consumer_config, stream_configs

_STREAM = (
    "subjects", "retention", "storage", "discard", "max_age", "max_bytes",
    "num_replicas", "duplicate_window", "deny_delete", "deny_purge",
)  # fmt: skip
_STREAM_FIXED = {"retention", "storage"}
_CONSUMER = (
    "ack_policy", "ack_wait", "max_deliver", "max_ack_pending", "replay_policy", "filter_subject", "deliver_subject",
)  # fmt: skip
_CONSUMER_CHANGEABLE = {"ack_wait", "max_deliver", "max_ack_pending"}


@dataclass(frozen=True)
class Found:
    """What a server has: streams by name, consumers by (stream, durable)."""

    streams: Mapping[str, api.StreamConfig]
    consumers: Mapping[tuple[str, str], api.ConsumerConfig]


@dataclass(frozen=True)
class Change:
    """One step towards the topology.

    ``remake``: a consumer that cannot be changed in place is deleted and made again with ``deliver_policy new``;
    ``impossible``: a stream that would have to be deleted, which nothing here ever does.
    """

    verb: Literal["create", "update", "remake", "impossible"]
    stream: str
    durable: str | None
    differences: tuple[str, ...] = ()

    def __str__(self) -> str:
        name = f"consumer {self.stream}/{self.durable}" if self.durable else f"stream {self.stream}"
        return f"{self.verb} {name}" + (f": {', '.join(self.differences)}" if self.differences else "")


@dataclass(frozen=True)
class Drift:
    """One way in which a server is not what the topology says."""

    where: str
    what: str


class Impossible(Exception):
    """A stream differs in a way that only deleting it could mend; people decide that."""


def plan(topology: Topology, found: Found) -> list[Change]:
    """The steps from what was found to the topology, streams first. Empty when there is nothing to do."""
    changes = []
    for name, wanted in stream_configs(topology).items():
        differs = _differences(_STREAM, wanted, found.streams.get(name))
        if differs is None:
            changes.append(Change("create", name, None))
        elif differs:
            verb: Literal["impossible", "update"] = "impossible" if _STREAM_FIXED & differs.keys() else "update"
            changes.append(Change(verb, name, None, tuple(differs.values())))
    for following in topology.followings():
        wanted_consumer = consumer_config(topology.consumers, following.durable)
        differs = _differences(_CONSUMER, wanted_consumer, found.consumers.get((following.stream, following.durable)))
        if differs is None:
            changes.append(Change("create", following.stream, following.durable))
        elif differs:
            mendable = differs.keys() <= _CONSUMER_CHANGEABLE
            changes.append(
                Change(
                    "update" if mendable else "remake",
                    following.stream,
                    following.durable,
                    tuple(differs.values()),
                )
            )
    return changes


async def find(js: JetStreamContext, topology: Topology) -> Found:
    """Everything on the server that ``ops`` may see."""
    streams = {info.config.name: info.config for info in await js.streams_info() if info.config.name}
    consumers = {}
    for stream in stream_configs(topology).keys() & streams.keys():
        for info in await js.consumers_info(stream):
            consumers[(stream, info.name)] = info.config
    return Found(streams, consumers)


async def find_of(js: JetStreamContext, topology: Topology, service: str) -> Found:
    """What one service may see: its own streams, those it follows, and its own consumers on them."""
    seen = _seen_by(topology, service)
    streams, consumers = {}, {}
    for name in stream_configs(seen):
        try:
            streams[name] = (await js.stream_info(name)).config
        except NotFoundError:
            continue
    for following in seen.followings():
        try:
            info = await js.consumer_info(following.stream, following.durable)
        except NotFoundError:
            continue
        consumers[(following.stream, following.durable)] = info.config
    return Found(streams, consumers)


async def apply(js: JetStreamContext, topology: Topology, changes: Iterable[Change]) -> None:
    """Carry out a plan, in its order. Raises Impossible before anything is touched."""
    changes = list(changes)
    if refused := [str(change) for change in changes if change.verb == "impossible"]:
        raise Impossible("; ".join(refused))
    streams = stream_configs(topology)
    for change in changes:
        if change.durable is not None:
            await _apply_consumer(js, topology, change, change.durable)
        elif change.verb == "create":
            await js.add_stream(streams[change.stream])
        else:
            await js.update_stream(streams[change.stream])


async def verify(js: JetStreamContext, topology: Topology, user: str = OPS) -> list[Drift]:
    """Every drift that ``user`` can see: all for ``ops``, what concerns it for a service. Changes nothing."""
    if user == OPS:
        found = await find(js, topology)
        return [_drift(change) for change in plan(topology, found)] + _unknown(topology, found)
    found = await find_of(js, topology, user)
    return [_drift(change) for change in plan(_seen_by(topology, user), found)]


async def remake_consumer(js: JetStreamContext, topology: Topology, following: Following) -> None:
    """Make a consumer again from now on. What it missed is fetched from the producer's log."""
    with suppress(NotFoundError):  # lost already, which is why it is made again
        await js.delete_consumer(following.stream, following.durable)
    await js.add_consumer(
        following.stream, consumer_config(topology.consumers, following.durable, api.DeliverPolicy.NEW)
    )


async def _apply_consumer(js: JetStreamContext, topology: Topology, change: Change, durable: str) -> None:
    if change.verb == "remake":
        follower, producer = durable.split("-follows-")
        await remake_consumer(js, topology, Following(follower, producer, change.stream, durable))
        return
    wanted = consumer_config(topology.consumers, durable)
    try:
        await js.add_consumer(change.stream, wanted)
    except APIError:
        # It is there: changed in place, or made again by its follower while the plan was carried out. The server
        # refuses another deliver_policy, and the two that occur are both right.
        has = (await js.consumer_info(change.stream, durable)).config
        await js.add_consumer(change.stream, replace(wanted, deliver_policy=has.deliver_policy))


def _seen_by(topology: Topology, service: str) -> Topology:
    """The part of a topology that concerns one service: itself and those it follows, who follow nobody here."""
    own = topology.services[service]
    followed = {producer: own.model_copy(update={"follows": ()}) for producer in own.follows}
    links = {site: SiteLink(up=(service,) if service in link.up else ()) for site, link in topology.hub_of.items()}
    return topology.model_copy(update={"services": {**followed, service: own}, "links": links})


def _differences(fields: Iterable[str], wanted: Any, has: Any) -> dict[str, str] | None:
    """Field to what differs in words; None when there is nothing to compare with."""
    if has is None:
        return None
    pairs = {field: (getattr(has, field) or None, getattr(wanted, field) or None) for field in fields}
    return {
        field: f"{field} is {_plain(is_)}, should be {_plain(should)}"
        for field, (is_, should) in pairs.items()
        if is_ != should
    }


def _plain(value: Any) -> str:
    return "not set" if value is None else str(getattr(value, "value", value))


def _drift(change: Change) -> Drift:
    where = f"{change.stream}/{change.durable}" if change.durable else change.stream
    return Drift(where, "missing" if change.verb == "create" else "; ".join(change.differences))


def _unknown(topology: Topology, found: Found) -> list[Drift]:
    streams = stream_configs(topology)
    consumers = {(following.stream, following.durable) for following in topology.followings()}
    return [Drift(name, "not in the topology") for name in sorted(found.streams.keys() - streams.keys())] + [
        Drift(f"{stream}/{name}", "not in the topology") for stream, name in sorted(found.consumers.keys() - consumers)
    ]
