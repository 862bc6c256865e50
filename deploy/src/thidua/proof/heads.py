"""Asks a running site, over NATS as operations, where its logs stand and how far each follower holds them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats
import nats.errors
from chassis import subjects
from chassis.logread import MAX_EVENTS, Page, from_json
from chassis.topology import OPS, Topology
from nats.aio.client import Client

from thidua.local.addresses import Addresses
from thidua.local.nats import users_of
from thidua.local.topologies import topology_of
from thidua.proof.chain import Place
from thidua.proof.checkpoints import LogState

ASK_SECONDS = 10.0


@asynccontextmanager
async def as_ops(folder: Path, where: Addresses) -> AsyncIterator[Client]:
    """A connection with the rights of operations and no others."""
    topology = topology_of(where)
    password = users_of(topology, folder)[OPS].password
    inbox = subjects.inbox(OPS, topology.inbox_site).encode()
    client = await nats.connect(where.nats, user=OPS, password=password, inbox_prefix=inbox, connect_timeout=5)
    try:
        yield client
    finally:
        await client.close()


async def own_page(client: Client, site: str, service: str, after: int, limit: int = MAX_EVENTS) -> Page:
    """A page of a service's log from the service itself."""
    return await _page(client, subjects.log_read(site, service), f"{site}.{service}", after, limit)


async def mark_of(client: Client, site: str, service: str, follower: str) -> Place:
    """How far a follower has committed a service's log."""
    answer = await _page(client, subjects.log_held(site, service, follower), f"{site}.{service}", 2**62, 1)
    if answer.mark is None:
        raise ValueError(f"{follower} told no mark of {site}.{service}")
    return Place(answer.mark.epoch, answer.mark.seq, answer.mark.hash)


async def state_of(client: Client, topology: Topology, service: str) -> LogState:
    """Head and marks of a log; the marks are asked first, so that none lies beyond the head."""
    site = topology.site
    followers = {
        f"{site}.{name}": await mark_of(client, site, service, name) for name in topology.followers_of(service)
    }
    head = (await own_page(client, site, service, 2**62, 1)).head
    if head is None:
        raise ValueError(f"{service} told no head")
    return LogState(Place(head.epoch, head.seq, head.hash), followers)


async def _page(client: Client, subject: str, log: str, after: int, limit: int) -> Page:
    request = json.dumps({"log": log, "after_seq": after, "limit": limit}).encode()
    try:
        answer = await client.request(subject, request, timeout=ASK_SECONDS)
    except (nats.errors.Error, TimeoutError) as silent:
        raise nats.errors.Error(f"{subject}: không ai trả lời ({type(silent).__name__})") from silent
    return from_json(json.loads(answer.data))
