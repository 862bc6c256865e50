"""Of two processes one works; the other takes over when it is killed or stands still."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import pytest
from chassis.lease import run_under_lease
from thidua.local.databases import Database

from tests.support.databases import DatabaseMaker
from tests.support.line import Line

PATIENCE = 30.0
"""Far above what takeover takes: the fact counts here, not the time."""


@asynccontextmanager
async def holder(database: Database, name: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chassis.lease_holder", database.dsn, name, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def says(process: asyncio.subprocess.Process, line: str) -> None:
    """Wait for a line among what the process writes; its log lines are passed over."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        while (heard := (await process.stdout.readline()).decode().strip()) != line:
            assert heard or process.returncode is None, "the process ended"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_another_process_takes_over_from_one_that_is_gone_or_stands_still(
    make_database: DatabaseMaker, how: signal.Signals
) -> None:
    database = await make_database("scoring")
    async with holder(database, "first") as first:
        await says(first, "first holds")
        async with holder(database, "second") as second:
            first.send_signal(how)
            await says(second, "second holds")
            if how is signal.SIGSTOP:
                first.send_signal(signal.SIGCONT)
                await says(first, "first lost")
                second.kill()
                await says(first, "first holds")


async def test_another_process_takes_over_from_one_whose_connection_is_cut_without_a_word(
    make_database: DatabaseMaker,
) -> None:
    database = await make_database("scoring")
    async with Line(database.port) as line:
        async with holder(replace(database, port=line.port), "first") as first:
            await says(first, "first holds")
            async with holder(database, "second") as second:
                line.cut()
                await says(second, "second holds")
                await says(first, "first lost")
                line.mend()
                second.kill()
                await says(first, "first holds")


async def test_work_stops_at_once_when_the_session_is_ended_and_begins_again(make_database: DatabaseMaker) -> None:
    database = await make_database("scoring")
    told: asyncio.Queue[str] = asyncio.Queue()

    async def work() -> None:
        told.put_nowait("begins")
        try:
            await asyncio.Event().wait()
        finally:
            told.put_nowait("ends")

    running = asyncio.ensure_future(run_under_lease(database.dsn, 71002, work))
    try:
        async with asyncio.timeout(PATIENCE):
            assert await told.get() == "begins"
            other = await asyncpg.connect(database.dsn)
            await other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 71002"
            )
            assert await told.get() == "ends"
            assert await told.get() == "begins"
            await other.close()
    finally:
        running.cancel()
        await asyncio.wait({running})


async def test_two_copies_have_one_worker_between_them(make_database: DatabaseMaker) -> None:
    database = await make_database("scoring")
    at_work = 0
    most = 0
    turns = asyncio.Semaphore(0)

    async def work() -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        try:
            turns.release()
            # It ends by itself: then the lease is given up, and the other copy may have it.
            await asyncio.sleep(0)
        finally:
            at_work -= 1

    copies = [asyncio.ensure_future(run_under_lease(database.dsn, 71002, work)) for _ in range(2)]
    try:
        async with asyncio.timeout(PATIENCE):
            for _ in range(4):
                await turns.acquire()
    finally:
        for copy in copies:
            copy.cancel()
        await asyncio.wait(copies)
    assert most == 1
