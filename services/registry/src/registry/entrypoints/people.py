"""HTTP: persons, likely doubles, posts and offices."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from chassis.http import Accepted, Asked, Page, Paging, Reading, Routes
from chassis.work import etag
from contracts.events.registry import OfficeAssumed, OfficeLeft, PersonsJoined, PostAssumed, PostLeft
from contracts.refusal import Refused
from contracts.values import Identifier, Paper, PersonId
from fastapi import Body, Query
from pydantic import BaseModel, Field
from standing import persons_roles, units_of

from registry.adapters import people
from registry.adapters.sight import sees_particulars
from registry.entrypoints.shown import shown
from registry.entrypoints.unlogged import keeping
from registry.handlers import hold_posts, join_persons
from registry.handlers.enter_person import KEEPERS, EnterPerson, Particulars, enter_person

routes = Routes(tags=["người"])


class PersonView(BaseModel):
    """A person as printed on papers and written to: no birth date, no numbers."""

    id: str = Field(examples=["nguyen-thi-dao"])
    name: str | None = Field(examples=["Nguyễn Thị Đào"])
    email: str | None = Field(None, examples=["dao.nt@caobang.example"])
    joined_into: str | None = Field(None, description="This id was joined into another person's.")

    @classmethod
    def of(cls, row: dict[str, Any]) -> PersonView:
        return cls(id=row["person_id"], name=row["name"], email=row["email"], joined_into=row["joined_into"])


class PostView(BaseModel):
    id: str
    unit_id: str
    title: str = Field(description="Post or office.")
    direct_worker: bool | None = None
    starts: date
    ends: date | None
    decision: Paper | None = None
    etag: str = Field(description="Sent as If-Match when ending it.", examples=['"118"'])


class PersonDetail(PersonView):
    """A person with posts and offices; particulars only for those who keep them, and for the person."""

    posts: list[PostView]
    offices: list[PostView]
    particulars: Particulars | None = None


class RoleView(BaseModel):
    role: str
    unit_id: str


class Me(BaseModel):
    person_id: str | None
    name: str | None
    roles: list[RoleView]


@routes.get("/me", summary="Tôi là ai, giữ vai trò gì hôm nay")
async def me(reading: Reading) -> Me:
    named = await people.by_ids(reading.db, [reading.person]) if reading.person else []
    return Me(
        person_id=reading.person,
        name=named[0]["name"] if named else None,
        roles=[RoleView(role=role, unit_id=unit) for role, unit in await persons_roles(reading)],
    )


@routes.post("/people", status_code=201, summary="Lập hồ sơ một người")
async def post_person(
    body: Annotated[
        EnterPerson,
        Body(
            openapi_examples={
                "vi-du": {
                    "summary": "Ví dụ",
                    "value": {
                        "id": "nguyen-thi-dao",
                        "particulars": {
                            "name": "Nguyễn Thị Đào",
                            "birth_date": "1982-04-30",
                            "sex": "female",
                            "member_card": "04-001234",
                            "email": "dao.nt@caobang.example",
                        },
                        "post": {
                            "unit_id": "ldld-cao-bang",
                            "post": "Chuyên viên Ban Chính sách - Pháp luật",
                            "period": {"starts": "2020-03-01"},
                        },
                    },
                }
            }
        ),
    ],
    asked: Asked,
) -> Accepted:
    """Tìm trước bằng số thẻ, số căn cước, hoặc họ tên + ngày sinh + đơn vị; trùng số thì bị từ chối."""
    return await asked.perform(enter_person, body)


@routes.get("/people", summary="Tìm người; sắp theo tên gọi, kiểu Việt Nam")
async def get_people(
    reading: Reading,
    page: Paging,
    ids: Annotated[list[str] | None, Query(max_length=500, description="Ids, repeated or with commas.")] = None,
    name: str | None = None,
    birth_date: date | None = None,
    unit_id: str | None = None,
    member_card: str | None = None,
    citizen_number: str | None = None,
) -> Page[PersonView]:
    """Có `ids` thì trả đúng những người đó; không thì tìm theo số thẻ, căn cước, họ tên, ngày sinh, đơn vị."""
    if ids is not None:
        named = [one for part in ids for one in part.split(",") if one]
        return Page(items=[PersonView.of(row) for row in await people.by_ids(reading.db, named)], next=None)
    if (birth_date, member_card, citizen_number) != (None, None, None):
        await _may_search_by_numbers(reading)
    found = await people.found_by(
        reading.db,
        name=name,
        birth_date=birth_date,
        unit_id=unit_id,
        member_card=member_card,
        citizen_number=citizen_number,
        after=page.after,
        limit=page.limit + 1,
    )
    keys = {row["person_id"]: f"{row['sort_key'] or '~'}|{row['person_id']}" for row in found}
    return Page[PersonView].of([PersonView.of(row) for row in found], page, lambda one: keys[one.id])


async def _may_search_by_numbers(reading: Reading) -> None:
    """Guessing numbers and birth dates until somebody is found is left to those who keep persons anyway."""
    if reading.caller.service is None and not await units_of(reading, KEEPERS):
        raise Refused("not-entitled", role=sorted(KEEPERS), unit="*")


@routes.get("/people/{person_id}", summary="Một người, chức danh và chức vụ qua các thời kỳ")
async def get_person(person_id: PersonId, reading: Reading) -> PersonDetail:
    row = await people.one(reading.db, person_id)
    reading.etag(await reading.version(f"person:{person_id}"))
    posts = await people.posts(reading.db, person_id)
    units = sorted({post["unit_id"] for post in posts})
    particulars = None
    if row["name"] is not None and await sees_particulars(reading, person_id, units):
        particulars = Particulars.model_construct(**{name: row[name] for name in Particulars.model_fields})
    return PersonDetail(
        **PersonView.of(row).model_dump(),
        posts=[await _post(reading, post, "post") for post in posts],
        offices=[await _post(reading, held, "office") for held in await people.offices(reading.db, person_id)],
        particulars=particulars,
    )


async def _post(reading: Reading, row: dict[str, Any], what: str) -> PostView:
    name = row[f"{what}_id"]
    return PostView(
        id=name,
        unit_id=row["unit_id"],
        title=row[what],
        direct_worker=row.get("direct_worker"),
        starts=row["starts"],
        ends=row["ends"],
        decision=row["decision"],
        etag=etag(await reading.version(f"{what}:{name}")),
    )


@routes.put("/people/{person_id}/particulars", summary="Sửa thông tin cá nhân (ngoài sổ sự kiện)")
async def put_particulars(
    person_id: PersonId,
    body: Annotated[Particulars, Body(examples=[{"name": "Nguyễn Thị Đào", "birth_date": "1982-04-30"}])],
    asked: Asked,
) -> PersonView:
    async with keeping(asked) as work:
        await join_persons.keeper_of(work, person_id)
        same = await people.with_number(work.db, body.member_card, body.citizen_number, but=person_id)
        if same:
            raise Refused("person-number-taken", persons=same)
        await people.keep(work.db, person_id, body.model_dump())
        return PersonView.of(await people.one(work.db, person_id))


@routes.get("/people/{person_id}/doubles", summary="Những người có thể bị nhập trùng")
async def get_doubles(person_id: PersonId, reading: Reading) -> list[PersonView]:
    await people.one(reading.db, person_id)
    return [PersonView.of(row) for row in await people.doubles(reading.db, person_id)]


Joining = Annotated[join_persons.JoinPersons, shown(join_persons.JoinPersons, PersonsJoined, other_id="p-0198c")]


@routes.post("/people/{person_id}/joining", summary="Nhập một hồ sơ trùng vào người này")
async def join(person_id: PersonId, body: Joining, asked: Asked) -> Accepted:
    return await asked.perform(join_persons.join_persons, person_id, body)


@routes.post("/people/{person_id}/separation", summary="Hủy việc nhập hồ sơ trùng")
async def separate(person_id: PersonId, body: Joining, asked: Asked) -> Accepted:
    return await asked.perform(join_persons.separate_persons, person_id, body)


@routes.post("/people/{person_id}/keeping-apart", summary="Xác nhận là hai người khác nhau")
async def keep_apart(person_id: PersonId, body: Joining, asked: Asked) -> Accepted:
    return await asked.perform(join_persons.keep_apart, person_id, body)


@routes.post("/posts", status_code=201, summary="Ghi nhận chức danh, công việc")
async def post_post(
    body: Annotated[hold_posts.AssumePost, shown(hold_posts.AssumePost, PostAssumed)], asked: Asked
) -> Accepted:
    return await asked.perform(hold_posts.assume_post, body)


@routes.post("/posts/{post_id}/end", summary="Thôi chức danh, công việc")
async def end_post(
    post_id: Identifier, body: Annotated[hold_posts.Leave, shown(hold_posts.Leave, PostLeft)], asked: Asked
) -> Accepted:
    return await asked.perform(hold_posts.leave_post, post_id, body)


@routes.post("/offices", status_code=201, summary="Ghi nhận chức vụ")
async def post_office(
    body: Annotated[hold_posts.AssumeOffice, shown(hold_posts.AssumeOffice, OfficeAssumed)], asked: Asked
) -> Accepted:
    return await asked.perform(hold_posts.assume_office, body)


@routes.post("/offices/{office_id}/end", summary="Thôi chức vụ")
async def end_office(
    office_id: Identifier,
    body: Annotated[hold_posts.Leave, shown(hold_posts.Leave, OfficeLeft)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(hold_posts.leave_office, office_id, body)
