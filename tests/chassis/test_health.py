"""What is wrong with a part is shown under its name, in the place of its kind, until it has held for a while."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from chassis import patience, service, worker
from chassis.follower import Follower
from chassis.line import Line
from chassis.runtime import Runtime
from chassis.settings import Settings
from chassis.tending import Tasks

from tests.chassis.delivery import PUBLIC, at_work_on, awake, form, one
from tests.chassis.reader import Mood, reader_service
from tests.chassis.sample import sample_service
from tests.chassis.sites import eventually, site
from tests.support.databases import DatabaseMaker


@pytest.mark.parametrize("part", ["relay", "relay up.tinh-ban"])
async def test_what_broke_a_part_is_taken_back_once_it_has_held_here_or_towards_another_site(
    part: str, make_database: DatabaseMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "RECOVERED_SECONDS", 0.2)
    mended = asyncio.Event()

    async def step() -> None:
        if not mended.is_set():
            raise RuntimeError("broken")
        await asyncio.Event().wait()

    async with awake(sample_service(), await make_database("registry")) as running, Tasks() as tasks:
        shown, other = (running.apart, running.health) if "." in part else (running.health, running.apart)
        tasks.start(running.kept_up(part, step))
        await eventually(lambda: shown == {part: "RuntimeError: broken"})
        mended.set()
        await eventually(lambda: not shown)
        assert not other


async def test_what_a_part_says_of_itself_outlives_the_break_before(
    make_database: DatabaseMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "RECOVERED_SECONDS", 0.2)
    began = 0

    async with awake(sample_service(), await make_database("registry")) as running, Tasks() as tasks:

        async def step() -> None:
            nonlocal began
            began += 1
            if began == 1:
                raise RuntimeError("broken")
            running.report("relay", "the stream is full")
            await asyncio.sleep(0.5)
            began += 1
            await asyncio.Event().wait()

        tasks.start(running.kept_up("relay", step))
        await eventually(lambda: began == 3)
        assert running.health == {"relay": "the stream is full"}


async def test_what_breaks_a_follower_is_reported_and_it_begins_again_after_a_rest(
    tmp_path: Path, make_database: DatabaseMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = 0

    async def breaks(_broker: object, _topology: object, _following: object, follower: Follower, _link: object) -> None:
        nonlocal began
        began += 1
        try:
            raise RuntimeError("broken")
        finally:
            follower._stop()  # as its run does, however it ends

    monkeypatch.setattr(worker, "follow", breaks)
    async with site(tmp_path) as server:
        async with at_work_on(reader_service(Mood()), await make_database("scoring"), server) as reader:
            await eventually(lambda: reader.health.get("follower registry") == "RuntimeError: broken")
            assert began < 10


async def test_a_copy_whose_wakes_break_says_so_and_goes_on(
    tmp_path: Path, make_database: DatabaseMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    wakes, mended = Line.wake_relays, asyncio.Event()

    async def breaks(line: Line) -> None:
        if not mended.is_set():
            raise RuntimeError("unable to perform operation; the handler is closed")
        await wakes(line)

    monkeypatch.setattr(Line, "wake_relays", breaks)
    async with site(tmp_path) as server:
        async with at_work_on(sample_service(), await make_database("registry"), server) as running:
            await eventually(lambda: "waking relays" in running.health)
            mended.set()
            await form(running, ("cum-a", "A"))
            await eventually(lambda: one_relayed(running))


async def one_relayed(running: Runtime) -> bool:
    return bool(await one(running, "SELECT bool_and(c.seq = h.seq) FROM chassis.relay_cursor c, chassis.log_head h"))


async def test_a_service_that_falls_over_ends_its_process_instead_of_refusing_for_ever(
    make_database: DatabaseMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []

    @asynccontextmanager
    async def falls_over(_: Runtime) -> AsyncIterator[None]:
        yield
        raise RuntimeError("broken")

    monkeypatch.setattr(worker, "at_work", falls_over)
    monkeypatch.setattr(service.os, "kill", lambda _pid, number: ended.append(number))
    settings = Settings(database_url=(await make_database("registry")).url, token_public_key=PUBLIC)  # type: ignore[call-arg]
    app = sample_service().app(settings)
    with pytest.raises(RuntimeError, match="broken"):
        async with app.router.lifespan_context(app):
            assert ended == []
    assert ended == [signal.SIGTERM]
