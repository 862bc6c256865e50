"""A producer brought back from an older copy gets the end of its log from those who hold it, and says what is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
import pytest
from chassis import head_file, logread, restore, restore_prepare
from chassis.replay import differences
from chassis.restore_record import Order
from chassis.runtime import Runtime
from contracts.refusal import Refused
from thidua.local.databases import Database
from thidua.local.nats import EmbeddedNats

from tests.chassis.delivery import at_work_on, awake, caught_up, form, numbered, one, received_as_sent, rows
from tests.chassis.reader import Mood, reader_service
from tests.chassis.sample import sample_service
from tests.chassis.sites import eventually
from tests.chassis.test_gate import gated, head, judged, opened
from tests.support.databases import DatabaseMaker

VERSIONS = "SELECT subject, epoch, seq FROM chassis.aggregate WHERE subject NOT LIKE 'log:%'"
ASKED = Order("khôi phục từ bản sao lưu", "person:ky-thuat")


async def copied(make_database: DatabaseMaker, database: Database) -> Database:
    """A copy of a database as it is now, under another name: what a backup would bring back."""
    superuser = make_database._server.superuser  # type: ignore[attr-defined]
    name = f"{database.name}_copy"
    connection = await asyncpg.connect(superuser.dsn)
    try:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{database.name}" OWNER "{database.role}"')
        await connection.execute(f'GRANT CONNECT ON DATABASE "{name}" TO "{database.role}"')
    finally:
        await connection.close()
    return database.named(name)


async def restored(running: Runtime, order: Order = ASKED) -> None:
    assert running.inquiry is not None
    await eventually(lambda: "nats" not in running.health)
    async with restore.alone(running):
        prepared = await restore_prepare.prepare(running, running.inquiry, order)
        await restore.restore(running, running.inquiry, prepared)


async def log_of(running: Runtime) -> list[tuple[Any, ...]]:
    query = "SELECT seq, epoch, prev, hash, header, data FROM chassis.log ORDER BY seq"
    return [tuple(row) for row in await rows(running, query)]


async def keys_of(running: Runtime) -> list[tuple[Any, ...]]:
    query = "SELECT scope, key, status, epoch, first_seq, last_seq FROM chassis.idempotency ORDER BY 1, 2"
    return [tuple(row) for row in await rows(running, query)]


async def test_the_end_comes_back_verbatim_with_tables_keys_and_versions_and_all_goes_on(
    server: EmbeddedNats, make_database: DatabaseMaker, tmp_path: Path
) -> None:
    registry, file = await make_database("registry"), tmp_path / "registry.json"
    async with at_work_on(reader_service(Mood(), reacting=True), await make_database("scoring"), server) as reader:
        async with awake(sample_service(), registry) as producer:
            await form(producer, *numbered(3))
        backup = await copied(make_database, registry)
        async with at_work_on(sample_service(), registry, server, head_file=str(file)) as producer:
            await form(producer, *numbered(20, first=4), transaction=7)
            await caught_up(reader, producer)
            log, keys = await log_of(producer), await keys_of(producer)
            versions = await rows(producer, VERSIONS)
        settings = {"followed_by": "scoring", "head_file": str(file)}
        async with judged(sample_service(), backup, server.url, **settings) as producer:
            await gated(producer)
            await restored(producer)
            await opened(producer)
            assert (await log_of(producer))[:-1] == log
            assert set(keys) == set(await keys_of(producer))
            assert set(versions) == set(await rows(producer, VERSIONS))
            assert await differences(producer.engine, producer.service, "vn") == []
            (lost,) = await rows(producer, "SELECT epoch, from_seq, to_seq, opened FROM chassis.not_recovered")
            assert tuple(lost) == (1, 25, 24, 2)
            await form(producer, ("cum-moi", "Cụm mới"))
            await caught_up(reader, producer)
            assert await received_as_sent(reader, producer)
            assert await one(reader, "SELECT sum(times) FROM seen") == 24

            async def reacted_once_each() -> bool:
                return await one(reader, "SELECT count(*) FROM agreed") == 24

            await eventually(reacted_once_each)


async def test_a_follower_that_asks_while_the_gate_is_shut_waits_and_goes_on_when_the_log_is_whole(
    server: EmbeddedNats, make_database: DatabaseMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch_page, answered = logread.fetch_page, []

    async def noted(*asked: Any, **how: Any) -> logread.Page:
        try:
            return await fetch_page(*asked, **how)
        except logread.NobodyHas as nobody:
            answered.append(str(nobody))
            raise

    monkeypatch.setattr(logread, "fetch_page", noted)
    registry, scoring = await make_database("registry"), await make_database("scoring")
    settings: dict[str, Any] = {"followed_by": "scoring", "head_file": str(tmp_path / "registry.json")}
    async with at_work_on(reader_service(Mood()), scoring, server) as reader:
        async with awake(sample_service(), registry) as producer:
            await form(producer, *numbered(3))
        backup = await copied(make_database, registry)
        async with at_work_on(sample_service(), registry, server, **settings) as producer:
            await form(producer, *numbered(9, first=4))
            await caught_up(reader, producer)
    async with (
        judged(sample_service(), backup, server.url, **settings) as producer,
        at_work_on(reader_service(Mood()), scoring, server) as reader,
    ):
        await gated(producer)
        await eventually(lambda: any("its gate is shut" in said for said in answered))
        await restored(producer)
        await opened(producer)
        await form(producer, ("cum-moi", "Cụm mới"))
        await caught_up(reader, producer)
        assert await received_as_sent(reader, producer)
        assert await one(reader, "SELECT count(*) FROM chassis.fork") == 0
        assert "follower registry" not in reader.health


async def test_what_only_the_stream_holds_is_taken_from_it_and_what_nobody_holds_is_reported(
    server: EmbeddedNats, make_database: DatabaseMaker, tmp_path: Path
) -> None:
    registry, file = await make_database("registry"), tmp_path / "registry.json"
    async with awake(sample_service(), registry) as producer:
        await form(producer, *numbered(2))
    backup = await copied(make_database, registry)
    async with at_work_on(sample_service(), registry, server) as producer:
        await form(producer, *numbered(6, first=3))

        async def published() -> bool:
            return await one(producer, "SELECT max(seq) FROM chassis.relay_cursor") == 9

        await eventually(published)
        log = await log_of(producer)
    async with awake(sample_service(), registry) as producer:
        await form(producer, ("cum-mat", "chưa ai biết"))
        known = await head(producer)
    head_file.write(file, "vn.registry", known)
    async with judged(sample_service(), backup, server.url, head_file=str(file)) as producer:
        await gated(producer)
        await restored(producer)
        await opened(producer)
        assert (await log_of(producer))[:-1] == log
        (lost,) = await rows(producer, "SELECT epoch, from_seq, to_seq FROM chassis.not_recovered")
        assert tuple(lost) == (1, 10, 10)
        assert b'"not_recovered":[{"epoch":1,"from_seq":10,"to_seq":10}]' in (await log_of(producer))[-1][5]


async def test_a_silent_follower_has_to_be_named_and_is_named_in_the_log(
    server: EmbeddedNats, make_database: DatabaseMaker
) -> None:
    registry, wiped = await make_database("registry"), await make_database("registry")
    async with at_work_on(sample_service(), registry, server) as producer:
        await form(producer, *numbered(4))

        async def published() -> bool:
            return await one(producer, "SELECT max(seq) FROM chassis.relay_cursor") == 5

        await eventually(published)
    async with judged(sample_service(), wiped, server.url, followed_by="scoring", gate_seconds=0.1) as producer:
        await gated(producer)
        with pytest.raises(Refused, match="witness-silent"):
            await restored(producer)
        await restored(producer, Order("mất cả máy", "person:ky-thuat", without=("scoring",)))
        await opened(producer)
        assert await one(producer, "SELECT count(*) FROM cluster") == 4
        last = (await log_of(producer))[-1]
        assert (last[1], b'"silent":["scoring"]' in last[5]) == (2, True)


async def test_a_restore_that_was_cut_off_leaves_the_gate_shut_and_is_taken_up_again(
    server: EmbeddedNats, make_database: DatabaseMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, wiped = await make_database("registry"), await make_database("registry")
    async with at_work_on(reader_service(Mood()), await make_database("scoring"), server) as reader:
        async with at_work_on(sample_service(), registry, server) as producer:
            await form(producer, *numbered(30))
            await caught_up(reader, producer)

        async def dies(*_: object) -> None:
            raise ZeroDivisionError

        async with judged(sample_service(), wiped, server.url, followed_by="scoring") as producer:
            await gated(producer)
            with monkeypatch.context() as broken:
                broken.setattr(restore, "_open", dies)
                with pytest.raises(ZeroDivisionError):
                    await restored(producer)
        async with judged(sample_service(), wiped, server.url, followed_by="scoring") as producer:
            await eventually(lambda: producer.gate.restoring)
            with pytest.raises(Refused, match="log-not-opened"):
                await form(producer, ("cum-x", "không được ghi"))
            await restored(producer)
            await opened(producer)
            assert await one(producer, "SELECT count(*) FROM cluster") == 30
            await caught_up(reader, producer)
            assert await received_as_sent(reader, producer)


async def test_two_branches_are_never_chosen_between_by_the_machine(
    server: EmbeddedNats, make_database: DatabaseMaker
) -> None:
    registry, other = await make_database("registry"), await make_database("registry")
    async with awake(sample_service(), other) as producer:
        await form(producer, *numbered(3, first=50))
    async with at_work_on(reader_service(Mood()), await make_database("scoring"), server) as reader:
        async with at_work_on(sample_service(), registry, server) as producer:
            await form(producer, *numbered(5))
            await caught_up(reader, producer)
        async with judged(sample_service(), other, server.url, followed_by="scoring") as producer:
            await gated(producer)
            at = await head(producer)
            with pytest.raises(Refused, match="branches-differ"):
                await restored(producer)
            assert await head(producer) == at
