"""Grants: what a person may do, for a unit and all under it, for a period; delegation needs an end and a paper."""

from __future__ import annotations

from datetime import date
from typing import Any

from chassis.http import Write
from chassis.work import Work
from contracts.events.registry import GrantGiven, GrantWithdrawn
from contracts.refusal import Refused
from contracts.values import Identifier, Paper, Period, PersonId, Text, UnitId
from pydantic import Field
from standing import Role, need

from registry.adapters import people, units
from registry.adapters.rows import row
from registry.domain.people import delegated, ends_within, known
from registry.domain.units import changeable


class GiveGrant(Write):
    id: Identifier | None = None
    person_id: PersonId
    role: Role
    unit_id: UnitId
    period: Period
    delegated_by: PersonId | None = Field(None, description="Người ủy quyền, nếu là ủy quyền có thời hạn.")
    paper: Paper | None = None


class WithdrawGrant(Write):
    ends: date = Field(description="First day without it.")
    reason: Text | None = None


async def give_grant(work: Work, body: GiveGrant) -> None:
    await need(work, Role.ADMINISTRATOR, body.unit_id)
    known(await people.entry(work.db, body.person_id), body.person_id)
    changeable(await units.life(work.db, body.unit_id), body.unit_id, body.period.starts)
    delegated(body.delegated_by, body.period.ends, body.paper is not None)
    if body.delegated_by is not None:
        known(await people.entry(work.db, body.delegated_by), body.delegated_by)
    grant_id = body.id or work.new_id()
    if await _grant(work, grant_id):
        raise Refused("already-recorded", what="quyền", id=grant_id)
    fact = GrantGiven(grant_id=grant_id, **body.model_dump(exclude={"id", "act"}))
    work.record(fact, f"grant:{grant_id}", f"person:{body.person_id}", correlation=body.person_id)


async def withdraw_grant(work: Work, grant_id: str, body: WithdrawGrant) -> None:
    held = await _grant(work, grant_id)
    if held is None:
        raise Refused("not-found", kind="quyền", id=grant_id)
    await need(work, Role.ADMINISTRATOR, held["unit_id"])
    await work.expect(f"grant:{grant_id}")
    ends_within(Period(starts=held["starts"], ends=held["ends"]), body.ends, grant_id)
    fact = GrantWithdrawn(grant_id=grant_id, ends=body.ends, reason=body.reason)
    work.record(fact, f"grant:{grant_id}", f"person:{held['person_id']}", correlation=held["person_id"])


async def _grant(work: Work, grant_id: str) -> dict[str, Any] | None:
    return await row(work.db, "SELECT * FROM grant_given WHERE grant_id = :id", id=grant_id)
