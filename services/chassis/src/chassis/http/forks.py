"""Routes of forks: what was found, both branches from where they part, and the decision of people."""

from __future__ import annotations

from typing import Any

import nats.errors
import sqlalchemy as sa
from contracts.events.chassis import BranchKept
from contracts.refusal import Refused
from contracts.values import Instant, ShortText
from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from chassis import forks, restore, restore_prepare
from chassis.http.asking import Reading, ReadingRequest
from chassis.http.restoring import Hash, inquiry_of, may_repair
from chassis.http.routes import Routes
from chassis.projection import Projection
from chassis.restore_record import Order
from chassis.work import Command, Work, body_hash, service_act

routes = Routes(tags=["vận hành"])


class Fork(BaseModel):
    """One fork. `kind`: another-hash, broken-link, epoch-below or head-behind."""

    id: int
    log: str
    kind: str
    reason: str
    mark: dict[str, Any]
    seen: dict[str, Any] | None
    found_at: Instant
    decided_at: Instant | None
    kept: str | None


class Event(BaseModel):
    """One event of a branch. `type` is `withheld`, and nothing else is told, where the content is not for this site."""

    key: str
    hash: str
    type: str
    whose: str | None = None
    typed_by: str | None = None
    at: Instant | None = None
    subjects: list[str] = []


class Branches(BaseModel):
    """Both branches after the last place that they share; a thousand events of each at most."""

    log: str
    common: dict[str, Any]
    held: list[Event]
    held_head: dict[str, Any]
    produced: list[Event]
    produced_head: dict[str, Any]


class Voided(Event):
    kept: str
    reason: str
    by: str
    voided_at: Instant


@routes.get("/ops/forks", summary="Các sổ theo dõi bị rẽ nhánh: cách phát hiện, lúc nào, đã quyết thế nào")
async def get_forks(request: Request, reading: Reading) -> list[Fork]:
    await may_repair(reading, request)
    return [Fork.model_validate(row._mapping) for row in await forks.listed(reading.db)]


@routes.get("/ops/voided", summary="Sự kiện của nhánh không được giữ, kèm biên nhận")
async def get_voided(request: Request, reading: Reading) -> list[Voided]:
    await may_repair(reading, request)
    rows = await reading.db.execute(sa.text("SELECT * FROM chassis.voided ORDER BY log, seq, epoch LIMIT 10000"))
    found = []
    for row in rows.all():
        event = forks.Stored(row.log, row.epoch, row.seq, row.prev, row.hash, row.header, row.data, row.traceparent)
        decided = {"kept": row.kept, "reason": row.reason, "by": row.by, "voided_at": row.voided_at}
        found.append(Voided.model_validate({**forks.receipt_of(event), **decided}))
    return found


@routes.get("/ops/forks/{log}", summary="Hai nhánh của một sổ từ chỗ rẽ")
async def get_branches(log: str, request: Request, reading: Reading) -> Branches:
    await may_repair(reading, request)
    found = await _branches(reading, _followed(reading, log))
    return Branches(
        log=log,
        common=found.common.told(),
        held=[Event.model_validate(forks.receipt_of(event)) for event in found.held],
        held_head=found.held_head.told(),
        produced=[Event.model_validate(forks.receipt_of(event)) for event in found.produced],
        produced_head=found.produced_head.told(),
    )


class Keep(BaseModel):
    """The branch that goes on, by the hash of its first differing event or of its head, and where that stands."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"keep": "5d" * 32, "keep_seq": 48191, "reason": "Nhánh này có đủ báo cáo"}]},
    )

    keep: Hash
    keep_seq: int = Field(ge=0)
    reason: ShortText
    without: list[str] = []
    after_seq: int = Field(0, ge=0, description="The last place that both branches share.")


@routes.post("/ops/forks/keeping", status_code=202, summary="Quyết định giữ nhánh nào của sổ tại đây")
async def keep_branch(body: Keep, request: Request, reading: Reading) -> dict[str, Any]:
    """Of the own log. A branch held elsewhere is taken in as in a restore: the answer then says `restoring`."""
    await may_repair(reading, request)
    runtime = reading.runtime
    own = await reading.db.scalar(sa.text("SELECT hash FROM chassis.log WHERE seq = :seq"), {"seq": body.keep_seq})
    if runtime.gate.open and own is not None and own.hex() == body.keep:
        now, by = runtime.clock.now(), reading.caller.subject
        order = Order(body.reason, by, tuple(body.without), bytes.fromhex(body.keep), body.keep_seq)
        inquiry = inquiry_of(runtime)
        await restore.list_left_out(runtime, inquiry, await restore_prepare.prepare(runtime, inquiry, order))
        act = service_act(runtime.service.name, now).model_copy(update={"whose": by, "typed_by": by})
        # Kept twice from the same place is the same decision.
        asked = Command("fork", f"{body.keep}:{body.after_seq}", body_hash(body.keep.encode()), act)
        await runtime.performer.perform(asked, _record_decision, runtime.log, body, by)
        return {"log": runtime.log, "restoring": False}
    order = Order(body.reason, reading.caller.subject, tuple(body.without), bytes.fromhex(body.keep), body.keep_seq)
    await restore.start(runtime, inquiry_of(runtime), order)
    return {"log": runtime.log, "restoring": True}


async def _record_decision(work: Work, log: str, body: Keep, by: str) -> None:
    fact = BranchKept(log=log, kept=body.keep, after_seq=body.after_seq, reason=body.reason, by=by)
    work.record(fact, f"log:{log}")


class Adopt(BaseModel):
    """A decision that the producer of a followed log has made known."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"kept": "5d" * 32, "reason": "Nhánh này có đủ báo cáo"}]}
    )

    kept: Hash
    reason: ShortText
    voided: list[Hash] = []


@routes.post("/ops/forks/{log}/adopting", summary="Theo nhánh đã được giữ của một sổ theo dõi")
async def adopt(log: str, body: Adopt, request: Request, reading: Reading) -> dict[str, Any]:
    """Moves what is held of the other branch aside and builds the read model anew; nothing when none is held."""
    await may_repair(reading, request)
    projection = _followed(reading, log)
    found = await _branches(reading, projection)
    strays = await forks.seen_and_not_produced(reading.runtime, inquiry_of(reading.runtime), log)
    moved = await forks.adopt(
        reading.runtime,
        projection,
        found,
        kept=body.kept,
        reason=body.reason,
        by=reading.caller.subject,
        voided=[*body.voided, *strays],
    )
    return {"log": log, "common": found.common.told(), "voided": moved}


def _followed(reading: ReadingRequest, log: str) -> Projection:
    for projection in reading.runtime.follows:
        if reading.runtime.log_of(projection) == log:
            return projection
    raise Refused("not-found", kind="sổ được theo dõi", id=log)


async def _branches(reading: ReadingRequest, projection: Projection) -> forks.Branches:
    runtime = reading.runtime
    try:
        return await forks.branches(runtime, inquiry_of(runtime), runtime.log_of(projection))
    except (nats.errors.Error, TimeoutError) as silent:
        raise Refused("producer-silent", log=runtime.log_of(projection)) from silent
