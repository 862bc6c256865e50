"""Before a restore: who holds what of the log, asked of everybody, and the plan that is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nats.errors
import sqlalchemy as sa
from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import gate, head_file, restore_plan, restore_record
from chassis import log as logs
from chassis.gate_steps import STREAM
from chassis.inquiry import Inquiry
from chassis.positions import Position
from chassis.restore_plan import Holder
from chassis.restore_record import Order

if TYPE_CHECKING:
    from chassis.runtime import Runtime

_SILENT = (nats.errors.Error, TimeoutError, OSError)


@dataclass(frozen=True)
class Prepared:
    """A restore that may begin: what the witnesses said, and the plan made of it."""

    order: Order
    plan: restore_plan.Plan
    proved: tuple[Position, ...]
    silent: tuple[str, ...]
    stream: bool
    left_out: tuple[tuple[str, int], ...] = ()
    """Who holds a branch that does not go on, and the last place that it shares with the own log."""
    agreeing: tuple[str, ...] = ()
    """Who was asked and holds no other branch."""
    own_keeps: bool = False
    """The own log is the branch that people named: nothing of it is voided, also what was accepted since."""


async def prepare(runtime: Runtime, inquiry: Inquiry, order: Order) -> Prepared:
    """Ask everybody. Raises Refused: ``nothing-to-restore``, ``witness-silent``, ``branches-differ``,
    ``no-such-branch``."""
    if runtime.gate.open and order.keep is None:
        raise Refused("nothing-to-restore", log=runtime.log)
    marks: dict[str, Position] = {}
    silent, proved, in_stream = [], [], True
    for follower in await gate.followers_of(runtime):
        try:
            marks[follower] = await inquiry.mark(follower)
        except _SILENT:
            silent.append(follower)
    try:
        last = await inquiry.last_in_stream()
        proved += [Position.of(last[1])] if last else []
    except _SILENT:
        in_stream = False
        silent.append(STREAM)
    if unexpected := sorted(set(silent) - set(order.without)):
        raise Refused("witness-silent", log=runtime.log, service=runtime.service.name, silent=unexpected)
    if runtime.settings.head_file and (known := head_file.read(Path(runtime.settings.head_file), runtime.log)):
        proved.append(known)
    async with runtime.alone.connect() as db:
        head = await logs.head(db)
        own = Position(head.epoch, head.seq, head.hash)
        order = await restore_record.as_begun(db, order)
        asked = {name: mark for name, mark in marks.items() if name not in order.without}
        holders = [await _holder(db, inquiry, own, name, mark, order) for name, mark in asked.items()]
        own_keeps = order.keep is not None and await _own_hash(db, order.keep_seq or own.seq) == order.keep
        bare = own.seq == 1
        plan = restore_plan.plan(own, bare, holders, order.keep, own_keeps)
        plan = await _of_one_branch(inquiry, plan, marks, order)
        if bare and in_stream and not plan.sources and await _stream_began_otherwise(inquiry, own):
            plan = restore_plan.Plan(0, ())
        # What lies past the end of a closed epoch was decided on when the next was opened.
        told = await gate.own_word(db, ())
    heard = [at for at in (*proved, *marks.values()) if at.epoch >= own.epoch or at.seq <= told.ends.get(at.epoch, 0)]
    apart = [one for one in holders if one.tip.seq > one.common and one.name not in plan.sources]
    left_out = tuple((one.name, one.common) for one in apart)
    agreeing = tuple(one.name for one in holders if one not in apart)
    return Prepared(order, plan, tuple(heard), tuple(silent), in_stream, left_out, agreeing, own_keeps)


async def _holder(
    db: AsyncConnection, inquiry: Inquiry, own: Position, name: str, tip: Position, order: Order
) -> Holder:
    """Where a follower's branch leaves the own log. Equal hashes at a place mean equal logs up to it: bisect."""

    async def same(seq: int) -> bool:
        return seq == 0 or await inquiry.held_hash(name, tip, seq) == await _own_hash(db, seq)

    shared = min(own.seq, tip.seq)
    if await same(shared):
        common = shared
    else:
        low, high = 0, shared
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if await same(middle) else (low, middle)
        common = low
    keeps = False
    if order.keep is not None:
        keeps = await inquiry.held_hash(name, tip, order.keep_seq or tip.seq) == order.keep
    return Holder(name, tip, common, keeps)


async def _of_one_branch(
    inquiry: Inquiry, plan: restore_plan.Plan, marks: dict[str, Position], order: Order
) -> restore_plan.Plan:
    """The sources that agree with the best of them. Raises Refused ``branches-differ`` unless people have chosen."""
    best, agreeing = plan.sources[:1], list(plan.sources[:1])
    for name in plan.sources[1:]:
        if await inquiry.held_hash(best[0], marks[best[0]], marks[name].seq) == marks[name].hash:
            agreeing.append(name)
        elif order.keep is None:
            raise Refused("branches-differ", tips=[f"{one}: {marks[one].hash.hex()}" for one in plan.sources])
    return restore_plan.Plan(plan.common, tuple(agreeing))


async def _own_hash(db: AsyncConnection, seq: int) -> bytes | None:
    found: bytes | None = await db.scalar(sa.text("SELECT hash FROM chassis.log WHERE seq = :seq"), {"seq": seq})
    return found


async def _stream_began_otherwise(inquiry: Inquiry, own: Position) -> bool:
    """Whether the stream's first event of this log is another than the own one, which nobody was told of."""
    tail = await inquiry.stream_tail(Position(1, 0, b""), own.hash)
    return any(event.seq == 1 and event.hash != own.hash for event in tail.values())
