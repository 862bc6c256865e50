"""Two branches of a log: found in each of four ways, shown from where they part, one kept by people, none gone."""

from __future__ import annotations

import asyncio
from dataclasses import astuple

from chassis import follower_steps as steps
from chassis import forks, restore, restore_prepare
from chassis.facts import Stored
from chassis.follower import Follower
from chassis.positions import Position
from chassis.replay import differences
from chassis.restore_record import Order
from chassis.runtime import Runtime
from chassis.tending import Tasks
from chassis.wire import Wire
from contracts.events.chassis import EpochOpened
from thidua.local.databases import Database
from thidua.local.nats import EmbeddedNats

from tests.chassis.delivery import Producer as Silent
from tests.chassis.delivery import (
    at_work_on,
    awake,
    caught_up,
    chain,
    clusters,
    event,
    form,
    numbered,
    one,
    received_as_sent,
    rows,
)
from tests.chassis.reader import Mood, reader_service
from tests.chassis.sample import formed, sample_service
from tests.chassis.sites import client, eventually, send
from tests.chassis.test_gate import gated, head, judged, opened
from tests.chassis.test_restore import copied, log_of, restored
from tests.support.databases import DatabaseMaker


def stopped(event: Stored | None, mark: Position, held: Stored | None = None, head: Position | None = None) -> str:
    """How a follower stopped after an event came; ``held`` is what it has there, ``head`` what the producer says."""
    state = steps.begin("vn.registry", 100, mark)
    inputs: list[steps.Input] = [steps.MarkRead(mark), *([steps.Delivered(1, (event,))] if event else [])]
    while inputs:
        state, actions = steps.step(state, inputs.pop(0))
        for action in actions:
            match action:
                case steps.Stop():
                    return action.kind
                case steps.ReloadMark():
                    inputs.append(steps.MarkRead(mark))
                case steps.Redrive():
                    inputs.append(steps.Redriven())
                case steps.Fetch():
                    inputs.append(steps.Fetched((), head or mark))
                case steps.Compare(seqs):
                    inputs.append(steps.HeldRead(seqs, {held.seq: (held.epoch, held.hash)} if held else {}))
    return "went on"


def test_each_of_the_four_ways_has_its_name() -> None:
    log = clusters(*numbered(4))
    mark = Position.of(log[3])
    other = clusters(("cum-x", "nhánh khác"), after=Position.of(log[2]))[0]
    assert stopped(other, mark, held=log[3]) == "another-hash"
    assert stopped(clusters(*numbered(5, first=50))[4], mark) == "broken-link"
    epoch = EpochOpened(
        log="vn.registry", previous_epoch=1, last_seq=3, last_hash=log[2].hash.hex(), reason="khôi phục", silent=()
    )
    opened = chain(event(epoch, "log:vn.registry"), after=Position(2, 3, log[2].hash))[0]
    assert stopped(opened, mark, held=log[3]) == "epoch-below"
    assert stopped(None, mark, head=Position.of(log[1])) == "head-behind"


def test_what_people_left_behind_when_they_opened_an_epoch_is_no_fork() -> None:
    log = clusters(*numbered(6))
    epoch_two = chain(event(formed("cum-2", "kỷ hai"), "cluster:cum-2"), after=Position(2, 3, log[2].hash))[0]
    mark = Position.of(epoch_two)
    assert stopped(log[3], mark, held=epoch_two) == "went on"
    assert stopped(log[5], mark) == "went on"


def test_what_was_left_behind_is_no_fork_either_when_it_came_before_the_epoch_that_left_it() -> None:
    log = clusters(*numbered(6))
    epoch_two = chain(event(formed("cum-2", "kỷ hai"), "cluster:cum-2"), after=Position(2, 3, log[2].hash))[0]
    mark = Position.of(log[2])
    state, _ = steps.step(steps.begin("vn.registry", 100, mark), steps.MarkRead(mark))
    told: list[steps.Action] = []
    for said in (
        steps.Delivered(1, (log[4],)),
        steps.Delivered(2, (epoch_two,)),
        steps.DidFail("nobody has what follows 3"),
        steps.MarkRead(mark),
        steps.Committed(Position.of(epoch_two)),
        steps.MarkRead(Position.of(epoch_two)),
    ):
        state, actions = steps.step(state, said)
        told += actions
    assert steps.Commit(mark, (epoch_two,)) in told
    assert [action for action in told if isinstance(action, steps.Stop)] == []
    assert {action.token for action in told if isinstance(action, steps.Ack)} == {1, 2}


async def parted(make_database: DatabaseMaker, server: EmbeddedNats, reader: Runtime) -> Database:
    """The copy of a registry of three clusters; its reader went on with two more that the copy knows nothing of."""
    registry = await make_database("registry")
    async with awake(sample_service(), registry) as producer:
        await form(producer, *numbered(3))
    backup = await copied(make_database, registry)
    async with at_work_on(sample_service(), registry, server) as producer:
        await form(producer, ("cum-a1", "nhánh A"), ("cum-a2", "nhánh A"))
        await caught_up(reader, producer)
    return backup


async def found(reader: Runtime) -> None:
    async def there() -> bool:
        return bool(await rows(reader, "SELECT 1 FROM chassis.fork WHERE decided_at IS NULL"))

    await eventually(there)


async def test_the_producers_branch_is_kept_and_its_follower_goes_over_and_on(
    server: EmbeddedNats, make_database: DatabaseMaker
) -> None:
    async with at_work_on(reader_service(Mood(), reacting=True), await make_database("scoring"), server) as reader:
        backup = await parted(make_database, server, reader)
        async with awake(sample_service(), backup) as producer:
            await form(producer, ("cum-b1", "nhánh B"))
            mine = await head(producer)
        async with judged(sample_service(), backup, server.url, followed_by="scoring") as producer:
            await gated(producer)
            await restored(producer, Order("nhánh B đúng", "person:ky-thuat", (), mine.hash, mine.seq))
            await opened(producer)
            assert [row.seq for row in await rows(producer, "SELECT seq FROM chassis.voided ORDER BY seq")] == [5, 6]
            await found(reader)
            assert reader.inquiry is not None
            both = await forks.branches(reader, reader.inquiry, "vn.registry")
            assert (both.common.seq, [one.seq for one in both.held], both.produced[0].hash) == (4, [5, 6], mine.hash)
            (projection,) = reader.follows
            decided = {"kept": mine.hash.hex(), "reason": "nhánh B đúng", "by": "person:ky-thuat"}
            moved = await forks.adopt(reader, projection, both, **decided, voided=[])
            assert moved == 2
            await form(producer, ("cum-b2", "nhánh B"))
            await caught_up(reader, producer)
            assert await received_as_sent(reader, producer)
            seen = await rows(reader, "SELECT cluster_id, times FROM seen ORDER BY 1")
            assert [tuple(row) for row in seen][-2:] == [("cum-b1", 1), ("cum-b2", 1)]
            assert len(seen) == 5
            assert [row.seq for row in await rows(reader, "SELECT seq FROM chassis.voided ORDER BY seq")] == [5, 6]

            async def reacted_to_the_new_ones() -> bool:
                return await one(reader, "SELECT count(*) FROM agreed WHERE rubric_id LIKE 'cum-b%'") == 2

            await eventually(reacted_to_the_new_ones)
            assert await differences(reader.engine, reader.service, "vn") == []


async def test_an_event_that_nobody_wrote_stops_followers_and_gate_until_people_keep_the_producers_branch(
    server: EmbeddedNats, make_database: DatabaseMaker
) -> None:
    registry = await make_database("registry")
    async with at_work_on(reader_service(Mood()), await make_database("scoring"), server) as reader:
        async with at_work_on(sample_service(), registry, server) as producer:
            await form(producer, *numbered(3))
            await caught_up(reader, producer)
        async with awake(sample_service(), registry) as producer:
            await form(producer, ("cum-4", "ghi khi không có mạng"))
            mine = await head(producer)
        stray = clusters(("cum-x", "không ai ghi"), after=Position(1, mine.seq - 1, bytes(32)))[0]
        async with client(server, "registry") as courier:
            await send(courier, [Wire(*astuple(stray))])
        await found(reader)
        async with judged(sample_service(), registry, server.url, followed_by="scoring") as producer:
            await gated(producer)
            await restored(producer, Order("không ai ghi sự kiện ấy", "person:ky-thuat", (), mine.hash, mine.seq))
            await opened(producer)
            assert reader.inquiry is not None
            both = await forks.branches(reader, reader.inquiry, "vn.registry")
            strays = await forks.seen_and_not_produced(reader, reader.inquiry, "vn.registry")
            assert strays == [stray.hash.hex()]
            (projection,) = reader.follows
            decided = {"kept": mine.hash.hex(), "reason": "không ai ghi", "by": "person:ky-thuat"}
            assert await forks.adopt(reader, projection, both, **decided, voided=strays) == 0
            await caught_up(reader, producer)
            assert await received_as_sent(reader, producer)
            assert producer.gate.open
            assert await rows(reader, "SELECT 1 FROM chassis.fork WHERE decided_at IS NULL") == []
            # Asked for once more while the gate is open: what is accepted meanwhile stays.
            assert producer.inquiry is not None
            again = Order("vẫn nhánh này", "person:ky-thuat", (), mine.hash, mine.seq)
            prepared = await restore_prepare.prepare(producer, producer.inquiry, again)
            await form(producer, ("cum-6", "ghi trong lúc quyết"))
            await restore.restore(producer, producer.inquiry, prepared)
            assert await rows(producer, "SELECT 1 FROM chassis.voided WHERE seq > :seq", seq=mine.seq) == []
            assert await one(producer, "SELECT count(*) FROM cluster WHERE cluster_id = 'cum-6'") == 1


async def test_the_followers_branch_is_kept_and_its_producer_voids_its_own_and_takes_it_in(
    server: EmbeddedNats, make_database: DatabaseMaker
) -> None:
    async with at_work_on(reader_service(Mood()), await make_database("scoring"), server) as reader:
        backup = await parted(make_database, server, reader)
        async with awake(sample_service(), backup) as producer:
            await form(producer, ("cum-b1", "nhánh B"))
            mine = (await head(producer)).hash
        async with judged(sample_service(), backup, server.url, followed_by="scoring") as producer:
            await gated(producer)
            assert reader.inquiry is not None
            both = await forks.branches(reader, reader.inquiry, "vn.registry")
            first, left = both.held[0], both.produced[0]
            await restored(producer, Order("nhánh A đủ hơn", "person:ky-thuat", (), first.hash, first.seq))
            assert [row.hash for row in await rows(producer, "SELECT hash FROM chassis.voided")] == [mine]
            clusters_now = [row.cluster_id for row in await rows(producer, "SELECT cluster_id FROM cluster ORDER BY 1")]
            assert clusters_now == ["cum-00001", "cum-00002", "cum-00003", "cum-a1", "cum-a2"]
            assert await differences(producer.engine, producer.service, "vn") == []
            kept = (await log_of(producer))[-1][5]
            assert first.hash.hex().encode() in kept
            assert mine.hex().encode() in kept
            both = await forks.branches(reader, reader.inquiry, "vn.registry")
            (projection,) = reader.follows
            decided = {"kept": first.hash.hex(), "reason": "nhánh A đủ hơn", "by": "person:ky-thuat"}
            assert await forks.adopt(reader, projection, both, **decided, voided=[mine.hex()]) == 0
            await form(producer, ("cum-a3", "nhánh A"))
            await caught_up(reader, producer)
            assert await received_as_sent(reader, producer)
            assert await one(reader, "SELECT sum(times) FROM seen") == 6
            # A message of the other branch may come before a follower that starts knows what people decided.
            starting = Follower(reader.engine, "vn.registry", projection, Silent(silent=True).fetch)
            early = asyncio.ensure_future(starting.take([left]))
            await asyncio.sleep(0)
            async with Tasks() as tasks:
                tasks.start(starting.run())
                await asyncio.wait_for(early, 20)
            assert starting.fork is None
