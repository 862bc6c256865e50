"""A unit enters the system: one that existed already, or one newly established by a decision."""

from __future__ import annotations

from datetime import date

from chassis.http import Write
from chassis.work import Work
from contracts.events.registry import Contacts, Level, UnitCode, UnitEstablished, UnitKind, UnitRecorded
from contracts.refusal import Refused
from contracts.values import Paper, ShortText, UnitId
from pydantic import Field
from standing import Role, need, units_of

from registry.adapters import units
from registry.domain.units import new, under


class _Unit(Write):
    id: UnitId | None = None
    code: UnitCode = Field(examples=["LDLD-04"])
    name: ShortText = Field(examples=["Liên đoàn Lao động tỉnh Cao Bằng"])
    level: Level
    kind: UnitKind
    parent_id: UnitId | None = Field(None, description="Only outside bodies have none.")
    province: ShortText | None = Field(None, examples=["Cao Bằng"])
    contacts: Contacts | None = None
    effective: date = Field(description="First day of its existence, or first day known.")


class RecordUnit(_Unit):
    source: ShortText | None = Field(None, description="Where it was read: a list, a register.")
    decision: Paper | None = None


class EstablishUnit(_Unit):
    decision: Paper


async def record_unit(work: Work, body: RecordUnit) -> None:
    """A unit that existed already."""
    unit_id = await _enter(work, body)
    fact = UnitRecorded(unit_id=unit_id, **body.model_dump(exclude={"id", "act"}))
    work.record(fact, f"unit:{unit_id}", correlation=unit_id)


async def establish_unit(work: Work, body: EstablishUnit) -> None:
    """A unit that comes into being by a decision."""
    unit_id = await _enter(work, body)
    fact = UnitEstablished(unit_id=unit_id, **body.model_dump(exclude={"id", "act"}))
    work.record(fact, f"unit:{unit_id}", correlation=unit_id)


async def _enter(work: Work, body: _Unit) -> str:
    unit_id = body.id or work.new_id()
    if body.parent_id is not None:
        await need(work, Role.ADMINISTRATOR, body.parent_id)
        parent = await units.life(work.db, body.parent_id)
        above = await units.above(work.db, body.parent_id, body.effective)
        under(unit_id, parent, body.parent_id, above, body.effective)
    elif body.kind is not UnitKind.OUTSIDE_BODY:
        raise Refused("unit-needs-parent", unit=unit_id)
    elif not await units_of(work, Role.ADMINISTRATOR):
        raise Refused("not-entitled", role=[Role.ADMINISTRATOR.value], unit=unit_id)
    holder = await units.code_holder(work.db, body.code, body.effective)
    new(unit_id, await units.life(work.db, unit_id), holder, body.code)
    return unit_id
