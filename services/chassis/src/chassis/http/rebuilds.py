"""Routes for operators: have tables built anew from their log beside the live ones, and see how far that is."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from chassis import rebuilding
from chassis.http.asking import Reading
from chassis.http.ops import _operator
from chassis.http.routes import Routes

routes = Routes(tags=["vận hành"])


class Wanted(BaseModel):
    """Which tables to build anew."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"log": "vn.registry", "swap_anyway": False}]})

    log: str | None = Field(None, description="The log whose tables are built anew; none: every log of the service.")
    swap_anyway: bool = Field(False, description="Swap also when the new tables differ from the live ones.")


@routes.post("/ops/rebuild", status_code=202, summary="Dựng lại các bảng từ sổ, bên cạnh bảng đang dùng, rồi đổi")
async def ask(body: Wanted, reading: Reading) -> dict[str, list[str]]:
    """Asks the copy at work to build, compare and swap; answers the logs concerned. `GET` tells how far it is."""
    await _operator(reading)
    return {"asked": await rebuilding.ask(reading.runtime, body.log, body.swap_anyway, reading.caller.subject)}


@routes.get("/ops/rebuild", summary="Tiến độ và kết quả dựng lại")
async def progress(reading: Reading) -> Sequence[rebuilding.Rebuild]:
    await _operator(reading)
    return await rebuilding.listed(reading.db)
