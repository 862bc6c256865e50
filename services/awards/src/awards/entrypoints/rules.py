"""HTTP: rule sets, and the switch of the registration test."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from typing import Annotated, Any

from chassis.http import Accepted, Asked, Page, Paging, Reading, Routes, Write
from contracts.events.awards.rules import AwardType, Track
from contracts.refusal import Refused
from contracts.values import Identifier, Paper, Text, UnitId, YearId
from fastapi import Query
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from awards.adapters.jsonb import row, rows
from awards.entrypoints.views import RuleSetView, RuleSetWhole
from awards.handlers import enact_rules

routes = Routes(tags=["rule-sets"])

_EXAMPLE = "rule_set: quy-che-2025\nname: Quy chế khen thưởng\n…"


class RuleSetText(BaseModel):
    yaml: Annotated[str, Field(max_length=200_000, examples=[_EXAMPLE])]


class EnactRuleSet(Write):
    yaml: Annotated[str, Field(max_length=200_000, examples=[_EXAMPLE])]


class Mistake(BaseModel):
    line: int
    where: str
    reason: str


class Checked(BaseModel):
    """What a rule set reads as, before anybody enacts it."""

    rule_set_id: str
    name: str
    starts: date
    ends: date | None
    hash: str
    forms: dict[str, str]


class SetRegistrationTest(Write):
    unit_id: UnitId
    track: Track
    year_id: YearId
    award_type: AwardType
    tested: bool
    reason: Text
    paper: Paper | None = None


def _shipped() -> dict[str, str]:
    folder = files("awards") / "rule_sets"
    return {
        entry.name.removesuffix(".yaml"): entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".yaml")
    }


@routes.get("/shipped-rule-sets", summary="Các bộ quy tắc kèm theo phần mềm")
async def shipped_list(reading: Reading) -> list[str]:
    return list(_shipped())


@routes.get(
    "/shipped-rule-sets/{name}", summary="Nội dung YAML của một bộ quy tắc kèm theo", response_class=PlainTextResponse
)
async def shipped(name: Identifier, reading: Reading) -> str:
    text = _shipped().get(name)
    if text is None:
        raise Refused("not-found", kind="bộ quy tắc kèm theo", id=name)
    return text


@routes.post("/rule-sets/validation", summary="Kiểm tra một bộ quy tắc, không ban hành")
async def validate(body: RuleSetText, reading: Reading) -> Checked:
    """Each mistake is told with its line and reason; nothing is kept."""
    rules = enact_rules.read(body.yaml)
    return Checked(
        rule_set_id=rules.rule_set,
        name=rules.name,
        starts=rules.in_force.starts,
        ends=rules.in_force.ends,
        hash=rules.hash,
        forms={form.code: form.name for form in rules.forms},
    )


@routes.post("/rule-sets", status_code=201, summary="Ban hành một bộ quy tắc")
async def enact(body: EnactRuleSet, asked: Asked) -> Accepted:
    return await asked.perform(enact_rules.enact, body.yaml)


@routes.get("/rule-sets", summary="Các bộ quy tắc, hoặc những bộ có hiệu lực vào một ngày")
async def rule_sets(
    reading: Reading,
    page: Paging,
    day: Annotated[date | None, Query(description="Only those in force on this day.")] = None,
) -> Page[RuleSetView]:
    found = await rows(
        reading.db,
        "SELECT * FROM rule_set WHERE rule_set_id > :after"
        " AND (CAST(:day AS date) IS NULL OR (starts <= :day AND (ends IS NULL OR :day < ends)))"
        " ORDER BY rule_set_id LIMIT :limit",
        after=page.after or "",
        day=day,
        limit=page.limit + 1,
    )
    return Page.of([RuleSetView(**_view(one)) for one in found], page, key=lambda one: one.rule_set_id)


@routes.get("/rule-sets/{rule_set_id}", summary="Một bộ quy tắc đầy đủ")
async def rule_set(rule_set_id: Identifier, reading: Reading) -> RuleSetWhole:
    found = await row(reading.db, "SELECT * FROM rule_set WHERE rule_set_id = :id", id=rule_set_id)
    if found is None:
        raise Refused("not-found", kind="bộ quy tắc", id=rule_set_id)
    reading.etag(await reading.version(f"rule-set:{rule_set_id}"))
    return RuleSetWhole(**_view(found))


def _view(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "forms": {form["code"]: form["name"] for form in found["rules"]["forms"]}}


@routes.post("/registration-tests", summary="Bật, tắt điều kiện “không đăng ký thì không xét khen thưởng hằng năm”")
async def set_registration_test(body: SetRegistrationTest, asked: Asked) -> Accepted:
    return await asked.perform(
        enact_rules.set_registration_test,
        body.unit_id,
        body.track,
        body.year_id,
        body.award_type,
        body.tested,
        body.reason,
        body.paper,
    )
