"""While the own database is away or refuses, every request is told so soon, and what is sent again is done once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timezone

import asyncpg
import httpx
import pytest
import sqlalchemy as sa
from chassis.database import is_away, may_have_committed
from chassis.runtime import create_engine
from chassis.testing import Trial, trial
from sqlalchemy.exc import TimeoutError as PoolExhausted
from thidua.local.databases import Database
from thidua.local.folders import free_port

from tests.chassis.sample import sample_service
from tests.support.databases import DatabaseMaker

AT = datetime(2024, 1, 15, 2, 0, tzinfo=timezone.utc)
BODY = {"id": "cum-a", "name": "Cụm Á"}


@pytest.fixture
async def database(make_database: DatabaseMaker) -> Database:
    return await make_database("registry")


@pytest.fixture
async def sample(database: Database) -> AsyncIterator[Trial]:
    async with trial(sample_service(), database.url, AT, pool_size=2) as running:
        yield running


@pytest.fixture
async def beside(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """Another session of the same role, that may end those of the service."""
    connection = await asyncpg.connect(database.dsn)
    yield connection
    await connection.close()


async def end_sessions(beside: asyncpg.Connection, which: str = "true") -> int:
    return len(
        await beside.fetch(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            f" WHERE datname = current_database() AND pid <> pg_backend_pid() AND {which}"
        )
    )


def told(answer: httpx.Response) -> tuple[int, str]:
    assert int(answer.headers["retry-after"]) > 0
    return answer.status_code, answer.json()["type"].removeprefix("urn:thidua:problem:")


async def test_sessions_that_the_server_ended_meanwhile_cost_at_most_the_request_that_met_them(
    sample: Trial, beside: asyncpg.Connection
) -> None:
    assert (await sample.get("/clusters", by="an")).status_code == 200
    assert await end_sessions(beside) >= 1
    answers = [await sample.get("/clusters", by="an") for _ in range(3)]
    assert {told(answer) for answer in answers[:1] if answer.is_error} <= {(503, "database-unavailable")}
    assert [answer.status_code for answer in answers[1:]] == [200, 200]


async def test_a_database_that_takes_no_writes_is_told_as_unavailable_and_still_reads(
    sample: Trial, beside: asyncpg.Connection, database: Database
) -> None:
    await beside.execute(f'ALTER DATABASE "{database.name}" SET default_transaction_read_only = on')
    await end_sessions(beside)
    await sample.get("/clusters", by="an")
    assert told(await sample.post("/clusters", BODY, by="an", key="lan-gui-mot")) == (503, "database-unavailable")
    assert (await sample.get("/clusters", by="an")).status_code == 200
    await beside.execute(f'ALTER DATABASE "{database.name}" RESET default_transaction_read_only')
    await end_sessions(beside)
    await sample.get("/clusters", by="an")
    assert (await sample.post("/clusters", BODY, by="an", key="lan-gui-mot")).status_code == 201


async def test_a_database_that_nobody_reaches_is_told_at_once_for_reads_and_writes(sample: Trial) -> None:
    running = sample.runtime
    nowhere = create_engine(f"postgresql+asyncpg://registry:x@127.0.0.1:{free_port()}/registry", pool_size=2)
    kept = running.engine, running.alone
    running.engine, running.alone = nowhere, nowhere.execution_options(isolation_level="AUTOCOMMIT")
    answers = await asyncio.gather(
        *(sample.post("/clusters", BODY, by="an") for _ in range(5)), *(sample.get("/clusters", by="an") for _ in "ab")
    )
    assert {told(answer) for answer in answers} == {(503, "database-unavailable")}
    assert "Idempotency-Key" in answers[0].json()["todo"]
    running.engine, running.alone = kept
    assert (await sample.post("/clusters", BODY, by="an")).status_code == 201


async def test_a_write_cut_in_the_middle_says_that_it_may_stand_and_is_done_once_when_sent_again(
    sample: Trial, beside: asyncpg.Connection
) -> None:
    await sample.post("/clusters", {**BODY, "id": "cum-truoc"}, by="an")
    async with beside.transaction():
        await beside.execute("SELECT 1 FROM chassis.log_head FOR UPDATE")
        sending = asyncio.create_task(sample.post("/clusters", BODY, by="an", key="lan-gui-mot"))
        while not await end_sessions(beside, "wait_event_type = 'Lock'"):
            assert not sending.done()
        cut = await sending
    assert told(cut) == (503, "outcome-unknown")
    again = await sample.post("/clusters", BODY, by="an", key="lan-gui-mot")
    assert again.status_code == 201
    assert [fact.header.subjects for fact in await sample.events()].count(("cluster:cum-a",)) == 1


@pytest.mark.parametrize(
    ("state", "away", "may_stand"),
    [
        ("57P01", True, True),
        ("08006", True, True),
        ("57P03", True, False),
        ("53300", True, False),
        ("53100", True, False),
        ("25006", True, False),
        ("23505", False, False),
        ("40P01", False, False),
        ("42P01", False, False),
    ],
)
def test_what_the_server_says_tells_a_database_that_is_away_from_a_bug(state: str, away: bool, may_stand: bool) -> None:
    error = asyncpg.PostgresError("said")
    vars(error)["sqlstate"] = state
    assert (is_away(error), may_have_committed(error)) == (away, may_stand)


async def test_who_waits_too_long_for_a_connection_is_told_that_the_database_is_away(sample: Trial) -> None:
    engine = create_engine(sample.runtime.settings.database_url, pool_size=1, pool_seconds=0.05)
    try:
        async with engine.connect() as db:
            await db.execute(sa.text("SELECT 1"))
            with pytest.raises(PoolExhausted) as waited:
                async with engine.connect():
                    pass
            assert is_away(waited.value)
    finally:
        await engine.dispose()
