"""Routes of the gate: why it is shut, a restore asked for, how far it is, what was not recovered."""

from __future__ import annotations

from typing import Annotated, Any

import httpx
from contracts.refusal import Refused
from contracts.values import Instant, ShortText
from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chassis import restore, restore_record
from chassis.http.asking import Reading, ReadingRequest
from chassis.http.routes import Routes
from chassis.inquiry import Inquiry
from chassis.restore_record import Order
from chassis.runtime import Runtime

routes = Routes(tags=["vận hành"])
Hash = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
ASK_SECONDS = 10.0


class Finding(BaseModel):
    """Who knows more of the log than this database: `behind`, or `elsewhere` (another event under that number)."""

    kind: str
    by: str
    at: dict[str, Any]
    head: dict[str, Any]


class Run(BaseModel):
    """One restore. `from_seq` is where the log ended before it, `reached_seq` where it ends now."""

    id: int
    reason: str
    by: str
    without: list[str]
    keep: str | None
    began_at: Instant
    from_seq: int
    reached_seq: int
    known_seq: int = Field(description="The furthest place that anybody who answered knows.")
    step: str
    trouble: str | None
    finished_at: Instant | None


class NotRecovered(BaseModel):
    """Of this epoch nothing from `from_seq` on exists any more. `to_seq`: the last proved to have existed."""

    log: str
    epoch: int
    from_seq: int
    to_seq: int
    opened: int = Field(description="The epoch that was opened after it.")


class Restoring(BaseModel):
    open: bool
    findings: list[Finding]
    silent: list[str]
    runs: list[Run]
    not_recovered: list[NotRecovered]


@routes.get("/ops/restoring", summary="Cổng ghi: vì sao đóng, các lần khôi phục, phần không lấy lại được")
async def restoring(request: Request, reading: Reading) -> Restoring:
    await may_repair(reading, request)
    gate = reading.runtime.gate
    return Restoring(
        open=gate.open,
        findings=[Finding.model_validate(one) for one in gate.findings],
        silent=gate.silent,
        runs=[Run.model_validate(row._mapping) for row in await restore_record.runs(reading.db)],
        not_recovered=[
            NotRecovered.model_validate(row._mapping) for row in await restore_record.not_recovered(reading.db)
        ],
    )


class Restore(BaseModel):
    """Why, and who is not waited for. `keep`: a hash of the branch to go on with, where others hold several."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "Khôi phục từ bản sao lưu 02 giờ ngày 14/10"}]}
    )

    reason: ShortText
    without: list[str] = []
    keep: Hash | None = None
    keep_seq: int = Field(0, ge=0, description="Where that event stands; 0: at the head of its branch.")


@routes.post("/ops/restoring", status_code=202, summary="Lấy lại phần sổ còn thiếu từ luồng và các dịch vụ theo dõi")
async def post_restoring(body: Restore, request: Request, reading: Reading) -> dict[str, Any]:
    """Refused while somebody who should answer is silent and not named. Goes on in the background."""
    await may_repair(reading, request)
    runtime = reading.runtime
    order = Order(
        body.reason,
        reading.caller.subject,
        tuple(body.without),
        bytes.fromhex(body.keep) if body.keep else None,
        body.keep_seq,
    )
    prepared = await restore.start(runtime, inquiry_of(runtime), order)
    return {"log": runtime.log, "known_seq": max((at.seq for at in prepared.proved), default=0)}


def inquiry_of(runtime: Runtime) -> Inquiry:
    """The way to ask others. Raises Refused ``not-ready`` while there is none."""
    if runtime.inquiry is None or "nats" in runtime.health:
        raise Refused("not-ready", why="chưa nối được với NATS")
    return runtime.inquiry


async def may_repair(reading: ReadingRequest, request: Request) -> None:
    """As for all operations. A database that was brought back may not know any more who operates the site: then the
    registry is asked with the caller's own token."""
    runtime = reading.runtime
    if runtime.service.may_operate is None:
        return
    try:
        await runtime.service.may_operate(reading)
    except Refused:
        if runtime.gate.open or not await _may_at_registry(runtime, request):
            raise


async def _may_at_registry(runtime: Runtime, request: Request) -> bool:
    url = runtime.settings.registry_url
    if not url or runtime.service.name == "registry":
        return False
    headers = {"Authorization": request.headers.get("authorization", "")}
    try:
        async with httpx.AsyncClient(base_url=url, timeout=ASK_SECONDS, trust_env=False) as http:
            return (await http.get("/ops/state", headers=headers)).status_code == 200
    except httpx.HTTPError:
        return False
