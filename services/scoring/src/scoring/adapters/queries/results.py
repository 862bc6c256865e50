"""What a cluster signed, how it ranked and what its conference concluded."""

from __future__ import annotations

import sqlalchemy as sa
from contracts.events.scoring import EmulationAgreementSigned, RankingFinalized, YearEndConferenceConcluded
from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection


async def final_ranking(db: AsyncConnection, cluster_id: str, year_id: str) -> RankingFinalized | None:
    found = await db.scalar(
        sa.text("SELECT data::text FROM ranking WHERE cluster_id = :cluster AND year_id = :year"),
        {"cluster": cluster_id, "year": year_id},
    )
    return RankingFinalized.model_validate_json(found) if found is not None else None


async def ranking_by_id(db: AsyncConnection, ranking_id: str) -> RankingFinalized:
    """Raises ``not-found``."""
    found = await db.scalar(
        sa.text("SELECT data::text FROM ranking WHERE ranking_id = :ranking"), {"ranking": ranking_id}
    )
    if found is None:
        raise Refused("not-found", kind="bảng xếp hạng", id=ranking_id)
    return RankingFinalized.model_validate_json(found)


async def conference_of(db: AsyncConnection, cluster_id: str, year_id: str) -> YearEndConferenceConcluded | None:
    found = await db.scalar(
        sa.text("SELECT data::text FROM conference WHERE cluster_id = :cluster AND year_id = :year"),
        {"cluster": cluster_id, "year": year_id},
    )
    return YearEndConferenceConcluded.model_validate_json(found) if found is not None else None


async def conference_by_id(db: AsyncConnection, conference_id: str) -> YearEndConferenceConcluded:
    """Raises ``not-found``."""
    found = await db.scalar(
        sa.text("SELECT data::text FROM conference WHERE conference_id = :conference"),
        {"conference": conference_id},
    )
    if found is None:
        raise Refused("not-found", kind="hội nghị tổng kết", id=conference_id)
    return YearEndConferenceConcluded.model_validate_json(found)


async def agreements_of(db: AsyncConnection, cluster_id: str, year_id: str) -> list[EmulationAgreementSigned]:
    rows = await db.execute(
        sa.text(
            "SELECT data::text AS data FROM agreement WHERE cluster_id = :cluster AND year_id = :year"
            " ORDER BY agreement_id"
        ),
        {"cluster": cluster_id, "year": year_id},
    )
    return [EmulationAgreementSigned.model_validate_json(row.data) for row in rows]


async def agreement_by_id(db: AsyncConnection, agreement_id: str) -> EmulationAgreementSigned:
    """Raises ``not-found``."""
    found = await db.scalar(
        sa.text("SELECT data::text FROM agreement WHERE agreement_id = :agreement"), {"agreement": agreement_id}
    )
    if found is None:
        raise Refused("not-found", kind="giao ước thi đua", id=agreement_id)
    return EmulationAgreementSigned.model_validate_json(found)


async def exists(db: AsyncConnection, kind: str, id: str) -> bool:
    """Whether an aggregate of scoring's own already bears an id."""
    table, column = _OWN[kind]
    return await db.scalar(sa.text(f"SELECT 1 FROM {table} WHERE {column} = :id"), {"id": id}) is not None


_OWN = {
    "rubric": ("rubric", "rubric_id"),
    "agreement": ("agreement", "agreement_id"),
    "ballot": ("ballot", "ballot_id"),
    "ranking": ("ranking", "ranking_id"),
    "conference": ("conference", "conference_id"),
    "review": ("score_review", "review_id"),
}
