"""A reaction runs once per cause; what it needs and is not here yet makes it wait, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from chassis import reacting
from chassis.positions import Position
from chassis.runtime import Runtime

from tests.chassis.delivery import Producer, awake, clusters, follower_of, one, rows
from tests.chassis.reader import Mood, reader_service
from tests.support.databases import DatabaseMaker


@pytest.fixture
def mood() -> Mood:
    return Mood()


@pytest.fixture
async def reader(make_database: DatabaseMaker, mood: Mood) -> AsyncIterator[Runtime]:
    async with awake(reader_service(mood, reacting=True), await make_database("scoring")) as running:
        yield running


async def agreed(reader: Runtime) -> list[str]:
    return [row.rubric_id for row in await rows(reader, "SELECT rubric_id FROM agreed ORDER BY 1")]


async def waits(reader: Runtime) -> list[tuple[int, str]]:
    return [(row.seq, row.waiting_for) for row in await rows(reader, "SELECT * FROM chassis.wait ORDER BY seq")]


async def test_each_cause_is_reacted_to_once_and_named_by_what_was_recorded(reader: Runtime) -> None:
    log = clusters(("cum-a", "A"), ("cum-b", "B"))
    async with follower_of(reader, Producer(log)) as follower:
        await follower.take(log)
    await reacting.run_all(reader)
    await reacting.run_all(reader)
    assert await agreed(reader) == ["cum-a", "cum-b"]
    header = bytes(await one(reader, "SELECT header FROM chassis.log WHERE seq = 2")).decode()
    assert '"causation":"vn.registry:1:1"' in header
    assert f'"scope":"reaction","key":"agree:vn.registry:1:1#{log[0].hash.hex()[:16]}"' in header


async def test_a_crash_after_the_reaction_and_before_its_cursor_repeats_nothing(reader: Runtime) -> None:
    log = clusters(("cum-a", "A"))
    async with follower_of(reader, Producer(log)) as follower:
        await follower.take(log)
    await reacting.run_all(reader)
    head = await one(reader, "SELECT seq FROM chassis.log_head")
    async with reader.engine.begin() as db:
        await db.exec_driver_sql("DELETE FROM chassis.reaction_cursor")
    await reacting.run_all(reader)
    assert await one(reader, "SELECT seq FROM chassis.log_head") == head
    assert await one(reader, "SELECT seq FROM chassis.reaction_cursor") == 1


async def test_what_is_not_here_yet_makes_one_reaction_wait_and_no_other(reader: Runtime, mood: Mood) -> None:
    mood.waits_for["cum-a"] = "cum-z"
    log = clusters(("cum-a", "A"), ("cum-b", "B"), ("cum-z", "Z"))
    async with follower_of(reader, Producer(log[:2])) as follower:
        await follower.take(log[:2])
        await reacting.run_all(reader)
        assert await agreed(reader) == ["cum-b"]
        assert await waits(reader) == [(1, "cluster:cum-z")]
        await follower.take(log[2:])
        await reacting.run_all(reader)
    assert await agreed(reader) == ["cum-a", "cum-b", "cum-z"]
    assert await waits(reader) == []


async def test_a_refused_reaction_is_shown_with_its_rule_and_holds_up_no_other(reader: Runtime, mood: Mood) -> None:
    mood.says_no.add("cum-a")
    log = clusters(("cum-a", "A"), ("cum-b", "B"))
    async with follower_of(reader, Producer(log)) as follower:
        await follower.take(log)
    await reacting.run_all(reader)
    assert await agreed(reader) == ["cum-b"]
    assert await waits(reader) == [(1, "refused:not-now")]
    mood.says_no.clear()
    (reaction,) = reader.service.reactions
    assert await reacting.retry_waits(reader, reaction, refused_too=True)
    assert await agreed(reader) == ["cum-a", "cum-b"]


async def test_a_held_event_is_reacted_to_once_it_is_redriven(reader: Runtime, mood: Mood) -> None:
    mood.refuses.add("xấu")
    log = clusters(("cum-a", "xấu"), ("cum-b", "tốt"))
    async with follower_of(reader, Producer(log)) as follower:
        await follower.take(log)
        await reacting.run_all(reader)
        assert await agreed(reader) == ["cum-b"]
        assert await waits(reader) == [(1, "quarantine")]
        mood.refuses.clear()
        follower.redrive()
        await follower.take(log + clusters(("cum-c", "tốt"), after=Position.of(log[1])))
        await reacting.run_all(reader)
    assert await agreed(reader) == ["cum-a", "cum-b", "cum-c"]
    assert await waits(reader) == []


async def test_a_bug_keeps_the_cursor_before_its_event(reader: Runtime, mood: Mood) -> None:
    log = clusters(("cum-a", "A"), ("cum-b", "B"))
    async with follower_of(reader, Producer(log)) as follower:
        await follower.take(log)
    mood.says_no = None  # type: ignore[assignment]
    with pytest.raises(TypeError):
        await reacting.run_all(reader)
    assert await one(reader, "SELECT max(seq) FROM chassis.reaction_cursor") is None
    mood.says_no = set()
    await reacting.run_all(reader)
    assert await agreed(reader) == ["cum-a", "cum-b"]


async def test_a_cursor_that_people_set_back_amid_a_reaction_stays_back(
    reader: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = clusters(("cum-a", "A"), ("cum-b", "B"), ("cum-c", "C"))
    async with follower_of(reader, Producer(log)) as follower:
        await follower.take(log)
    react = reacting._run

    async def set_back_meanwhile(*about: Any, **more: Any) -> Any:
        done = await react(*about, **more)
        if about[2].seq == 2:
            async with reader.engine.begin() as db:
                await db.exec_driver_sql("UPDATE chassis.reaction_cursor SET seq = 0")
        return done

    monkeypatch.setattr(reacting, "_run", set_back_meanwhile)
    with pytest.raises(reacting.Again):
        await reacting.run_all(reader)
    assert await one(reader, "SELECT seq FROM chassis.reaction_cursor") == 0
    monkeypatch.undo()
    await reacting.run_all(reader)
    assert await agreed(reader) == ["cum-a", "cum-b", "cum-c"]
    assert await one(reader, "SELECT seq FROM chassis.reaction_cursor") == 3
