"""Councils with their seats, recusals, ballots and conclusions."""

from __future__ import annotations

import json

import sqlalchemy as sa
from chassis.facts import Recorded
from contracts.events.awards.councils import (
    CouncilBallotClosed,
    CouncilBallotOpened,
    CouncilConclusionRecorded,
    CouncilCountRecorded,
    CouncilFormed,
    CouncilMemberRecused,
    CouncilVoteCast,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from awards.adapters import jsonb
from awards.adapters.apply.own import own
from awards.adapters.apply.proposals import MINUTES, change, put_paper


@own.on(CouncilFormed)
async def council_formed(db: AsyncConnection, facts: list[Recorded[CouncilFormed]]) -> None:
    for fact in facts:
        data = fact.data
        await db.execute(
            sa.text(
                "INSERT INTO council (council_id, unit_id, name, track, threshold, thresholds, starts, ends, decision)"
                " VALUES (:council_id, :unit_id, :name, :track, CAST(:threshold AS jsonb), CAST(:thresholds AS jsonb),"
                " :starts, :ends, CAST(:decision AS jsonb)) ON CONFLICT (council_id) DO UPDATE SET"
                " unit_id = excluded.unit_id, name = excluded.name, track = excluded.track,"
                " threshold = excluded.threshold, thresholds = excluded.thresholds, starts = excluded.starts,"
                " ends = excluded.ends, decision = excluded.decision"
            ),
            {
                "council_id": data.council_id,
                "unit_id": data.unit_id,
                "name": data.name,
                "track": data.track,
                "threshold": jsonb.one(data.threshold),
                "thresholds": json.dumps(
                    {title: one.model_dump(mode="json") for title, one in data.thresholds.items()}
                ),
                "starts": data.in_office.starts,
                "ends": data.in_office.ends,
                "decision": jsonb.one(data.decision),
            },
        )
        await db.execute(
            sa.text("DELETE FROM council_seat WHERE council_id = :council_id"), {"council_id": data.council_id}
        )
        await db.execute(
            sa.text(
                "INSERT INTO council_seat (council_id, number, person_id, office, unit_id)"
                " VALUES (:council_id, :number, :person_id, :office, :unit_id)"
            ),
            [
                {
                    "council_id": data.council_id,
                    "number": number,
                    "person_id": member.person_id,
                    "office": member.office,
                    "unit_id": member.unit_id,
                }
                for number, member in enumerate(data.members, start=1)
            ],
        )


@own.on(CouncilMemberRecused)
async def council_member_recused(db: AsyncConnection, facts: list[Recorded[CouncilMemberRecused]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO recusal (council_id, proposal_id, person_id, reason)"
            " VALUES (:council_id, :proposal_id, :person_id, :reason)"
        ),
        [fact.data.model_dump() for fact in facts],
    )


@own.on(CouncilBallotOpened)
async def council_ballot_opened(db: AsyncConnection, facts: list[Recorded[CouncilBallotOpened]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO council_ballot (ballot_id, council_id, proposal_id, title, way, opened)"
            " VALUES (:ballot_id, :council_id, :proposal_id, :title, :way, CAST(:opened AS jsonb))"
        ),
        [
            {
                "ballot_id": fact.data.ballot_id,
                "council_id": fact.data.council_id,
                "proposal_id": fact.data.proposal_id,
                "title": fact.data.title,
                "way": fact.data.way,
                "opened": jsonb.one(fact.data),
            }
            for fact in facts
        ],
    )


@own.on(CouncilVoteCast)
async def council_vote_cast(db: AsyncConnection, facts: list[Recorded[CouncilVoteCast]]) -> None:
    await db.execute(
        sa.text("INSERT INTO council_vote (ballot_id, voter, choice) VALUES (:ballot_id, :voter, :choice)"),
        [{"ballot_id": fact.data.ballot_id, "voter": fact.data.voter, "choice": fact.data.choice} for fact in facts],
    )


@own.on(CouncilCountRecorded)
async def council_count_recorded(db: AsyncConnection, facts: list[Recorded[CouncilCountRecorded]]) -> None:
    await db.execute(
        sa.text("UPDATE council_ballot SET counted = CAST(:counted AS jsonb) WHERE ballot_id = :ballot_id"),
        [{"ballot_id": fact.data.ballot_id, "counted": jsonb.one(fact.data)} for fact in facts],
    )


@own.on(CouncilBallotClosed)
async def council_ballot_closed(db: AsyncConnection, facts: list[Recorded[CouncilBallotClosed]]) -> None:
    await db.execute(
        sa.text("UPDATE council_ballot SET result = CAST(:result AS jsonb) WHERE ballot_id = :ballot_id"),
        [{"ballot_id": fact.data.ballot_id, "result": jsonb.one(fact.data)} for fact in facts],
    )


@own.on(CouncilConclusionRecorded)
async def council_conclusion_recorded(db: AsyncConnection, facts: list[Recorded[CouncilConclusionRecorded]]) -> None:
    for fact in facts:
        for one in fact.data.conclusions:
            await db.execute(
                sa.text(
                    "INSERT INTO council_conclusion (event_id, proposal_id, council_id, recommendation, title,"
                    " ballot_id, reason, minutes) VALUES (:event_id, :proposal_id, :council_id, :recommendation,"
                    " :title, :ballot_id, :reason, CAST(:minutes AS jsonb))"
                ),
                {
                    "event_id": fact.header.id,
                    "council_id": fact.data.council_id,
                    "proposal_id": one.proposal_id,
                    "recommendation": one.recommendation,
                    "title": one.title,
                    "ballot_id": one.ballot_id,
                    "reason": one.reason,
                    "minutes": jsonb.one(fact.data.minutes),
                },
            )
            await change(db, one.proposal_id, recommendation=one.recommendation, recommended_title=one.title)
            await put_paper(db, one.proposal_id, MINUTES, "Biên bản họp Hội đồng", fact.data.minutes)
