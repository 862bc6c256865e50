"""Ballots of clusters, votes, counts and results."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.facts import Recorded
from contracts.events.scoring import BallotClosed, BallotCountRecorded, BallotOpened, VoteCast
from sqlalchemy.ext.asyncio import AsyncConnection

from scoring.adapters import jsonb
from scoring.adapters.apply.own import own


@own.on(BallotOpened)
async def opened(db: AsyncConnection, facts: list[Recorded[BallotOpened]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO ballot (ballot_id, cluster_id, year_id, purpose, opened, opened_at)"
            " VALUES (:ballot_id, :cluster_id, :year_id, :purpose, CAST(:opened AS jsonb), :at)"
        ),
        [
            {
                "ballot_id": fact.data.ballot_id,
                "cluster_id": fact.data.cluster_id,
                "year_id": fact.data.year_id,
                "purpose": fact.data.purpose.value,
                "opened": jsonb.one(fact.data),
                "at": fact.header.act.recorded,
            }
            for fact in facts
        ],
    )


@own.on(VoteCast)
async def cast(db: AsyncConnection, facts: list[Recorded[VoteCast]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO ballot_vote (ballot_id, voter_unit_id, choices, typed_by, at)"
            " VALUES (:ballot_id, :voter, CAST(:choices AS jsonb), :typed_by, :at)"
            " ON CONFLICT (ballot_id, voter_unit_id) DO UPDATE"
            " SET choices = excluded.choices, typed_by = excluded.typed_by, at = excluded.at"
        ),
        [
            {
                "ballot_id": fact.data.ballot_id,
                "voter": fact.data.voter_unit_id,
                "choices": jsonb.text(list(fact.data.choices)),
                "typed_by": fact.header.act.typed_by,
                "at": fact.header.act.recorded,
            }
            for fact in facts
        ],
    )


@own.on(BallotCountRecorded)
async def counted(db: AsyncConnection, facts: list[Recorded[BallotCountRecorded]]) -> None:
    await db.execute(
        sa.text("UPDATE ballot SET count = CAST(:count AS jsonb) WHERE ballot_id = :ballot_id"),
        [{"ballot_id": fact.data.ballot_id, "count": jsonb.one(fact.data)} for fact in facts],
    )


@own.on(BallotClosed)
async def closed(db: AsyncConnection, facts: list[Recorded[BallotClosed]]) -> None:
    for fact in facts:
        await db.execute(
            sa.text(
                "UPDATE ballot SET closed = CAST(:closed AS jsonb), closed_turn ="
                " (SELECT 1 + count(*) FROM ballot b WHERE b.cluster_id = :cluster AND b.year_id = :year"
                "  AND b.closed IS NOT NULL) WHERE ballot_id = :ballot_id"
            ),
            {
                "ballot_id": fact.data.ballot_id,
                "cluster": fact.data.cluster_id,
                "year": fact.data.year_id,
                "closed": jsonb.one(fact.data),
            },
        )
