"""Routes that every service has for those who run it: health, metrics, receipts, state, journey, quarantine."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from contracts.envelope import Header
from contracts.refusal import Refused
from contracts.values import Instant, Text
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from chassis import log, quarantine
from chassis.http.asking import Accepted, Asked, Reading, ReadingRequest, Write, runtime_of
from chassis.http.routes import Routes
from chassis.neighbours import centre_of
from chassis.timers import positions
from chassis.whole import is_whole
from chassis.work import beside_the_log

Epoch = Annotated[int, Path(ge=1, lt=2**31, examples=[1])]
Seq = Annotated[int, Path(ge=1, lt=2**63, examples=[118])]
"""Bounded by what the database counts in: a larger number is no place in any log."""

open_routes = APIRouter(tags=["vận hành"])
routes = Routes(tags=["vận hành"])


@open_routes.get("/health/live", summary="Tiến trình còn sống")
async def live() -> dict[str, str]:
    return {"status": "live"}


@open_routes.get("/health/ready", summary="Sẵn sàng: cơ sở dữ liệu, NATS, các bộ theo dõi sự kiện")
async def ready(request: Request) -> JSONResponse:
    """200 when the database answers and every part is well; 503 names what is not.

    ``apart`` names links to other sites that are down: a site that is cut off goes on, and is ready.
    """
    runtime = runtime_of(request)
    wrong = dict(runtime.health)
    try:
        async with runtime.engine.connect() as db:
            await log.head(db)
    except Exception as error:
        wrong["database"] = str(error)
    status = "not-ready" if wrong else "ready"
    return JSONResponse({"status": status, "wrong": wrong, "apart": runtime.apart}, 503 if wrong else 200)


class ReceiptState(BaseModel):
    log: str
    epoch: int
    seq: int
    hash: str
    type: str
    where: str = Field(
        description="`here-only`, or `at-the-centre`: held by another database, too; by one of the national site's,"
        " where the service runs at a site below it; `voided`: accepted on a branch that people did not keep"
    )
    held_by: list[str]
    voided: list[dict[str, Any]] = Field(
        [], description="Other events under this number, of branches that people did not keep: hash, type, decision."
    )


@routes.get("/receipts/{name}/{epoch}/{seq}", summary="Biên nhận: mới có tại đây hay đã về trung tâm")
async def receipt(name: str, epoch: Epoch, seq: Seq, reading: Reading) -> ReceiptState:
    """Whether an accepted write is held by this database only, or by another service's database, too.

    At a site below only the national site's count: what lies on the same machine is lost with it. A site below that
    follows a log of the centre does not count either: content may be withheld from it.
    """
    if name != reading.runtime.log:
        raise Refused("unknown-log", log=name, own=reading.runtime.log)
    row = (
        await reading.db.execute(
            sa.text("SELECT hash, type FROM chassis.log WHERE seq = :seq AND epoch = :epoch"),
            {"seq": seq, "epoch": epoch},
        )
    ).first()
    voided = await _voided(reading, name, epoch, seq)
    if row is None and voided:
        first = voided[0]
        return ReceiptState(
            log=name,
            epoch=epoch,
            seq=seq,
            hash=first["hash"],
            type=first["type"],
            where="voided",
            held_by=[],
            voided=voided,
        )
    if row is None:
        lost = await reading.db.scalar(
            sa.text("SELECT opened FROM chassis.not_recovered WHERE epoch = :epoch AND from_seq <= :seq"),
            {"epoch": epoch, "seq": seq},
        )
        if lost is not None:
            raise Refused("receipt-not-recovered", id=f"{name}:{epoch}:{seq}", opened=lost)
        raise Refused("not-found", kind="biên nhận", id=f"{name}:{epoch}:{seq}")
    holders = await reading.db.execute(
        sa.text(
            "SELECT follower FROM chassis.follower_mark WHERE seq >= :seq AND split_part(follower, '.', 1) = :centre"
            " ORDER BY follower"
        ),
        {"seq": seq, "centre": centre_of(reading.runtime)},
    )
    held_by = [holder.follower for holder in holders]
    return ReceiptState(
        log=name,
        epoch=epoch,
        seq=seq,
        hash=row.hash.hex(),
        type=row.type,
        where="at-the-centre" if held_by else "here-only",
        held_by=held_by,
        voided=voided,
    )


async def _voided(reading: ReadingRequest, name: str, epoch: int, seq: int) -> list[dict[str, Any]]:
    """Events under a number that were accepted on a branch which people did not keep, and who decided so and why."""
    rows = await reading.db.execute(
        sa.text(
            "SELECT encode(hash, 'hex') AS hash, convert_from(header, 'UTF8')::jsonb ->> 'type' AS type, kept, reason,"
            " by FROM chassis.voided WHERE log = :log AND epoch = :epoch AND seq = :seq ORDER BY voided_at"
        ),
        {"log": name, "epoch": epoch, "seq": seq},
    )
    return [dict(row._mapping) for row in rows]


class Position(BaseModel):
    epoch: int
    seq: int


class State(BaseModel):
    """Facts from which *settled* is judged: heads equal marks, nothing due, nothing unsent; what is held and waits."""

    service: str
    site: str
    log: str
    clock: Instant
    demo: bool
    head: Position
    relayed: dict[str, int]
    marks: dict[str, Position]
    reacted: dict[str, int] = Field(description="For each `<reaction>@<log>` how far it has looked.")
    followers: dict[str, int] = Field(description="What other services' databases hold of this log.")
    held: int
    waits: int
    unsent: int
    whole: bool = Field(description="False after a restore until this service has caught up; nothing is sent before.")
    due: Instant | None = Field(description="The earliest instant at which a timer of this service has work.")
    health: dict[str, str]
    apart: dict[str, str] = Field(description="What is wrong with links to other sites, by part.")


_STATE = sa.text(
    "SELECT h.epoch, h.seq, current_setting('thidua.demo', true) IS NOT DISTINCT FROM 'on' AS demo,"
    " (SELECT jsonb_object_agg(destination, seq) FROM chassis.relay_cursor) AS relayed,"
    " (SELECT jsonb_object_agg(log, jsonb_build_array(epoch, seq)) FROM chassis.mark) AS marks,"
    " (SELECT jsonb_object_agg(reaction || '@' || log, seq) FROM chassis.reaction_cursor) AS reacted,"
    " (SELECT jsonb_object_agg(follower, seq) FROM chassis.follower_mark) AS followers,"
    " (SELECT count(*) FROM chassis.quarantine) AS held, (SELECT count(*) FROM chassis.wait) AS waits"
    " FROM chassis.log_head h"
)


@routes.get("/ops/state", summary="Trạng thái: đầu sổ, dấu theo dõi, việc đến hạn, hàng chờ")
async def state(reading: Reading) -> State:
    await _operator(reading)
    return await state_of(reading)


async def state_of(reading: ReadingRequest) -> State:
    runtime, db = reading.runtime, reading.db
    # Where the logs stand is read before what is due and unsent, which may so be newer and never older.
    row = (await db.execute(_STATE)).one()
    at = await positions(db) if runtime.service.timers else None
    jobs = [await runtime.outlook.next(timer, db, at) for timer in runtime.service.timers]
    return State(
        service=runtime.service.name,
        site=runtime.settings.site,
        log=runtime.log,
        clock=runtime.clock.now(),
        demo=row.demo,
        head=Position(epoch=row.epoch, seq=row.seq),
        relayed=row.relayed or {},
        marks={log: Position(epoch=epoch, seq=seq) for log, (epoch, seq) in (row.marks or {}).items()},
        reacted=row.reacted or {},
        followers=row.followers or {},
        held=row.held,
        waits=row.waits,
        unsent=await runtime.service.unsent(db) if runtime.service.unsent else 0,
        whole=await is_whole(db),
        due=min((job.at for job in jobs if job is not None), default=None),
        health=runtime.health,
        apart=runtime.apart,
    )


class Step(BaseModel):
    """One event of a case."""

    key: str
    type: str
    at: Instant
    service: str
    whose: str
    typed_by: str
    means: str
    subjects: list[str]
    causation: str | None
    trace_id: str | None
    paper: str | None


@routes.get("/ops/journey/{correlation}", summary="Hành trình của một hồ sơ tại dịch vụ này")
async def journey(correlation: str, reading: Reading) -> list[Step]:
    """The events of one case in this service's log, oldest first; only those the reader may see."""
    service = reading.runtime.service
    if service.sees is None:
        await _operator(reading)
    rows = await reading.db.execute(
        sa.text(
            "SELECT seq, epoch, header, traceparent FROM chassis.log WHERE correlation = :correlation ORDER BY seq"
        ),
        {"correlation": correlation},
    )
    steps = []
    for row in rows.all():
        header = Header.model_validate_json(row.header)
        if service.sees is not None and not await service.sees(reading, header):
            continue
        steps.append(
            Step(
                key=f"{reading.runtime.log}:{row.epoch}:{row.seq}",
                type=header.type,
                at=header.act.recorded,
                service=service.name,
                whose=header.act.whose,
                typed_by=header.act.typed_by,
                means=header.act.means,
                subjects=list(header.subjects),
                causation=header.causation,
                trace_id=row.traceparent.split("-")[1] if row.traceparent else None,
                paper=header.act.paper.number if header.act.paper else None,
            )
        )
    return steps


@routes.get("/ops/quarantine", summary="Sự kiện đang bị cách ly và lý do")
async def held(reading: Reading, log_name: Annotated[str | None, Query(alias="log")] = None) -> list[quarantine.Held]:
    await _operator(reading)
    return [item for item in await quarantine.list_held(reading.db) if log_name in (None, item.log)]


@routes.post("/ops/quarantine/redriving", status_code=202, summary="Thử áp dụng lại các sự kiện bị cách ly")
async def redrive(reading: Reading) -> dict[str, int]:
    """Asks the follower to try what it holds again, in order; answers how many are held now."""
    await _operator(reading)
    waiting = len(await quarantine.list_held(reading.db))
    reading.runtime.ask_redrive()
    return {"held": waiting}


class Discard(Write):
    """Why an event is left out for good. It binds every replay."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Đơn vị gửi nhầm tệp; đã ghi lại bằng báo cáo thay thế."}]}
    )

    reason: Text


@routes.post("/ops/quarantine/{log_name}/{epoch}/{seq}/discard", summary="Loại bỏ có ghi danh một sự kiện bị cách ly")
async def discard(log_name: str, epoch: Epoch, seq: Seq, body: Discard, asked: Asked) -> Accepted:
    accepted = await asked.perform(_discard, asked, log_name, epoch, seq, body.reason)
    # What waited behind it may flow now.
    asked.runtime.ask_redrive()
    return accepted


@beside_the_log
async def _discard(work: Any, asked: Any, log_name: str, epoch: int, seq: int, reason: str) -> None:
    service = asked.runtime.service
    if service.may_operate is not None:
        await service.may_operate(work)
    await quarantine.discard(work, log_name, epoch, seq, reason)


async def _operator(reading: ReadingRequest) -> None:
    may_operate = reading.runtime.service.may_operate
    if may_operate is not None:
        await may_operate(reading)
