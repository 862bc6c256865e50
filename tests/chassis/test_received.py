"""What was received lies in partitions by month, also what came before its month's partition was made."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
import sqlalchemy as sa
from chassis import received
from chassis.migrate import upgrade
from chassis.positions import Position
from chassis.runtime import create_engine
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.chassis.delivery import clusters
from tests.chassis.sample import sample_service
from tests.support.databases import DatabaseMaker


@pytest.fixture
async def engine(make_database: DatabaseMaker):
    made = create_engine((await make_database("registry")).url, pool_size=2)
    await upgrade(made, sample_service().package)
    yield made
    await made.dispose()


async def where(engine: AsyncEngine) -> list[tuple[int, str]]:
    async with engine.connect() as db:
        rows = await db.execute(sa.text("SELECT seq, tableoid::regclass::text FROM chassis.received ORDER BY seq"))
        return [tuple(row) for row in rows]


async def test_events_that_a_quick_follower_kept_move_into_their_months_partition(engine: AsyncEngine) -> None:
    first, second = clusters(("cum-a", "Cụm A"), ("cum-b", "Cụm B"))
    today = datetime.now(timezone.utc).date()
    async with engine.begin() as db:
        await received.place_mark(db, "vn.registry")
        await received.keep_batch(db, "vn.registry", Position.start("vn.registry"), [first], [])
    assert await where(engine) == [(1, "received_default")]
    for _ in range(2):
        async with engine.begin() as db:
            await received.make_partitions(db, today)
    async with engine.begin() as db:
        await received.keep_batch(db, "vn.registry", Position.of(first), [second], [])
        assert await received.hashes(db, "vn.registry", [1, 2]) == {1: (1, first.hash), 2: (1, second.hash)}
    month = f"received_{today:%Y_%m}"
    assert await where(engine) == [(1, month), (2, month)]
