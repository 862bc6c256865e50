"""What the broker promises: events keep their bytes, an acknowledgement counts only from the right stream,
people and machines can ask and tell, and FastStream is still what the subscriber was written against."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from chassis import subjects
from chassis.broker import (
    answer,
    ask,
    hear,
    hear_wake,
    make_broker,
    parse_event,
    start_broker,
    tell,
)
from chassis.link import Link, LinkEvent, arrived
from chassis.publisher import Acknowledged, Late, NotTaken, Publisher
from chassis.wire import NotAnEvent, from_headers
from contracts.envelope import event_hash
from faststream._internal.broker.registrator import Registrator
from faststream._internal.endpoint.subscriber.mixins import TasksMixin
from faststream._internal.endpoint.subscriber.supervisor import TaskCallbackSupervisor
from faststream._internal.endpoint.subscriber.usecase import SubscriberUsecase
from faststream.nats import NatsBroker
from faststream.nats.subscriber.usecases import BatchPullStreamSubscriber
from faststream.nats.subscriber.usecases.basic import LogicSubscriber
from nats.aio.client import Client
from nats.errors import NoRespondersError
from thidua.local.nats import EmbeddedNats

from tests.chassis.sites import answered, client, events, eventually, headers_of, send, site

RELIED_ON: dict[Callable[..., object], str] = {
    BatchPullStreamSubscriber.__init__: "739aa4cacb4d3410",
    BatchPullStreamSubscriber._create_subscription: "5ca725de40fc9a33",
    LogicSubscriber.__init__: "09dfa4799f731d76",
    LogicSubscriber.start: "415ad846c7a3b9bf",
    LogicSubscriber.stop: "7347a91e24f3dc66",
    SubscriberUsecase.start: "74b48e58ccdb44a1",
    SubscriberUsecase.stop: "4f6b071521e8c83d",
    TasksMixin.add_task: "d8cb19740c235171",
    TasksMixin.stop: "3f256125449f693d",
    TaskCallbackSupervisor.__call__: "de9d8f04f6b70b19",
    Registrator.subscriber: "852d8a58db03e671",
    NatsBroker.start: "a2206147b323ae8e",
    NatsBroker.stop: "d3eb5e041d360acf",
    Client._send_publish: "300b534f8eabee74",
    Client._send_command: "ed57e8e86389cf94",
    Client._flush_pending: "317c8d7ef54b90b7",
    Client._flusher: "43957ffb357d6d94",
}
"""Of FastStream what ``pull.py`` stands on, of nats-py what ``publisher.py`` does in its place for many messages."""


def digest(of: Callable[..., object]) -> str:
    return hashlib.sha256(inspect.getsource(of).encode()).hexdigest()[:16]


@pytest.mark.parametrize("method", RELIED_ON, ids=lambda method: method.__qualname__)
def test_libraries_are_still_what_subscriber_and_publisher_were_written_against(method: Callable[..., object]) -> None:
    assert digest(method) == RELIED_ON[method], (
        f"{method.__qualname__} of FastStream {version('faststream')} or nats-py {version('nats-py')} has changed: "
        "read it beside chassis/pull.py or chassis/publisher.py, run these tests, then write its new digest here"
    )


def test_libraries_are_pinned_to_the_versions_that_were_read() -> None:
    assert (version("faststream"), version("nats-py")) == ("0.7.8", "2.16.0")


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedNats]:
    async with site(tmp_path_factory.mktemp("site")) as running:
        yield running


async def test_an_event_arrives_byte_for_byte_with_its_place_and_its_trace(server: EmbeddedNats) -> None:
    [wire] = events("vn.scoring", data='{"lý do":"Đã họp: 7 tỉnh\\n"}  '.encode())
    header = wire.header[:-1] + ',"note":"Hội nghị: “tổng kết”\\r\\n\\t x:y\u2028 "}'.encode()
    wire = replace(wire, header=header, hash=event_hash(wire.prev, 1, 1, header, wire.data))
    async with client(server, "scoring") as scoring, client(server, "root") as root:
        heard = await root.subscribe("loc.>")
        await arrived(root)
        await send(scoring, [wire])
        msg = await heard.next_msg(timeout=10)
    told = parse_event(msg)
    assert told == replace(wire, traceparent=told.traceparent)
    assert wire.traceparent
    assert told.traceparent
    assert told.traceparent[:36] == wire.traceparent[:36]
    assert told.traceparent != wire.traceparent
    assert msg.subject == "loc.vn.scoring.log.epoch-opened.v1"
    headers = msg.headers or {}
    assert headers["ce-id"] == "vn.scoring:1:1"
    assert headers["Nats-Msg-Id"] == wire.hash.hex()
    assert all(name[3:].isalnum() and name.islower() for name in headers if name.startswith("ce-"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"thidua-prev": None}, "thidua-prev is missing"),
        ({"thidua-seq": "2"}, "is not 1:2"),
        ({"thidua-hash": "zz"}, "non-hexadecimal"),
        ({"thidua-hash": "00"}, "not 32 bytes"),
        ({"ce-id": "nonsense"}, "unpack"),
    ],
)
def test_a_message_that_is_no_event_says_why(change: dict[str, str | None], said: str) -> None:
    [wire] = events()
    headers = {name: value for name, value in {**headers_of(wire), **change}.items() if value is not None}
    with pytest.raises(NotAnEvent, match=said):
        from_headers(headers, wire.data)


async def test_an_event_sent_twice_is_kept_once_and_another_branch_of_the_log_is_not_swallowed(
    tmp_path: Path,
) -> None:
    [wire] = events()
    branch = replace(wire, data=b"[]", hash=event_hash(wire.prev, 1, 1, wire.header, b"[]"))
    async with site(tmp_path) as server, client(server, "registry") as registry:
        acks = await answered(registry, [wire, wire, branch])
    assert acks == [
        Acknowledged(0, 1, "loc-registry", 1),
        Acknowledged(0, 1, "loc-registry", 1, again=True),
        Acknowledged(0, 1, "loc-registry", 2),
    ]


async def test_an_acknowledgement_from_another_stream_does_not_count(tmp_path: Path) -> None:
    async with site(tmp_path) as server, client(server, "root") as root:
        js = root.jetstream()
        await js.delete_stream("loc-registry")
        await js.add_stream(name="impostor", subjects=["loc.*.registry.>"])
        [refused] = await answered(root, events())
        assert isinstance(refused, NotTaken)
        assert "expected stream does not match" in refused.reason
        assert (await js.stream_info("impostor")).state.messages == 0


async def test_an_acknowledgement_from_another_domain_does_not_count(server: EmbeddedNats) -> None:
    async with client(server, "registry") as registry:
        [refused] = await answered(registry, events(), domain="hub")
    assert refused == NotTaken(0, 1, "acknowledged by loc-registry in None")


async def test_a_publish_that_nobody_acknowledges_ends_at_its_own_deadline(server: EmbeddedNats) -> None:
    # `scoring` may not speak for registry: the server drops the message and says nothing to the inbox.
    async with client(server, "scoring") as scoring:
        publisher = Publisher(scoring, "vn.registry", "loc", seconds=0.2)
        await publisher.open()
        await publisher.send(7, events())
        assert not publisher.late()
        await asyncio.sleep(0.25)
        assert publisher.late() == [Late(7, (1,))]
        assert not publisher.late()


async def test_services_tell_ask_and_answer_through_plain_faststream(server: EmbeddedNats) -> None:
    beacons: list[dict[str, object]] = []
    woken = asyncio.Event()

    async def beacon(body: dict[str, object]) -> None:
        beacons.append(body)

    async def page(body: dict[str, object]) -> dict[str, object]:
        return {"events": [], "after": body["after"]}

    links = Link(), Link()
    registry = make_broker(server.url, "registry", "registry", links[0])
    scoring = make_broker(server.url, "scoring", "scoring", links[1])
    answer(registry, subjects.log_read("vn", "registry"), page, queue="registry")
    hear_wake(registry, subjects.wake("vn", "registry"), woken.set)
    hear(scoring, subjects.beacon("vn", "*"), beacon)
    await start_broker(registry, links[0])
    await start_broker(scoring, links[1])
    await arrived(registry.connection)
    await arrived(scoring.connection)
    try:
        assert await ask(scoring, subjects.log_read("vn", "registry"), {"after": 7}) == {"events": [], "after": 7}
        await tell(registry, subjects.wake("vn", "registry"))
        await tell(registry, subjects.beacon("vn", "registry"), {"log": "vn.registry", "seq": 3})
        await asyncio.wait_for(woken.wait(), 10)
        await eventually(lambda: beacons == [{"log": "vn.registry", "seq": 3}])
        await registry.stop()
        with pytest.raises(NoRespondersError):
            await ask(scoring, subjects.log_read("vn", "registry"), {"after": 7})
    finally:
        await scoring.stop()


async def test_the_link_tells_health_what_happens_to_the_connection_and_what_is_refused(tmp_path: Path) -> None:
    async with site(tmp_path) as server:
        link = Link()
        told: list[LinkEvent] = []
        end = link.listen(told.append)
        broker = make_broker(server.url, "scoring", "scoring", link)
        await start_broker(broker, link)
        await tell(broker, "clock.vn", {})
        await eventually(lambda: any("clock.vn" in refusal for refusal in link.refused))
        await server.stop()
        await eventually(lambda: not link.up)
        await server.start()
        await eventually(lambda: link.up)
        assert told == ["connected", "disconnected", "reconnected"]
        end()
        await broker.stop()
        assert link.closed
        assert told == ["connected", "disconnected", "reconnected"]
