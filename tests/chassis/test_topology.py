"""NATS is laid out as the topology says, drift is seen, and nobody can speak or listen in another's name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from chassis import subjects
from chassis.link import arrived
from chassis.rights import rights
from chassis.topology import OPS, PLAYER, Topology, consumer_config, stream_configs
from chassis.topology_changes import Drift, Found, Impossible, apply, find, plan, verify
from nats.js import api
from pydantic import ValidationError
from thidua.local.nats import EmbeddedNats

from tests.chassis.sites import TOPOLOGY, client, site

SERVICES = tuple(TOPOLOGY.services)
DEPLOYED = Path(__file__).parents[2] / "deploy" / "topology.yaml"
ALL = Found(
    stream_configs(TOPOLOGY),
    {
        (following.stream, following.durable): consumer_config(TOPOLOGY.consumers, following.durable)
        for following in TOPOLOGY.followings()
    },
)


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedNats]:
    async with site(tmp_path_factory.mktemp("site")) as running:
        yield running


async def refused(server: EmbeddedNats, user: str, *, publish: str = "", subscribe: str = "") -> bool:
    """Whether the server answers with a permission violation; it answers in order."""
    told: list[str] = []
    async with client(server, user, told) as connection:
        if publish:
            await connection.publish(publish, b"")
        else:
            await connection.subscribe(subscribe)
        await arrived(connection)
    return any("permissions violation" in line.lower() for line in told)


def test_the_deployed_topology_names_the_four_services_and_whom_they_follow() -> None:
    topology = Topology.load(DEPLOYED)
    assert set(topology.services) == {"registry", "scoring", "awards", "notify"}
    assert "notify-follows-awards" in {following.durable for following in topology.followings()}
    assert topology.users[-2:] == (OPS, PLAYER)


def test_following_a_service_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValidationError, match="ghost, which is no service"):
        Topology.model_validate({"site": "vn", "services": {"registry": {"follows": ["ghost"]}}})


def test_retention_outside_30_to_90_days_is_refused() -> None:
    with pytest.raises(ValidationError, match="max_age_days"):
        Topology.model_validate({"site": "vn", "services": {}, "streams": {"max_age_days": 7}})


def test_streams_of_different_trees_never_take_the_same_subject() -> None:
    everywhere = TOPOLOGY.model_copy(update={"trees": ("loc", "up", "down")})
    taken = [subject for config in stream_configs(everywhere).values() for subject in config.subjects or ()]
    assert len(taken) == len(set(taken)) == 9
    assert "up.*.registry.>" in taken


def test_nothing_is_planned_for_a_server_that_is_as_it_should_be() -> None:
    assert plan(TOPOLOGY, ALL) == []


def test_an_empty_server_gets_its_streams_before_its_consumers() -> None:
    changes = plan(TOPOLOGY, Found({}, {}))
    assert [change.durable is None for change in changes] == [True] * 3 + [False] * 4
    assert {change.verb for change in changes} == {"create"}


@pytest.mark.parametrize(
    ("field", "value", "verb"),
    [("ack_wait", 60.0, "update"), ("max_ack_pending", 10, "update"), ("ack_policy", api.AckPolicy.EXPLICIT, "remake"),
     ("filter_subject", "loc.vn.registry.unit.>", "remake")],
)  # fmt: skip
def test_a_consumer_that_cannot_be_changed_in_place_is_made_again(field: str, value: object, verb: str) -> None:
    key = ("loc-registry", "scoring-follows-registry")
    found = Found(ALL.streams, {**ALL.consumers, key: replace(ALL.consumers[key], **{field: value})})
    [change] = plan(TOPOLOGY, found)
    assert (change.verb, change.stream, change.durable) == (verb, *key)
    assert field in change.differences[0]


async def test_a_stream_on_another_storage_is_never_deleted_but_told() -> None:
    odd = replace(ALL.streams["loc-registry"], storage=api.StorageType.MEMORY)
    changes = plan(TOPOLOGY, Found({**ALL.streams, "loc-registry": odd}, ALL.consumers))
    assert [str(change) for change in changes] == ["impossible stream loc-registry: storage is memory, should be file"]
    with pytest.raises(Impossible, match="loc-registry"):
        await apply(None, TOPOLOGY, changes)  # type: ignore[arg-type]


async def test_applying_twice_changes_nothing_and_verify_sees_no_drift(server: EmbeddedNats) -> None:
    async with client(server, OPS) as ops:
        js = ops.jetstream()
        assert plan(TOPOLOGY, await find(js, TOPOLOGY)) == []
        assert await verify(js, TOPOLOGY) == []
        streams = await js.stream_info("loc-registry")
        assert streams.config.deny_delete
        assert streams.config.deny_purge
    async with client(server, "awards") as awards:
        assert await verify(awards.jetstream(), TOPOLOGY, "awards") == []


async def test_a_follower_that_makes_its_consumer_while_a_plan_is_carried_out_is_no_obstacle(
    server: EmbeddedNats,
) -> None:
    async with client(server, OPS) as ops:
        js = ops.jetstream()
        [following, *_] = TOPOLOGY.followings()
        planned = plan(TOPOLOGY, Found(ALL.streams, {}))
        await js.delete_consumer(following.stream, following.durable)
        from_now_on = consumer_config(TOPOLOGY.consumers, following.durable, api.DeliverPolicy.NEW)
        await js.add_consumer(following.stream, from_now_on)
        await apply(js, TOPOLOGY, planned)
        made = await js.consumer_info(following.stream, following.durable)
        assert made.config.deliver_policy == api.DeliverPolicy.NEW
        assert await verify(js, TOPOLOGY) == []


async def test_drift_is_seen_by_operations_and_by_the_service_it_concerns_and_mended(tmp_path: Path) -> None:
    async with site(tmp_path) as server, client(server, "root") as root, client(server, OPS) as ops:
        js = root.jetstream()
        await js.update_stream(replace(stream_configs(TOPOLOGY)["loc-registry"], max_age=86400 * 31))
        await js.delete_consumer("loc-scoring", "awards-follows-scoring")
        await js.add_consumer("loc-registry", consumer_config(TOPOLOGY.consumers, "stranger"))
        await js.delete_consumer("loc-registry", "scoring-follows-registry")
        await js.add_consumer(
            "loc-registry",
            replace(
                consumer_config(TOPOLOGY.consumers, "scoring-follows-registry"),
                ack_policy=api.AckPolicy.EXPLICIT,
            ),
        )
        stale = Drift("loc-registry", "max_age is 2678400.0, should be 5184000")
        drift = await verify(ops.jetstream(), TOPOLOGY)
        assert stale in drift
        assert Drift("loc-scoring/awards-follows-scoring", "missing") in drift
        assert Drift("loc-registry/stranger", "not in the topology") in drift
        assert {one.where for one in drift} >= {"loc-registry/scoring-follows-registry"}
        async with client(server, "awards") as awards:
            seen = await verify(awards.jetstream(), TOPOLOGY, "awards")
        assert seen == [stale, Drift("loc-scoring/awards-follows-scoring", "missing")]

        await apply(ops.jetstream(), TOPOLOGY, plan(TOPOLOGY, await find(ops.jetstream(), TOPOLOGY)))
        assert await verify(ops.jetstream(), TOPOLOGY) == [Drift("loc-registry/stranger", "not in the topology")]
        again = await js.consumer_info("loc-registry", "scoring-follows-registry")
        assert again.config.deliver_policy == api.DeliverPolicy.NEW


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_may_say_and_hear_what_is_its_own(server: EmbeddedNats, name: str) -> None:
    for subject in (f"loc.vn.{name}.unit.made.v1", f"beacon.vn.{name}", f"mark.vn.{name}", f"wake.vn.{name}"):
        assert not await refused(server, name, publish=subject)
    for subject in (f"log.vn.{name}.read", f"wake.vn.{name}", "beacon.vn.*", "mark.vn.*", "clock.vn"):
        assert not await refused(server, name, subscribe=subject)
    for producer in TOPOLOGY.services[name].follows:
        assert not await refused(server, name, publish=f"log.vn.{producer}.read")
        assert not await refused(server, name, subscribe=f"log.vn.{producer}.held.{name}")


@pytest.mark.parametrize("name", SERVICES)
async def test_no_service_can_speak_in_the_name_of_another(server: EmbeddedNats, name: str) -> None:
    for other in set(SERVICES) - {name}:
        own = f"{other}-follows-"
        foreign = [f"{tree}.vn.{other}.unit.made.v1" for tree in ("loc", "up", "down")]
        foreign += [f"beacon.vn.{other}", f"mark.vn.{other}", f"wake.vn.{other}"]
        for producer in TOPOLOGY.services[other].follows:
            consumer = f"loc-{producer}.{own}{producer}"
            foreign += [f"$JS.API.CONSUMER.{verb}.{consumer}" for verb in ("MSG.NEXT", "CREATE", "RESET", "DELETE")]
            foreign += [f"$JS.API.CONSUMER.DURABLE.CREATE.{consumer}", f"$JS.ACK.{consumer}.1.1.1.1.1"]
        foreign += [f"log.vn.{other}.held.{name}"]
        for subject in foreign:
            assert await refused(server, name, publish=subject), f"{name} may publish {subject}"


@pytest.mark.parametrize("name", SERVICES)
async def test_no_service_can_touch_streams_or_the_clock_or_other_sites(server: EmbeddedNats, name: str) -> None:
    streams = [
        f"$JS.API.STREAM.{verb}.loc-{service}"
        for verb in ("CREATE", "UPDATE", "DELETE", "PURGE", "MSG.DELETE", "MSG.GET")
        for service in SERVICES
        # Its own stream it may look into: the gate asks it for the end of the own log.
        if (verb, service) != ("MSG.GET", name)
    ]
    for subject in (*streams, "clock.vn", f"loc.hagiang.{name}.unit.made.v1", "$JS.API.STREAM.LIST", "anything"):
        assert await refused(server, name, publish=subject), f"{name} may publish {subject}"


@pytest.mark.parametrize("name", SERVICES)
async def test_no_service_can_listen_to_another(server: EmbeddedNats, name: str) -> None:
    for other in (set(SERVICES) | {OPS, PLAYER}) - {name}:
        for subject in (f"loc.vn.{other}.>", f"_INBOX_{other}.>", f"wake.vn.{other}", f"log.vn.{other}.read"):
            assert await refused(server, name, subscribe=subject), f"{name} may hear {subject}"
    for subject in (">", "loc.>", f"loc.vn.{name}.>", "_INBOX.>", "$JS.>"):
        assert await refused(server, name, subscribe=subject), f"{name} may hear {subject}"


async def test_the_player_tells_the_instant_and_nothing_else(server: EmbeddedNats) -> None:
    assert not await refused(server, PLAYER, publish="clock.vn")
    for subject in ("loc.vn.registry.unit.made.v1", "$JS.API.INFO", "log.vn.registry.read", "wake.vn.registry"):
        assert await refused(server, PLAYER, publish=subject)
    for subject in ("clock.vn", "beacon.vn.*", "loc.>"):
        assert await refused(server, PLAYER, subscribe=subject)


async def test_operations_lay_out_and_look_but_can_neither_say_nor_delete_an_event(server: EmbeddedNats) -> None:
    assert not await refused(server, OPS, publish="log.vn.registry.read")
    for subject in (
        "loc.vn.registry.unit.made.v1",
        "clock.vn",
        "$JS.API.STREAM.DELETE.loc-registry",
        "$JS.API.STREAM.PURGE.loc-registry",
        "$JS.API.STREAM.MSG.DELETE.loc-registry",
        "$JS.API.CONSUMER.MSG.NEXT.loc-registry.scoring-follows-registry",
        "$JS.ACK.loc-registry.scoring-follows-registry.1.1.1.1.1",
    ):
        assert await refused(server, OPS, publish=subject), f"ops may publish {subject}"


async def test_a_request_may_be_answered_though_the_inbox_is_another_users(server: EmbeddedNats) -> None:
    async with client(server, "registry") as registry, client(server, "scoring") as scoring:
        heard = asyncio.Event()

        async def reply(msg: object) -> None:
            heard.set()
            await msg.respond(b"page")  # type: ignore[attr-defined]

        await registry.subscribe(subjects.log_read("vn", "registry"), queue="registry", cb=reply)
        await arrived(registry)
        answered = await scoring.request(subjects.log_read("vn", "registry"), b"", timeout=5)
    assert answered.data == b"page"
    assert heard.is_set()


def test_a_user_that_the_topology_does_not_name_has_no_rights() -> None:
    with pytest.raises(KeyError):
        rights(TOPOLOGY, "stranger")
