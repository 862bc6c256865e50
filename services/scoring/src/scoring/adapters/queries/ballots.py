"""Ballots of a cluster's year with their votes, counts and results."""

from __future__ import annotations

import json

import sqlalchemy as sa
from contracts.events.scoring import BallotClosed, BallotCountRecorded, BallotOpened
from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection

from scoring.domain.ballots import Ballot
from scoring.domain.ranking import ClosedBallot


async def load_ballot(db: AsyncConnection, ballot_id: str) -> tuple[Ballot, BallotClosed | None]:
    """A ballot with its votes and, once closed, its result. Raises ``not-found``."""
    row = (
        await db.execute(
            sa.text(
                "SELECT opened::text AS opened, count::text AS count, closed::text AS closed FROM ballot"
                " WHERE ballot_id = :ballot"
            ),
            {"ballot": ballot_id},
        )
    ).first()
    if row is None:
        raise Refused("not-found", kind="cuộc bỏ phiếu", id=ballot_id)
    votes = await db.execute(
        sa.text(
            "SELECT voter_unit_id, choices::text AS choices FROM ballot_vote WHERE ballot_id = :ballot"
            " ORDER BY voter_unit_id"
        ),
        {"ballot": ballot_id},
    )
    closed = BallotClosed.model_validate_json(row.closed) if row.closed is not None else None
    counted = row._mapping["count"]  # a row also has a method of that name
    ballot = Ballot(
        opened=BallotOpened.model_validate_json(row.opened),
        votes={vote.voter_unit_id: tuple(json.loads(vote.choices)) for vote in votes},
        count=BallotCountRecorded.model_validate_json(counted) if counted is not None else None,
        closed=closed is not None,
    )
    return ballot, closed


async def ballot_ids(db: AsyncConnection, cluster_id: str, year_id: str) -> list[str]:
    rows = await db.execute(
        sa.text(
            "SELECT ballot_id FROM ballot WHERE cluster_id = :cluster AND year_id = :year ORDER BY opened_at, ballot_id"
        ),
        {"cluster": cluster_id, "year": year_id},
    )
    return [row.ballot_id for row in rows]


async def open_of_purpose(db: AsyncConnection, cluster_id: str, year_id: str, purpose: str) -> str | None:
    found: str | None = await db.scalar(
        sa.text(
            "SELECT ballot_id FROM ballot WHERE cluster_id = :cluster AND year_id = :year AND purpose = :purpose"
            " AND closed IS NULL LIMIT 1"
        ),
        {"cluster": cluster_id, "year": year_id, "purpose": purpose},
    )
    return found


async def closed_ballots(db: AsyncConnection, cluster_id: str, year_id: str) -> list[ClosedBallot]:
    """In the order in which they were closed."""
    rows = await db.execute(
        sa.text(
            "SELECT opened::text AS opened, closed::text AS closed FROM ballot"
            " WHERE cluster_id = :cluster AND year_id = :year AND closed IS NOT NULL ORDER BY closed_turn"
        ),
        {"cluster": cluster_id, "year": year_id},
    )
    return [
        ClosedBallot(BallotOpened.model_validate_json(row.opened), BallotClosed.model_validate_json(row.closed))
        for row in rows
    ]
