"""A unit is renamed, moved, closed or reached otherwise, from a day on and by a decision."""

from __future__ import annotations

from datetime import date

from chassis.http import Write
from chassis.work import Work
from contracts.events.registry import Contacts, UnitClosed, UnitCode, UnitContactsChanged, UnitMoved, UnitRenamed
from contracts.refusal import Refused
from contracts.values import Paper, ShortText, Text, UnitId
from pydantic import Field
from standing import Role, need

from registry.adapters import units
from registry.domain.units import changeable, closable, under


class RenameUnit(Write):
    name: ShortText = Field(examples=["Công đoàn các Khu kinh tế, khu công nghiệp tỉnh Cao Bằng"])
    code: UnitCode | None = None
    effective: date
    decision: Paper


class MoveUnit(Write):
    parent_id: UnitId
    province: ShortText | None = None
    effective: date
    decision: Paper


class CloseUnit(Write):
    effective: date = Field(description="First day without it.")
    successors: list[UnitId] = Field(default_factory=list)
    reason: Text | None = None
    decision: Paper


class ChangeContacts(Write):
    contacts: Contacts
    effective: date


async def rename_unit(work: Work, unit_id: str, body: RenameUnit) -> None:
    await _may_change(work, unit_id, body.effective)
    if body.code is not None:
        holder = await units.code_holder(work.db, body.code, body.effective)
        if holder not in (None, unit_id):
            raise Refused("unit-code-taken", code=body.code, unit=holder)
    fact = UnitRenamed(unit_id=unit_id, **body.model_dump(exclude={"act"}))
    work.record(fact, f"unit:{unit_id}", correlation=unit_id)


async def move_unit(work: Work, unit_id: str, body: MoveUnit) -> None:
    """Whoever moves a unit administers both the unit and its new parent."""
    await _may_change(work, unit_id, body.effective)
    await need(work, Role.ADMINISTRATOR, body.parent_id)
    parent = await units.life(work.db, body.parent_id)
    above = await units.above(work.db, body.parent_id, body.effective)
    under(unit_id, parent, body.parent_id, above, body.effective)
    # A move elsewhere in the tree at the same time could close a loop: the chain that was read must not move.
    for one in sorted({body.parent_id, *above}):
        await work.guard(f"unit:{one}")
    fact = UnitMoved(unit_id=unit_id, **body.model_dump(exclude={"act"}))
    work.record(fact, f"unit:{unit_id}", correlation=unit_id)


async def close_unit(work: Work, unit_id: str, body: CloseUnit) -> None:
    await need(work, Role.ADMINISTRATOR, unit_id)
    closable(
        await units.life(work.db, unit_id),
        unit_id,
        body.effective,
        await units.children(work.db, unit_id, body.effective),
    )
    for successor in body.successors:
        changeable(await units.life(work.db, successor), successor, body.effective)
    await work.expect(f"unit:{unit_id}")
    fact = UnitClosed(unit_id=unit_id, **body.model_dump(exclude={"act"}))
    work.record(fact, f"unit:{unit_id}", correlation=unit_id)


async def change_contacts(work: Work, unit_id: str, body: ChangeContacts) -> None:
    """The unit's own officers keep its address."""
    await need(work, {Role.ADMINISTRATOR, Role.OFFICER}, unit_id)
    changeable(await units.life(work.db, unit_id), unit_id, body.effective)
    await work.expect(f"unit:{unit_id}")
    fact = UnitContactsChanged(unit_id=unit_id, **body.model_dump(exclude={"act"}))
    work.record(fact, f"unit:{unit_id}", correlation=unit_id)


async def _may_change(work: Work, unit_id: str, effective: date) -> None:
    await need(work, Role.ADMINISTRATOR, unit_id)
    changeable(await units.life(work.db, unit_id), unit_id, effective)
    await work.expect(f"unit:{unit_id}")
