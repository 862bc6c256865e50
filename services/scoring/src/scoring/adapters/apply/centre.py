"""What a site below keeps of the national scoring's log: criteria from draft to signature, rankings, conferences."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from chassis.facts import Recorded
from chassis.projection import Projection
from contracts.events.scoring import (
    EmulationAgreementSigned,
    RankingFinalized,
    RubricDrafted,
    RubricFrozen,
    RubricRevised,
    YearEndConferenceConcluded,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from scoring.adapters import jsonb

centre = Projection("scoring", tables=["centre_rubric", "centre_result"])


@centre.on(RubricDrafted)
async def drafted(db: AsyncConnection, facts: list[Recorded[RubricDrafted]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO centre_rubric (rubric_id, version, cluster_id, year_id, title, form)"
            " VALUES (:rubric_id, :version, :cluster_id, :year_id, :title, CAST(:form AS jsonb))"
        ),
        [
            {
                **fact.data.model_dump(include={"rubric_id", "version", "cluster_id", "year_id", "title"}),
                "form": jsonb.text(fact.data.form),
            }
            for fact in facts
        ],
    )


@centre.on(RubricRevised)
async def revised(db: AsyncConnection, facts: list[Recorded[RubricRevised]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO centre_rubric (rubric_id, version, cluster_id, year_id, title, form)"
            " SELECT rubric_id, :version, cluster_id, year_id, :title, CAST(:form AS jsonb) FROM centre_rubric"
            " WHERE rubric_id = :rubric_id ORDER BY version DESC LIMIT 1"
        ),
        [
            {
                **fact.data.model_dump(include={"rubric_id", "version", "title"}),
                "form": jsonb.text(fact.data.form),
            }
            for fact in facts
        ],
    )


@centre.on(RubricFrozen)
async def frozen(db: AsyncConnection, facts: list[Recorded[RubricFrozen]]) -> None:
    await db.execute(
        sa.text("UPDATE centre_rubric SET hash = :hash WHERE rubric_id = :rubric_id AND version = :version"),
        [fact.data.model_dump(include={"hash", "rubric_id", "version"}) for fact in facts],
    )


@centre.on(EmulationAgreementSigned)
async def signed(db: AsyncConnection, facts: list[Recorded[EmulationAgreementSigned]]) -> None:
    await _keep(db, "agreement", [(fact.data.agreement_id, fact) for fact in facts])


@centre.on(RankingFinalized)
async def ranked(db: AsyncConnection, facts: list[Recorded[RankingFinalized]]) -> None:
    await _keep(db, "ranking", [(fact.data.ranking_id, fact) for fact in facts])


@centre.on(YearEndConferenceConcluded)
async def concluded(db: AsyncConnection, facts: list[Recorded[YearEndConferenceConcluded]]) -> None:
    await _keep(db, "conference", [(fact.data.conference_id, fact) for fact in facts])


async def _keep(db: AsyncConnection, kind: str, found: list[tuple[str, Recorded[Any]]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO centre_result (kind, id, cluster_id, year_id, data, at)"
            " VALUES (:kind, :id, :cluster_id, :year_id, CAST(:data AS jsonb), :at)"
        ),
        [
            {
                "kind": kind,
                "id": name,
                "cluster_id": fact.data.cluster_id,
                "year_id": fact.data.year_id,
                "data": jsonb.one(fact.data),
                "at": fact.header.act.recorded,
            }
            for name, fact in found
        ],
    )
