"""Brings a log back from those who hold it: the end that the own database lacks, replayed through the own ``apply``.

Until the last transaction, which opens an epoch and the gate with it, everything stays shut: a crash leaves a log that
is a shorter prefix of the truth, and the next restore goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from contracts.envelope import Header
from contracts.events.chassis import BranchKept, EpochOpened
from contracts.events.chassis import NotRecovered as Lost
from contracts.refusal import Refused

from chassis import gate, gate_record, own_log, restore_plan, restore_record
from chassis import log as logs
from chassis.facts import Recorded, Stored
from chassis.ids import new_id
from chassis.inquiry import Inquiry
from chassis.logs import get_logger
from chassis.positions import Position
from chassis.restore_prepare import Prepared, prepare
from chassis.restore_record import Order
from chassis.work import service_act

if TYPE_CHECKING:
    from chassis.runtime import Runtime

RESTORE_LOCK = 71004
_log = get_logger(__name__)


@asynccontextmanager
async def alone(runtime: Runtime) -> AsyncIterator[None]:
    """One restore at a time, over all copies. Raises Refused ``restore-running``."""
    async with runtime.alone.connect() as db:
        if not await db.scalar(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": RESTORE_LOCK}):
            raise Refused("restore-running", log=runtime.log)
        try:
            yield
        finally:
            await db.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": RESTORE_LOCK})


async def restore(runtime: Runtime, inquiry: Inquiry, prepared: Prepared) -> None:
    """Do it, to the end. What fails is kept as the run's trouble and raised; the gate stays shut."""
    order, plan = prepared.order, prepared.plan
    async with runtime.engine.begin() as db:
        known = max((at.seq for at in prepared.proved), default=0)
        run = await restore_record.begin(db, order, known)
        look = await gate_record.look(db)
        await gate_record.shut(db, look.findings or [], list(look.silent or ()))
    await gate.refresh(runtime)
    if look.open:
        # Until every copy has looked, one of them may still be moving what is about to be voided.
        await asyncio.sleep(2 * gate.LOOK_SECONDS)
    try:
        voided = await _void(runtime, run, prepared)
        await _gather(runtime, inquiry, run, plan.sources)
        if prepared.stream:
            await _gather_from_stream(runtime, inquiry, run)
        # What a follower took while this went on, the stream may have lost before it was read.
        await _gather(runtime, inquiry, run, prepared.agreeing)
        await list_left_out(runtime, inquiry, prepared)
        await _open(runtime, run, prepared, voided)
    except BaseException as error:
        async with runtime.alone.connect() as db:
            await restore_record.trouble(db, run, f"{type(error).__name__}: {error}")
        raise
    await gate.refresh(runtime)
    runtime.changes.tell()


async def _void(runtime: Runtime, run: int, prepared: Prepared) -> list[Stored]:
    """Move aside what the own log has beyond the branch that goes on. Returns it, the first thousand."""
    order, common = prepared.order, prepared.plan.common
    async with runtime.engine.begin() as db:
        head = await own_log.writing_verbatim(db)
        if head.seq > common and not prepared.own_keeps:
            await restore_record.step(runtime.alone, run, "replaying", common)
            kept = order.keep.hex() if order.keep else "the log that others hold"
            await own_log.void_after(
                db, runtime.service.own, runtime.log, common, kept=kept, reason=order.reason, by=order.by
            )
        return await restore_record.voided(db, run, runtime.log)


async def _gather(runtime: Runtime, inquiry: Inquiry, run: int, sources: Sequence[str]) -> None:
    """Take in page by page what followers hold past the head, each page checked against the chain."""
    waiting: list[Stored] = []
    while True:
        head = await _head(runtime)
        at = Position.of(waiting[-1]) if waiting else head
        more: list[Stored] = []
        for source in sources:
            more = restore_plan.continuing(at, await inquiry.held(source, at.seq))
            if more:
                break
        waiting += more
        if not waiting:
            return
        # A write that goes on in the next page waits for it, so that no transaction ends in the middle of one.
        whole = restore_plan.whole_writes([(event, Header.model_validate_json(event.header)) for event in waiting])
        ready, waiting = (waiting[:whole], waiting[whole:]) if more else (waiting, [])
        await _take_in(runtime, run, ready)


async def _take_in(runtime: Runtime, run: int, events: Sequence[Stored]) -> None:
    if not events:
        return
    async with runtime.engine.begin() as db:
        await own_log.writing_verbatim(db)
        await own_log.take_in(db, runtime.service.own, events)
    await restore_record.step(runtime.alone, run, "taking in", events[-1].seq)


async def list_left_out(runtime: Runtime, inquiry: Inquiry, prepared: Prepared) -> None:
    """Keep what others hold of branches that do not go on: who has a receipt of it is told what became of it."""
    order = prepared.order
    for name, common in prepared.left_out:
        after = common
        while page := await inquiry.held(name, after):
            async with runtime.engine.begin() as db:
                await restore_record.set_aside(db, page, order)
            after = page[-1].seq
    if order.keep is not None and prepared.stream and (last := await inquiry.last_in_stream()) is not None:
        # What the courier says last may be on no branch that anybody holds; the gate must not hear of it again.
        async with runtime.engine.begin() as db:
            await restore_record.set_aside(db, [last[1]], order)


async def _head(runtime: Runtime) -> Position:
    async with runtime.alone.connect() as db:
        head = await logs.head(db)
    return Position(head.epoch, head.seq, head.hash)


async def _gather_from_stream(runtime: Runtime, inquiry: Inquiry, run: int) -> None:
    """What was published and no follower had taken yet."""
    head = await _head(runtime)
    tail = await inquiry.stream_tail(head, head.hash)
    run_of_events: list[Stored] = []
    while (following := tail.get(head.hash)) is not None:
        run_of_events.append(following)
        head = Position.of(following)
    for first in range(0, len(run_of_events), own_log.PAGE):
        await _take_in(runtime, run, run_of_events[first : first + own_log.PAGE])


async def _open(runtime: Runtime, run: int, prepared: Prepared, voided: Sequence[Stored]) -> None:
    """The epoch that says what happened, and the gate, in one transaction."""
    order, now = prepared.order, runtime.clock.now()
    async with runtime.engine.begin() as db:
        head = await own_log.writing_verbatim(db)
        # On a branch that people left behind nothing is lost unknown: it is listed where it is held.
        proved = [] if order.keep is not None else [at for at in prepared.proved if at.seq > head.seq]
        lost = [] if order.keep is not None else restore_plan.not_recovered(head, proved)
        epoch = max([head.epoch, *(at.epoch for at in prepared.proved)]) + 1
        opened = EpochOpened(
            log=runtime.log,
            previous_epoch=head.epoch,
            last_seq=head.seq,
            last_hash=head.hash.hex(),
            reason=order.reason,
            silent=tuple(prepared.silent),
            not_recovered=tuple(Lost(epoch=one.epoch, from_seq=one.from_seq, to_seq=one.to_seq) for one in lost),
        )
        facts: list[Recorded] = [_recorded(runtime, opened, order.by, now)]
        if order.keep is not None:
            kept = BranchKept(
                log=runtime.log,
                kept=order.keep.hex(),
                after_seq=voided[0].seq - 1 if voided else prepared.plan.common,
                voided=tuple(event.hash.hex() for event in voided),
                reason=order.reason,
                by=order.by,
            )
            facts.append(_recorded(runtime, kept, order.by, now))
        await db.execute(sa.text("UPDATE chassis.log_head SET epoch = :epoch"), {"epoch": epoch})
        await runtime.service.own.apply(db, facts)
        await restore_record.finish(db, run, runtime.log, head.seq, epoch, lost)
        await gate_record.open_here(db)
        await logs.append(db, facts)
    _log.info("restored", log=runtime.log, epoch=epoch, last_seq=head.seq, silent=prepared.silent)


def _recorded(runtime: Runtime, fact: EpochOpened | BranchKept, by: str, now: datetime) -> Recorded:
    act = service_act(runtime.service.name, now).model_copy(update={"whose": by, "typed_by": by})
    header = logs.header_for(
        fact, id=new_id(), occurred=now, act=act, correlation=new_id(), subjects=(f"log:{runtime.log}",)
    )
    return Recorded(header, fact)


async def start(runtime: Runtime, inquiry: Inquiry, order: Order) -> Prepared:
    """Begin in the background of this copy; it goes on though the one who asked goes away. Raises as ``prepare`` and
    ``alone``: what is planned while another restore still runs would void what that one takes in."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(alone(runtime))
        prepared = await prepare(runtime, inquiry, order)
        held = stack.pop_all()

    async def run() -> None:
        try:
            async with held:
                await restore(runtime, inquiry, prepared)
        except Exception as error:
            _log.error("restore_failed", log=runtime.log, exc_info=error)

    runtime.work_under_way(asyncio.get_running_loop().create_task(run()))
    return prepared
