"""A person is entered once: id and post into the log, particulars beside it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from chassis.http import Write
from chassis.work import Work, beside_the_log
from contracts.events.registry import PersonEntered, PostAssumed
from contracts.values import Identifier, Paper, Period, PersonId, ShortText, UnitId
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from standing import Role, need

from registry.adapters import people
from registry.domain.people import not_there_yet

MemberCard = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z/-]{4,32}$")]
CitizenNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{9,12}$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=200)]
Telephone = Annotated[str, StringConstraints(pattern=r"^[0-9+ .()-]{6,32}$")]

KEEPERS = {Role.ADMINISTRATOR, Role.OFFICER, Role.STANDING_OFFICE}
"""Roles that keep the persons of their unit."""


class Particulars(BaseModel):
    """What is known of a person and never leaves registry but by ``GET /people``."""

    model_config = ConfigDict(extra="forbid")

    name: ShortText = Field(examples=["Nguyễn Thị Đào"])
    birth_date: date | None = Field(None, examples=["1982-04-30"])
    sex: Annotated[str, StringConstraints(pattern="^(female|male)$")] | None = None
    member_card: MemberCard | None = Field(None, description="Số thẻ đoàn viên.")
    citizen_number: CitizenNumber | None = Field(None, description="Số căn cước.")
    email: Email | None = None
    telephone: Telephone | None = None


class FirstPost(BaseModel):
    """Where the person works: it says who may enter the person."""

    model_config = ConfigDict(extra="forbid")

    post_id: Identifier | None = None
    unit_id: UnitId
    post: ShortText = Field(examples=["Chuyên viên Ban Chính sách - Pháp luật"])
    direct_worker: bool = Field(False, description="Người lao động trực tiếp.")
    period: Period
    decision: Paper | None = None


class EnterPerson(Write):
    id: PersonId | None = Field(None, description="Chosen by the client, or made here.")
    particulars: Particulars
    post: FirstPost


@beside_the_log
async def enter_person(work: Work, body: EnterPerson) -> None:
    """Raises ``not-entitled``, ``person-exists``, ``person-number-taken``."""
    await need(work, KEEPERS, body.post.unit_id)
    person_id = body.id or work.new_id()
    told = body.particulars
    same = await people.with_number(work.db, told.member_card, told.citizen_number, but=person_id)
    not_there_yet(await people.entry(work.db, person_id), person_id, same)
    await people.keep(work.db, person_id, told.model_dump())
    work.record(PersonEntered(person_id=person_id), f"person:{person_id}", correlation=person_id)
    post_id = body.post.post_id or work.new_id()
    post = PostAssumed(post_id=post_id, person_id=person_id, **body.post.model_dump(exclude={"post_id"}))
    work.record(post, f"post:{post_id}", f"person:{person_id}", correlation=person_id)
