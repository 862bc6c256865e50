"""Every login of a running site tried from the others': nobody reads, speaks, answers or pulls for anybody else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from itertools import permutations

import asyncpg
import httpx
import nats
import pytest
from chassis import subjects
from chassis.link import arrived
from chassis.topology import OPS, PLAYER
from nats.aio.client import Client
from thidua.demo.api import Api
from thidua.demo.stage import ADMINISTRATOR, Stage
from thidua.local.site import Site
from thidua.services import SERVICES

from contracts import catalogue

PAIRS = list(permutations(SERVICES, 2))
TREES = ("loc", "up", "down")


@asynccontextmanager
async def connected(site: Site, user: str) -> AsyncIterator[tuple[Client, list[str]]]:
    """A connection with a user's own password, and what the server refuses it."""
    refused: list[str] = []

    async def told(error: Exception) -> None:
        refused.append(str(error).lower())

    client = await nats.connect(
        site.nats.url,
        user=user,
        password=site.nats_password(user),
        inbox_prefix=subjects.inbox(user).encode(),
        error_cb=told,
    )
    try:
        yield client, refused
    finally:
        await client.close()


async def allowed_to_publish(site: Site, user: str, wanted: Iterable[str]) -> list[str]:
    """Of these subjects, those that the server lets the user publish on. Bodies are empty, so nobody acts on them."""
    wanted = list(wanted)
    async with connected(site, user) as (client, refused):
        for subject in wanted:
            await client.publish(subject, b"")
        await arrived(client)
        return [subject for subject in wanted if not any(f'publish to "{subject.lower()}"' in line for line in refused)]


async def allowed_to_hear(site: Site, user: str, wanted: Iterable[str]) -> list[str]:
    wanted = list(wanted)
    async with connected(site, user) as (client, refused):
        for subject in wanted:
            await client.subscribe(subject)
        await arrived(client)
        return [
            subject for subject in wanted if not any(f'subscription to "{subject.lower()}"' in line for line in refused)
        ]


def events_of(site: Site, service: str) -> list[str]:
    """Every subject on which a service's events travel."""
    return [
        entry.subject(tree, site.topology.site, service)
        for entry in catalogue.all_entries()
        if entry.owner == service
        for tree in TREES
    ]


def voice_of(site: Site, service: str) -> list[str]:
    """Beacon, marks and wake-ups: what only the service itself may say."""
    name = site.topology.site
    return [subjects.beacon(name, service), subjects.mark(name, service), subjects.wake(name, service)]


def pulls_of(site: Site, service: str) -> list[str]:
    """All that one does with a service's consumers: pull, look, acknowledge, make, remove."""
    found = []
    for following in site.topology.followings():
        if following.follower == service:
            consumer = f"{following.stream}.{following.durable}"
            found += [f"$JS.API.CONSUMER.{verb}.{consumer}" for verb in ("MSG.NEXT", "CREATE", "DELETE", "INFO")]
            found.append(f"$JS.ACK.{consumer}.1.1.1.1.1")
    return found


@pytest.mark.parametrize(("name", "other"), PAIRS)
async def test_no_services_role_gets_into_anothers_database(site: Site, name: str, other: str) -> None:
    own = site.environment(name)["THIDUA_DATABASE_URL"].replace("+asyncpg", "")
    connection = await asyncpg.connect(own)
    await connection.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(own.rpartition("/")[0] + f"/{other}")


async def test_no_services_role_gets_into_the_servers_shared_databases(site: Site) -> None:
    for name in SERVICES:
        own = site.environment(name)["THIDUA_DATABASE_URL"].replace("+asyncpg", "")
        for shared in ("postgres", "template1"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(own.rpartition("/")[0] + f"/{shared}")


@pytest.mark.parametrize("name", SERVICES)
async def test_the_auditor_reads_and_writes_nothing(site: Site, name: str) -> None:
    connection = await asyncpg.connect(site.audit(name).dsn)
    try:
        assert await connection.fetchval("SELECT count(*) FROM chassis.log") > 0
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("UPDATE chassis.log_head SET seq = 0")
        await connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE chassis.log_head SET seq = 0")
    finally:
        await connection.close()


@pytest.mark.parametrize(("name", "other"), PAIRS)
async def test_no_service_speaks_in_anothers_name(site: Site, name: str, other: str) -> None:
    foreign = [*events_of(site, other), *voice_of(site, other)]
    assert len(foreign) > 20
    assert await allowed_to_publish(site, name, foreign) == []


@pytest.mark.parametrize(("name", "other"), PAIRS)
async def test_no_service_pulls_acknowledges_or_removes_for_another(site: Site, name: str, other: str) -> None:
    assert await allowed_to_publish(site, name, pulls_of(site, other)) == []


@pytest.mark.parametrize(("name", "other"), PAIRS)
async def test_no_service_answers_for_anothers_log_or_listens_to_it(site: Site, name: str, other: str) -> None:
    vn = site.topology.site
    foreign = [subjects.log_read(vn, other), subjects.wake(vn, other), f"{subjects.inbox(other)}.>"]
    foreign += [subjects.log_held(vn, producer, other) for producer in SERVICES]
    foreign += [f"{tree}.{vn}.{other}.>" for tree in TREES]
    assert await allowed_to_hear(site, name, foreign) == []


async def test_no_service_publishes_the_instant_or_lays_out_streams(site: Site) -> None:
    laying_out = [
        f"$JS.API.STREAM.{verb}.loc-{service}"
        for verb in ("CREATE", "UPDATE", "DELETE", "PURGE", "MSG.DELETE")
        for service in SERVICES
    ]
    for name in SERVICES:
        assert await allowed_to_publish(site, name, [subjects.clock(site.topology.site), *laying_out]) == []


async def test_what_each_service_may_say_and_hear_for_itself_is_let_through(site: Site) -> None:
    """Else the refusals above would prove nothing but a closed door."""
    for name in SERVICES:
        own = [subject for subject in voice_of(site, name) if "wake" in subject]
        own += [subject for subject in pulls_of(site, name) if ".INFO." in subject]
        assert await allowed_to_publish(site, name, own) == own
        heard = [subjects.beacon("vn", "*"), subjects.log_read("vn", name), subjects.clock("vn")]
        assert await allowed_to_hear(site, name, heard) == heard


async def test_the_player_publishes_the_instant_and_nothing_else(site: Site) -> None:
    foreign = [*(subject for name in SERVICES for subject in (*events_of(site, name), *voice_of(site, name)))]
    foreign += [f"log.vn.{name}.read" for name in SERVICES]
    foreign += ["$JS.API.INFO", "$JS.API.STREAM.LIST"]
    clock = subjects.clock(site.topology.site)
    assert await allowed_to_publish(site, PLAYER, [*foreign, clock]) == [clock]
    assert await allowed_to_hear(site, PLAYER, ["loc.>", clock, "beacon.vn.*", ">"]) == []


async def test_operations_can_neither_say_an_event_nor_take_one_away(site: Site) -> None:
    foreign = [subject for name in SERVICES for subject in (*events_of(site, name), *voice_of(site, name))]
    foreign += [f"$JS.API.STREAM.{verb}.loc-{name}" for verb in ("DELETE", "PURGE", "MSG.DELETE") for name in SERVICES]
    foreign += [
        subject for name in SERVICES for subject in pulls_of(site, name) if ".MSG.NEXT." in subject or "ACK" in subject
    ]
    foreign.append(subjects.clock(site.topology.site))
    assert await allowed_to_publish(site, OPS, foreign) == []
    assert await allowed_to_hear(site, OPS, ["loc.>", subjects.log_read("vn", "registry"), ">"]) == []


async def test_only_services_on_databases_marked_demo_obey_a_published_instant(
    site: Site, stage: Stage, wall_site: Site
) -> None:
    clock = subjects.clock("vn")
    # A day before the demo's instant: a demo clock that hears it does not go back, and its year is not disturbed.
    instant = stage.time.now - timedelta(days=1)
    async with connected(wall_site, PLAYER) as (player, refused):
        await player.publish(clock, json.dumps({"at": instant.isoformat()}).encode())
        await arrived(player)
    assert refused == []
    assert await listeners(site, clock) == len(SERVICES)
    assert await listeners(wall_site, clock) == 0
    async with Api(wall_site.addresses, {ADMINISTRATOR: wall_site.bootstrap_password}) as api:
        for state in (await api.states(ADMINISTRATOR)).values():
            assert not state["demo"]
            assert abs(datetime.fromisoformat(state["clock"]) - datetime.now(timezone.utc)) < timedelta(minutes=1)


async def listeners(site: Site, subject: str) -> int:
    """How many subscriptions the server would deliver a message on this subject to."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{site.nats.monitoring}", trust_env=False) as http:
        told = (await http.get("/subsz", params={"subs": 1, "test": subject, "limit": 10_000})).json()
    return len([one for one in told.get("subscriptions_list") or [] if one["subject"] == subject])
