"""Poison is held with its reason, with all that shares a subject with it; the rest flows; redrive and discard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from chassis import held as held_rows
from chassis import quarantine, replay
from chassis.ids import new_id
from chassis.positions import Position
from chassis.runtime import Runtime
from chassis.work import Command, Work, service_act
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
    one,
    rows,
)
from tests.chassis.reader import Mood, reader_service
from tests.chassis.sample import formed, sample_service
from tests.chassis.sites import eventually, site
from tests.support.databases import DatabaseMaker

pytestmark = pytest.mark.every_backend


@pytest.fixture
async def server(tmp_path: Path, backend: str) -> AsyncIterator[EmbeddedNats]:
    async with site(tmp_path, backend=backend) as running:
        yield running


@pytest.fixture
async def producer(server: EmbeddedNats, make_database: DatabaseMaker) -> AsyncIterator[Runtime]:
    async with at_work_on(sample_service(), await make_database("registry"), server) as running:
        yield running


async def seen(reader: Runtime) -> dict[str, str]:
    return {row.cluster_id: row.name for row in await rows(reader, "SELECT cluster_id, name FROM seen WHERE times = 1")}


async def held(reader: Runtime) -> list[tuple[int, str, str]]:
    found = await rows(reader, "SELECT seq, kind, rule FROM chassis.quarantine ORDER BY seq")
    return [tuple(row) for row in found]


async def test_a_refused_event_is_held_with_those_that_share_its_subject_and_all_else_flows_until_newer_code_takes_it(
    server: EmbeddedNats, producer: Runtime, make_database: DatabaseMaker
) -> None:
    mood = Mood(refuses={"xấu"})
    async with at_work_on(reader_service(mood), await make_database("scoring"), server) as reader:
        await form(producer, ("cum-a", "tốt"), ("cum-b", "xấu"), ("cum-c", "tốt"), transaction=3)
        await form(producer, ("cum-b", "đã sửa"), ("cum-d", "tốt"), transaction=2)
        await caught_up(reader, producer)
        assert await seen(reader) == {"cum-a": "tốt", "cum-c": "tốt", "cum-d": "tốt"}
        assert await held(reader) == [(3, "refused", "cluster-unfit"), (5, "behind", "behind")]
        async with reader.engine.connect() as db:
            listed = await quarantine.list_held(db)
        assert [item.subjects for item in listed] == [["cluster:cum-b"], ["cluster:cum-b"]]
        assert "vn.registry:1:3" in listed[1].reason

        mood.refuses.clear()
        reader.ask_redrive()

        async def released() -> bool:
            return await held(reader) == []

        await eventually(released)
        assert await one(reader, "SELECT name || times FROM seen WHERE cluster_id = 'cum-b'") == "đã sửa2"
        assert await replay.differences(reader.engine, reader.service, "vn") == []


async def test_what_no_model_can_read_is_held_with_its_kind_and_without_a_readable_header_it_alone(
    make_database: DatabaseMaker,
) -> None:
    good = event(formed("cum-a", "tốt"), "cluster:cum-a")
    future = (good[0].replace(b"cluster-formed.v1", b"cluster-formed.v9"), good[1])
    other = event(formed("cum-b", "tốt"), "cluster:cum-b")
    log = chain(
        event(formed("cum-c", "tốt"), "cluster:cum-c"),
        future,
        (other[0], b'{"cluster_id": 7}'),
        (b"{no json}", b"{}"),
        good,
        event(formed("cum-c", "tốt hơn"), "cluster:cum-c"),
    )
    async with awake(reader_service(Mood()), await make_database("scoring")) as reader:
        async with follower_of(reader, Producer(log)) as follower:
            await follower.take(log)
        assert await held(reader) == [
            (2, "version", "unreadable-version"),
            (3, "schema", "unreadable-schema"),
            (4, "schema", "unreadable-schema"),
            (5, "behind", "behind"),
        ]
        assert await rows(reader, "SELECT * FROM seen") == [("cum-c", "tốt hơn", 2)]
        assert await one(reader, "SELECT subjects FROM chassis.quarantine WHERE seq = 4") == []


async def test_a_bug_holds_the_batch_and_no_event_is_blamed_or_skipped(
    server: EmbeddedNats, producer: Runtime, make_database: DatabaseMaker
) -> None:
    mood = Mood(breaks={"hỏng"})
    async with at_work_on(reader_service(mood), await make_database("scoring"), server) as reader:
        await form(producer, ("cum-a", "hỏng"))
        await eventually(lambda: "follower registry" in reader.health)
        assert await held(reader) == []
        assert await seen(reader) == {}
        mood.breaks.clear()
        await caught_up(reader, producer)
        assert await seen(reader) == {"cum-a": "hỏng"}
        await eventually(lambda: "follower registry" not in reader.health)


async def test_a_discard_names_person_and_reason_frees_what_waited_and_binds_replay(
    server: EmbeddedNats, producer: Runtime, make_database: DatabaseMaker
) -> None:
    mood = Mood(refuses={"xấu"})
    async with at_work_on(reader_service(mood), await make_database("scoring"), server) as reader:
        await form(producer, ("cum-b", "xấu"), ("cum-b", "đã sửa"))
        await caught_up(reader, producer)
        assert [seq for seq, _, _ in await held(reader)] == [2, 3]

        async def discard(work: Work) -> None:
            await quarantine.discard(work, "vn.registry", 1, 2, "nhập trùng")

        act = service_act("scoring", reader.clock.now())
        command = Command("test", new_id(), "0" * 64, act.model_copy(update={"typed_by": "person:hoa"}))
        await reader.performer.perform(command, discard)

        async def freed() -> bool:
            return await held(reader) == []

        await eventually(freed)
        assert await seen(reader) == {"cum-b": "đã sửa"}
        data = bytes(await one(reader, "SELECT data FROM chassis.log ORDER BY seq DESC LIMIT 1")).decode()
        assert '"reason":"nhập trùng"' in data
        assert '"by":"person:hoa"' in data
        assert await replay.differences(reader.engine, reader.service, "vn") == []


async def test_a_fresh_start_with_newer_code_tries_what_is_held_again(
    server: EmbeddedNats, producer: Runtime, make_database: DatabaseMaker
) -> None:
    database = await make_database("scoring")
    async with at_work_on(reader_service(Mood(refuses={"xấu"})), database, server) as reader:
        await form(producer, ("cum-b", "xấu"))
        await caught_up(reader, producer)
    async with awake(reader_service(Mood()), database) as reader:
        assert len(await held(reader)) == 1
    async with at_work_on(reader_service(Mood()), database, server) as reader:

        async def taken() -> bool:
            return await held(reader) == [] and await seen(reader) == {"cum-b": "xấu"}

        await eventually(taken)


async def test_a_redrive_goes_page_by_page_and_what_waits_on_an_earlier_page_holds_up_a_later_one(
    make_database: DatabaseMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_rows, "PAGE", 1)
    mood = Mood(refuses={"xấu"})
    log = clusters(("cum-b", "xấu"), ("cum-a", "tốt"), ("cum-b", "đã sửa"), ("cum-b", "lần nữa"))
    async with awake(reader_service(mood), await make_database("scoring")) as reader:
        async with follower_of(reader, Producer(log)) as follower:
            await follower.take(log)
            still = [(1, "refused", "cluster-unfit"), (3, "behind", "behind"), (4, "behind", "behind")]
            assert await held(reader) == still
            follower.redrive()
            more = clusters(("cum-c", "tốt"), after=Position.of(log[-1]))
            await follower.take(more)
            assert await held(reader) == still
            mood.refuses.clear()
            follower.redrive()
            await follower.take(clusters(("cum-d", "tốt"), after=Position.of(more[-1])))
        assert await held(reader) == []
        assert await one(reader, "SELECT name || times FROM seen WHERE cluster_id = 'cum-b'") == "lần nữa3"
