"""What was done about events of a branch that people did not keep says nothing of those that stand in their places."""

from __future__ import annotations

from collections.abc import Sequence

from chassis import forks, own_log, quarantine, reacting, replay
from chassis import log as logs
from chassis.facts import Stored
from chassis.ids import new_id
from chassis.positions import Position
from chassis.runtime import Runtime
from chassis.work import Command, Work, service_act

from tests.chassis.delivery import Producer, awake, clusters, follower_of, numbered, one, rows
from tests.chassis.reader import Mood, reader_service
from tests.support.databases import DatabaseMaker

COMMON = clusters(*numbered(3))
VOIDED = clusters(("cum-a1", "nhánh A"), ("cum-a2", "xấu"), after=Position.of(COMMON[-1]))
KEPT = clusters(("cum-b1", "nhánh B"), ("cum-b2", "nhánh B"), after=Position.of(COMMON[-1]))


async def took(reader: Runtime, *runs: Sequence[Stored]) -> None:
    """Follow these runs of the log, one after the other, and react to them."""
    log = [event for run in runs for event in run]
    async with follower_of(reader, Producer(log)) as follower:
        await follower.take(runs[-1])
    await reacting.run_all(reader)


async def discarded(reader: Runtime, place: Stored) -> None:
    async def discard(work: Work) -> None:
        await quarantine.discard(work, place.log, place.epoch, place.seq, "nhập trùng")

    command = Command("test", new_id(), "0" * 64, service_act("scoring", reader.clock.now()))
    await reader.performer.perform(command, discard)
    await reacting.run_all(reader)


async def went_over(reader: Runtime) -> None:
    """The decision of people: the branch that the producer has is kept."""
    (projection,) = reader.follows
    found = forks.Branches(Position.of(COMMON[-1]), VOIDED, Position.of(VOIDED[-1]), KEPT, Position.of(KEPT[-1]))
    decided = {"kept": KEPT[0].hash.hex(), "reason": "nhánh B đúng", "by": "person:ky-thuat"}
    assert await forks.adopt(reader, projection, found, **decided, voided=[]) == len(VOIDED)


async def stands(reader: Runtime) -> tuple[list[str], list[str]]:
    """Of either branch, what is in the tables and what was reacted to."""
    seen = await rows(reader, "SELECT cluster_id AS one FROM seen WHERE cluster_id ~ '^cum-[ab]' ORDER BY 1")
    agreed = await rows(reader, "SELECT rubric_id AS one FROM agreed WHERE rubric_id ~ '^cum-[ab]' ORDER BY 1")
    return [row.one for row in seen], [row.one for row in agreed]


async def test_the_kept_branch_is_applied_and_reacted_to_where_the_other_was_and_also_from_an_older_backup(
    make_database: DatabaseMaker,
) -> None:
    mood = Mood(refuses={"xấu"})
    async with awake(reader_service(mood, reacting=True), await make_database("scoring")) as reader:
        await took(reader, COMMON, VOIDED)
        await discarded(reader, VOIDED[1])
        assert await stands(reader) == (["cum-a1"], ["cum-a1"])
        await went_over(reader)
        assert await stands(reader) == ([], ["cum-a1"])
        await took(reader, COMMON, KEPT)
        assert await stands(reader) == (["cum-b1", "cum-b2"], ["cum-a1", "cum-b1", "cum-b2"])
        assert await replay.differences(reader.engine, reader.service, "vn") == []
        async with reader.engine.connect() as db:
            own = await logs.read_page(db, reader.log, 0)

    # A backup from before anything was followed: the own log comes back from who holds it, then the other is followed.
    async with awake(reader_service(mood, reacting=True), await make_database("scoring")) as restored:
        opening = await one(restored, "SELECT seq FROM chassis.log_head")
        async with restored.engine.begin() as db:
            await own_log.writing_verbatim(db)
            await own_log.void_after(db, restored.service.own, restored.log, 0, kept="", reason="", by="")
            await own_log.take_in(db, restored.service.own, own)
        await took(restored, COMMON, KEPT)
        assert await stands(restored) == (["cum-b1", "cum-b2"], ["cum-a1", "cum-b1", "cum-b2"])
        assert await one(restored, "SELECT seq FROM chassis.log_head") == own[-1].seq > opening
        assert await replay.differences(restored.engine, restored.service, "vn") == []
