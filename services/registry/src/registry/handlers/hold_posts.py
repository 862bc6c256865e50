"""Posts and offices of persons begin and end; one person may hold several at once, in several units."""

from __future__ import annotations

from datetime import date

from chassis.http import Write
from chassis.work import Work
from contracts.events.registry import OfficeAssumed, OfficeLeft, PostAssumed, PostLeft
from contracts.refusal import Refused
from contracts.values import Identifier, Paper, Period, PersonId, ShortText, Text, UnitId
from pydantic import Field
from standing import need

from registry.adapters import people, units
from registry.adapters.rows import row
from registry.domain.people import ends_within, known
from registry.domain.units import changeable
from registry.handlers.enter_person import KEEPERS


class AssumePost(Write):
    id: Identifier | None = None
    person_id: PersonId
    unit_id: UnitId
    post: ShortText = Field(examples=["Công nhân vận hành"])
    direct_worker: bool = False
    period: Period
    decision: Paper | None = None


class AssumeOffice(Write):
    id: Identifier | None = None
    person_id: PersonId
    unit_id: UnitId
    office: ShortText = Field(examples=["Chủ tịch"])
    period: Period
    decision: Paper | None = None


class Leave(Write):
    ends: date = Field(description="First day without it.")
    reason: Text | None = None


async def assume_post(work: Work, body: AssumePost) -> None:
    await _may_begin(work, body.person_id, body.unit_id, body.period)
    post_id = body.id or work.new_id()
    if await row(work.db, "SELECT 1 AS yes FROM post WHERE post_id = :id", id=post_id):
        raise Refused("already-recorded", what="chức danh, công việc", id=post_id)
    fact = PostAssumed(post_id=post_id, **body.model_dump(exclude={"id", "act"}))
    work.record(fact, f"post:{post_id}", f"person:{body.person_id}", correlation=body.person_id)


async def assume_office(work: Work, body: AssumeOffice) -> None:
    await _may_begin(work, body.person_id, body.unit_id, body.period)
    office_id = body.id or work.new_id()
    if await row(work.db, "SELECT 1 AS yes FROM office WHERE office_id = :id", id=office_id):
        raise Refused("already-recorded", what="chức vụ", id=office_id)
    fact = OfficeAssumed(office_id=office_id, **body.model_dump(exclude={"id", "act"}))
    work.record(fact, f"office:{office_id}", f"person:{body.person_id}", correlation=body.person_id)


async def _may_begin(work: Work, person_id: str, unit_id: str, period: Period) -> None:
    await need(work, KEEPERS, unit_id)
    known(await people.entry(work.db, person_id), person_id)
    changeable(await units.life(work.db, unit_id), unit_id, period.starts)


async def leave_post(work: Work, post_id: str, body: Leave) -> None:
    held = await row(work.db, "SELECT * FROM post WHERE post_id = :id", id=post_id)
    if held is None:
        raise Refused("not-found", kind="chức danh, công việc", id=post_id)
    await need(work, KEEPERS, held["unit_id"])
    await work.expect(f"post:{post_id}")
    ends_within(Period(starts=held["starts"], ends=held["ends"]), body.ends, post_id)
    fact = PostLeft(post_id=post_id, person_id=held["person_id"], ends=body.ends, reason=body.reason)
    work.record(fact, f"post:{post_id}", f"person:{held['person_id']}", correlation=held["person_id"])


async def leave_office(work: Work, office_id: str, body: Leave) -> None:
    held = await row(work.db, "SELECT * FROM office WHERE office_id = :id", id=office_id)
    if held is None:
        raise Refused("not-found", kind="chức vụ", id=office_id)
    await need(work, KEEPERS, held["unit_id"])
    await work.expect(f"office:{office_id}")
    ends_within(Period(starts=held["starts"], ends=held["ends"]), body.ends, office_id)
    fact = OfficeLeft(office_id=office_id, person_id=held["person_id"], ends=body.ends, reason=body.reason)
    work.record(fact, f"office:{office_id}", f"person:{held['person_id']}", correlation=held["person_id"])
