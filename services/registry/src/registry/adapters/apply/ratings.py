"""Yearly ratings and discipline of persons and units."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.facts import Recorded
from contracts.events.registry import CleanRecordStated, DisciplineRecorded, RatingRecorded
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.adapters import jsonb
from registry.adapters.apply.own import own


@own.on(RatingRecorded)
async def rating_recorded(db: AsyncConnection, facts: list[Recorded[RatingRecorded]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO rating (subject_kind, subject_id, year, rating_id, rating, decision, source) VALUES"
            " (:kind, :id, :year, :rating_id, :rating, CAST(:decision AS jsonb), :source)"
            " ON CONFLICT (subject_kind, subject_id, year) DO UPDATE SET rating_id = excluded.rating_id,"
            " rating = excluded.rating, decision = excluded.decision, source = excluded.source"
        ),
        [
            {
                "kind": fact.data.subject.kind.value,
                "id": fact.data.subject.id,
                "year": fact.data.year,
                "rating_id": fact.data.rating_id,
                "rating": fact.data.rating.value,
                "decision": jsonb.one(fact.data.decision),
                "source": fact.data.source,
            }
            for fact in facts
        ],
    )


@own.on(DisciplineRecorded)
async def discipline_recorded(db: AsyncConnection, facts: list[Recorded[DisciplineRecorded]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO discipline (discipline_id, subject_kind, subject_id, date, starts, ends, measure,"
            " decision, source) VALUES (:discipline_id, :kind, :id, :date, :starts, :ends, :measure,"
            " CAST(:decision AS jsonb), :source)"
        ),
        [
            {
                "discipline_id": fact.data.discipline_id,
                "kind": fact.data.subject.kind.value,
                "id": fact.data.subject.id,
                "date": fact.data.date,
                "starts": fact.data.period.starts if fact.data.period else None,
                "ends": fact.data.period.ends if fact.data.period else None,
                "measure": fact.data.measure.value,
                "decision": jsonb.one(fact.data.decision),
                "source": fact.data.source,
            }
            for fact in facts
        ],
    )


@own.on(CleanRecordStated)
async def clean_record_stated(db: AsyncConnection, facts: list[Recorded[CleanRecordStated]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO clean_record (statement_id, subject_kind, subject_id, year, paper)"
            " VALUES (:statement_id, :kind, :id, :year, CAST(:paper AS jsonb))"
        ),
        [
            {
                "statement_id": fact.data.statement_id,
                "kind": fact.data.subject.kind.value,
                "id": fact.data.subject.id,
                "year": fact.data.year,
                "paper": jsonb.one(fact.data.paper),
            }
            for fact in facts
        ],
    )
