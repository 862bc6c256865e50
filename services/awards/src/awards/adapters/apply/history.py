"""Awards held, achievements, and the years of a recipient that have been looked through."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.facts import Recorded
from contracts.events.awards.history import AchievementRecorded, AwardHistoryRecorded, HistoryDeclaredComplete
from sqlalchemy.ext.asyncio import AsyncConnection

from awards.adapters import jsonb
from awards.adapters.apply.own import own

HELD = sa.text(
    "INSERT INTO award_held (origin, entry_id, kind, id, title, year, decision, source, event_id)"
    " VALUES (:origin, :entry_id, :kind, :id, :title, :year, CAST(:decision AS jsonb), :source, :event_id)"
)


@own.on(AwardHistoryRecorded)
async def award_history_recorded(db: AsyncConnection, facts: list[Recorded[AwardHistoryRecorded]]) -> None:
    await db.execute(
        HELD,
        [
            {
                "origin": "recorded",
                "entry_id": fact.data.history_id,
                "kind": fact.data.recipient.kind,
                "id": fact.data.recipient.id,
                "title": fact.data.title,
                "year": fact.data.year,
                "decision": jsonb.one(fact.data.decision),
                "source": fact.data.source,
                "event_id": fact.header.id,
            }
            for fact in facts
        ],
    )


@own.on(AchievementRecorded)
async def achievement_recorded(db: AsyncConnection, facts: list[Recorded[AchievementRecorded]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO achievement (achievement_id, recipient_kind, recipient_id, kind, scope, year, applied, name,"
            " paper, source, event_id) VALUES (:achievement_id, :recipient_kind, :recipient_id, :kind, :scope, :year,"
            " :applied, :name, CAST(:paper AS jsonb), :source, :event_id)"
        ),
        [
            {
                "achievement_id": fact.data.achievement_id,
                "recipient_kind": fact.data.recipient.kind,
                "recipient_id": fact.data.recipient.id,
                "kind": fact.data.kind,
                "scope": fact.data.scope,
                "year": fact.data.year,
                "applied": fact.data.applied,
                "name": fact.data.name,
                "paper": jsonb.one(fact.data.paper),
                "source": fact.data.source,
                "event_id": fact.header.id,
            }
            for fact in facts
        ],
    )


@own.on(HistoryDeclaredComplete)
async def history_declared_complete(db: AsyncConnection, facts: list[Recorded[HistoryDeclaredComplete]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO history_looked (event_id, kind, id, since, until, paper)"
            " VALUES (:event_id, :kind, :id, :since, :until, CAST(:paper AS jsonb))"
        ),
        [
            {
                "event_id": fact.header.id,
                "kind": fact.data.recipient.kind,
                "id": fact.data.recipient.id,
                "since": fact.data.since,
                "until": fact.data.until,
                "paper": jsonb.one(fact.data.paper),
            }
            for fact in facts
        ],
    )
