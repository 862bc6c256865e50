"""What a command costs does not grow with the tables, nor with how many commands there are."""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from chassis import clockwork, telling
from chassis import log as logs
from chassis.link import arrived
from chassis.work import Command, Work, service_act
from nats.aio.msg import Msg

from tests.chassis.delivery import at_work_on, awake, form, numbered, one
from tests.chassis.sample import formed, sample_service
from tests.chassis.sites import client, eventually, site
from tests.support.databases import DatabaseMaker

MANY = 3000
ROWS_READ = "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE (schemaname, relname) = ('chassis', 'aggregate')"


async def test_append_looks_up_what_is_guarded_by_key(make_database: DatabaseMaker) -> None:
    """PostgreSQL plans a statement of a function for its values five times, and from then on once for all."""
    async with awake(sample_service(), await make_database("registry")) as producer:
        await form(producer, *numbered(MANY), transaction=500)
        async with producer.alone.connect() as db:
            await db.exec_driver_sql("ANALYZE chassis.aggregate")
        async with producer.engine.begin() as db:
            for nr in range(8):
                act = service_act("registry", datetime(2024, 1, 15, tzinfo=timezone.utc))
                work = Work(db, Command("reaction", f"lần-{nr}", "0" * 64, act), 10 * MANY)
                await work.guard("cluster:cum-00007")
                work.record(formed(f"cum-moi-{nr}", "Cụm mới"), f"cluster:cum-moi-{nr}")
                before = await db.scalar(sa.text(ROWS_READ))
                await logs.append(db, work.facts, guarded=work.guarded)
                assert await db.scalar(sa.text(ROWS_READ)) == before, f"append {nr} has read the table through"


def test_who_looks_and_finds_nothing_rests_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    assert clockwork._rested(99.99) == pytest.approx(100 + 0.01 * clockwork.REST)
    assert clockwork._rested(90) == 100 + clockwork.LONGEST_REST
    assert clockwork._rested(99.99, did=True) == 100


async def test_beacons_are_told_a_few_times_a_second_however_many_commands_there_are(
    make_database: DatabaseMaker, tmp_path: Path
) -> None:
    heard: list[int] = []
    async with site(tmp_path) as server, client(server, "awards") as awards:

        async def hear(message: Msg) -> None:
            heard.append(json.loads(message.data)["seq"])

        await awards.subscribe("beacon.vn.*", cb=hear)
        await arrived(awards)
        async with at_work_on(sample_service(), await make_database("registry"), server) as producer:
            began = time.monotonic()
            await form(producer, *numbered(100))
            head = await one(producer, "SELECT seq FROM chassis.log_head")
            await eventually(lambda: head in heard)
            assert len(heard) <= 2 + (time.monotonic() - began) / telling.REST_SECONDS
