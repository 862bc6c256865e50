"""HTTP: tables of criteria from draft to frozen, and the agreements signed on them."""

from __future__ import annotations

from typing import Any

from chassis.http import Accepted, Asked, Reading, Routes, Write
from chassis.ids import new_id
from contracts.values import ClusterId, CriterionCode, RubricId, Text, UnitId, YearId
from pydantic import BaseModel, Field

from scoring.adapters.yaml_form import MOST_BYTES, read_form
from scoring.domain.canonical import canonical_hash
from scoring.handlers.agree_rubric import agree_rubric
from scoring.handlers.comment_rubric import comment_rubric
from scoring.handlers.draft_rubric import draft_rubric, told_faults
from scoring.handlers.freeze_rubric import freeze_rubric
from scoring.handlers.revise_rubric import revise_rubric

routes = Routes(tags=["bảng tiêu chí"])

_FORM = Field(
    max_length=MOST_BYTES,
    description="The table as YAML text; its keys are described in docs/rubric-form.md.",
    examples=["title: Bảng tiêu chí thi đua năm 2024\nsections:\n  - code: '1'\n    …"],
)


class TypedForm(BaseModel):
    form: str = _FORM


class FaultView(BaseModel):
    """One fault of a form."""

    line: int
    where: str
    fault: str = Field(description="Stable code.")
    reason: str


class Validation(BaseModel):
    """Whether a form is sound; if so its hash and points, else every fault."""

    sound: bool
    hash: str | None = None
    max_points: str | None = None
    criteria: int | None = None
    faults: list[FaultView] = []


@routes.post("/rubrics/validations", summary="Kiểm tra bảng tiêu chí: nêu từng dòng sai và lý do")
async def validate(body: TypedForm, reading: Reading) -> Validation:
    """Checks a form and records nothing."""
    form, faults = read_form(body.form)
    if form is None:
        return Validation(sound=False, faults=[FaultView(**fault) for fault in told_faults(faults)])
    return Validation(
        sound=True, hash=canonical_hash(form), max_points=form["max_points"], criteria=len(list(_leaves(form)))
    )


def _leaves(node: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [*node.get("sections", ()), *([node["bonus"]] if "bonus" in node else [])]
    return [*node.get("criteria", ()), *(leaf for section in inner for leaf in _leaves(section))]


class DraftRubric(Write):
    id: RubricId | None = None
    cluster_id: ClusterId
    year_id: YearId
    drafted_by_unit: UnitId
    form: str = _FORM


@routes.post("/rubrics", status_code=201, summary="Dự thảo bảng tiêu chí")
async def draft(body: DraftRubric, asked: Asked) -> Accepted:
    return await asked.perform(
        draft_rubric, body.id or new_id(), body.cluster_id, body.year_id, body.drafted_by_unit, body.form
    )


class CommentRubric(Write):
    unit_id: UnitId
    code: CriterionCode | None = Field(None, description="The line; without it the whole table is meant.")
    comment: Text


@routes.post("/rubrics/{rubric_id}/comments", status_code=201, summary="Góp ý dự thảo bảng tiêu chí")
async def comment(rubric_id: RubricId, body: CommentRubric, asked: Asked) -> Accepted:
    return await asked.perform(comment_rubric, rubric_id, body.unit_id, body.code, body.comment)


class ReviseRubric(Write):
    unit_id: UnitId
    form: str = _FORM
    reasons: Text


@routes.post("/rubrics/{rubric_id}/revisions", summary="Sửa bảng tiêu chí thành phiên bản mới")
async def revise(rubric_id: RubricId, body: ReviseRubric, asked: Asked) -> Accepted:
    return await asked.perform(revise_rubric, rubric_id, body.unit_id, body.form, body.reasons)


class AgreeRubric(Write):
    unit_id: UnitId
    version: int = Field(ge=1)


@routes.post("/rubrics/{rubric_id}/agreements", status_code=201, summary="Thành viên thống nhất với một phiên bản")
async def agree(rubric_id: RubricId, body: AgreeRubric, asked: Asked) -> Accepted:
    """By the unit's leader, or from a signed paper that the cluster's office enters (`act.means: paper`)."""
    return await asked.perform(agree_rubric, rubric_id, body.unit_id, body.version)


@routes.post("/rubrics/{rubric_id}/freezing", summary="Chốt bảng tiêu chí khi tất cả thành viên đã thống nhất")
async def freeze(rubric_id: RubricId, body: Write, asked: Asked) -> Accepted:
    return await asked.perform(freeze_rubric, rubric_id)
