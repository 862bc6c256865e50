"""Rubrics, what members say of them, and the agreements signed on them."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.facts import Recorded
from contracts.events.scoring import (
    EmulationAgreementSigned,
    RubricAgreed,
    RubricCommented,
    RubricDrafted,
    RubricFrozen,
    RubricRevised,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from scoring.adapters import jsonb
from scoring.adapters.apply.own import own

_VERSION = sa.text(
    "INSERT INTO rubric_version (rubric_id, version, title, form, by_unit, reasons, at)"
    " VALUES (:rubric_id, :version, :title, CAST(:form AS jsonb), :by_unit, :reasons, :at)"
)


@own.on(RubricDrafted)
async def drafted(db: AsyncConnection, facts: list[Recorded[RubricDrafted]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO rubric (rubric_id, cluster_id, year_id, version, drafted_by_unit)"
            " VALUES (:rubric_id, :cluster_id, :year_id, :version, :drafted_by_unit)"
        ),
        [
            fact.data.model_dump(include={"rubric_id", "cluster_id", "year_id", "version", "drafted_by_unit"})
            for fact in facts
        ],
    )
    await db.execute(_VERSION, [_version(fact, fact.data.drafted_by_unit, None) for fact in facts])


@own.on(RubricRevised)
async def revised(db: AsyncConnection, facts: list[Recorded[RubricRevised]]) -> None:
    await db.execute(_VERSION, [_version(fact, fact.data.revised_by_unit, fact.data.reasons) for fact in facts])
    await db.execute(
        sa.text("UPDATE rubric SET version = :version WHERE rubric_id = :rubric_id"),
        [{"rubric_id": fact.data.rubric_id, "version": fact.data.version} for fact in facts],
    )


def _version(
    fact: Recorded[RubricDrafted] | Recorded[RubricRevised], by_unit: str, reasons: str | None
) -> dict[str, object]:
    return {
        "rubric_id": fact.data.rubric_id,
        "version": fact.data.version,
        "title": fact.data.title,
        "form": jsonb.text(fact.data.form),
        "by_unit": by_unit,
        "reasons": reasons,
        "at": fact.header.act.recorded,
    }


@own.on(RubricCommented)
async def commented(db: AsyncConnection, facts: list[Recorded[RubricCommented]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO rubric_comment (comment_id, rubric_id, version, unit_id, code, comment, typed_by, means, at)"
            " VALUES (:comment_id, :rubric_id, :version, :unit_id, :code, :comment, :typed_by, :means, :at)"
        ),
        [
            {
                **fact.data.model_dump(),
                "comment_id": fact.header.id,
                "typed_by": fact.header.act.typed_by,
                "means": fact.header.act.means.value,
                "at": fact.header.act.recorded,
            }
            for fact in facts
        ],
    )


@own.on(RubricAgreed)
async def agreed(db: AsyncConnection, facts: list[Recorded[RubricAgreed]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO rubric_agreed (rubric_id, version, unit_id, typed_by, means, made, paper)"
            " VALUES (:rubric_id, :version, :unit_id, :typed_by, :means, :made, CAST(:paper AS jsonb))"
        ),
        [
            {
                **fact.data.model_dump(),
                "typed_by": fact.header.act.typed_by,
                "means": fact.header.act.means.value,
                "made": fact.header.act.made,
                "paper": jsonb.one(fact.header.act.paper),
            }
            for fact in facts
        ],
    )


@own.on(RubricFrozen)
async def frozen(db: AsyncConnection, facts: list[Recorded[RubricFrozen]]) -> None:
    await db.execute(
        sa.text(
            "UPDATE rubric SET frozen_version = :version, frozen_hash = :hash, frozen_at = :at"
            " WHERE rubric_id = :rubric_id"
        ),
        [
            {
                "rubric_id": fact.data.rubric_id,
                "version": fact.data.version,
                "hash": fact.data.hash,
                "at": fact.header.act.recorded,
            }
            for fact in facts
        ],
    )


@own.on(EmulationAgreementSigned)
async def signed(db: AsyncConnection, facts: list[Recorded[EmulationAgreementSigned]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO agreement (agreement_id, cluster_id, year_id, data)"
            " VALUES (:agreement_id, :cluster_id, :year_id, CAST(:data AS jsonb))"
        ),
        [
            {
                "agreement_id": fact.data.agreement_id,
                "cluster_id": fact.data.cluster_id,
                "year_id": fact.data.year_id,
                "data": jsonb.one(fact.data),
            }
            for fact in facts
        ],
    )
