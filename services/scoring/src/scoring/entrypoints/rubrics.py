"""HTTP: tables of criteria from draft to frozen, and the agreements signed on them."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import sqlalchemy as sa
from chassis.http import Accepted, Asked, Page, Paging, Reading, Routes, Write
from chassis.ids import new_id
from contracts.events.scoring import EmulationAgreementSigned, Signatory
from contracts.values import ClusterId, CriterionCode, Instant, Paper, RubricId, ShortText, Text, UnitId, YearId
from pydantic import BaseModel, Field

from scoring.adapters.queries.results import agreement_by_id, agreements_of
from scoring.adapters.queries.rubrics import load_rubric
from scoring.adapters.yaml_form import MOST_BYTES, read_form
from scoring.domain.canonical import canonical_hash
from scoring.entrypoints.sight import must_see
from scoring.handlers.agree_rubric import agree_rubric
from scoring.handlers.comment_rubric import comment_rubric
from scoring.handlers.draft_rubric import draft_rubric, told_faults
from scoring.handlers.freeze_rubric import freeze_rubric
from scoring.handlers.revise_rubric import revise_rubric
from scoring.handlers.rights import cluster_today, may_see
from scoring.handlers.sign_agreement import sign_agreement

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


class SignAgreement(Write):
    id: RubricId | None = None
    rubric_id: RubricId
    signatories: list[Signatory] = Field(min_length=1)
    signed_on: date
    place: ShortText
    paper: Paper | None = None


@routes.post("/agreements", status_code=201, summary="Ghi nhận giao ước thi đua đã ký")
async def sign(body: SignAgreement, asked: Asked) -> Accepted:
    return await asked.perform(
        sign_agreement,
        body.id or new_id(),
        body.rubric_id,
        tuple(body.signatories),
        body.signed_on,
        body.place,
        body.paper,
    )


class RubricSummary(BaseModel):
    id: str
    cluster_id: str
    year_id: str
    title: str
    version: int
    state: str = Field(description="`draft` or `frozen` (the newest version is frozen)")
    frozen_version: int | None = None
    hash: str | None = Field(None, description="Of the frozen version.")


class CommentView(BaseModel):
    version: int
    unit_id: str
    code: str | None
    comment: str
    typed_by: str
    means: str
    at: Instant


class AgreedView(BaseModel):
    unit_id: str
    typed_by: str
    means: str
    made: Instant
    paper: Paper | None = None


class VersionView(BaseModel):
    version: int
    by_unit: str
    reasons: str | None
    at: Instant


class RubricView(RubricSummary):
    """A table with its whole tree, who said what of it, and who agreed to the newest version."""

    drafted_by_unit: str
    form: dict[str, Any]
    comments: list[CommentView]
    agreed: list[AgreedView]
    missing: list[str] = Field(description="Members that have not agreed to the newest version.")
    versions: list[VersionView]


_SUMMARY = (
    "SELECT r.rubric_id AS id, r.cluster_id, r.year_id, v.title, r.version,"
    " CASE WHEN r.frozen_version = r.version THEN 'frozen' ELSE 'draft' END AS state,"
    " r.frozen_version, r.frozen_hash AS hash"
    " FROM rubric r JOIN rubric_version v USING (rubric_id, version)"
)


@routes.get("/rubrics", summary="Các bảng tiêu chí của một cụm trong một năm")
async def rubrics(cluster_id: ClusterId, year_id: YearId, reading: Reading, page: Paging) -> Page[RubricSummary]:
    cluster = await cluster_today(reading, cluster_id, year_id)
    # Before it is frozen a table is a matter of the cluster; frozen it is public.
    only = "" if await may_see(reading, cluster) else " AND r.frozen_version IS NOT NULL"
    rows = await reading.db.execute(
        sa.text(
            f"{_SUMMARY} WHERE r.cluster_id = :cluster AND r.year_id = :year AND r.rubric_id > :after{only}"
            " ORDER BY r.rubric_id LIMIT :limit"
        ),
        {"cluster": cluster_id, "year": year_id, "after": page.after or "", "limit": page.limit + 1},
    )
    return Page[RubricSummary].of([RubricSummary(**row) for row in rows.mappings()], page, lambda one: one.id)


@routes.get("/rubrics/{rubric_id}", summary="Một bảng tiêu chí: cây tiêu chí, góp ý, thống nhất")
async def rubric(rubric_id: RubricId, reading: Reading) -> RubricView:
    db = reading.db
    stands = await load_rubric(db, rubric_id)
    cluster = await cluster_today(reading, stands.cluster_id, stands.year_id)
    if not stands.is_frozen:
        await must_see(reading, cluster, "bảng tiêu chí", rubric_id)
    summary = (
        (await db.execute(sa.text(f"{_SUMMARY} WHERE r.rubric_id = :rubric"), {"rubric": rubric_id})).mappings().one()
    )
    comments = await db.execute(
        sa.text(
            "SELECT version, unit_id, code, comment, typed_by, means, at FROM rubric_comment"
            " WHERE rubric_id = :rubric ORDER BY at, comment_id"
        ),
        {"rubric": rubric_id},
    )
    agreed = await db.execute(
        sa.text(
            "SELECT unit_id, typed_by, means, made, paper::text AS paper FROM rubric_agreed"
            " WHERE rubric_id = :rubric AND version = :version ORDER BY unit_id"
        ),
        {"rubric": rubric_id, "version": stands.version},
    )
    versions = await db.execute(
        sa.text("SELECT version, by_unit, reasons, at FROM rubric_version WHERE rubric_id = :rubric ORDER BY version"),
        {"rubric": rubric_id},
    )
    reading.etag(await reading.version(f"rubric:{rubric_id}"))
    return RubricView(
        **summary,
        drafted_by_unit=stands.drafted_by_unit,
        form=stands.form,
        comments=[CommentView(**row) for row in comments.mappings()],
        agreed=[
            AgreedView(**{**row, "paper": json.loads(row["paper"]) if row["paper"] else None})
            for row in agreed.mappings()
        ],
        missing=[unit for unit in cluster.members if unit not in stands.agreed_by],
        versions=[VersionView(**row) for row in versions.mappings()],
    )


@routes.get("/agreements", summary="Giao ước thi đua của một cụm trong một năm")
async def agreements(cluster_id: ClusterId, year_id: YearId, reading: Reading) -> list[EmulationAgreementSigned]:
    return await agreements_of(reading.db, cluster_id, year_id)


@routes.get("/agreements/{agreement_id}", summary="Một giao ước thi đua")
async def agreement(agreement_id: RubricId, reading: Reading) -> EmulationAgreementSigned:
    found = await agreement_by_id(reading.db, agreement_id)
    reading.etag(await reading.version(f"agreement:{agreement_id}"))
    return found
