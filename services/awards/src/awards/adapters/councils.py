"""Reads councils, their ballots and who is recused from which case."""

from __future__ import annotations

from typing import Any

from ballots.electorate import Electorate
from ballots.motion import Choice
from contracts.events.awards.councils import CouncilBallotClosed, CouncilBallotOpened, CouncilCountRecorded
from contracts.events.awards.rules import Track
from contracts.refusal import Refused
from contracts.values import Period, Threshold
from sqlalchemy.ext.asyncio import AsyncConnection

from awards.adapters.jsonb import row, rows
from awards.domain.council import Ballot, Council


async def load(db: AsyncConnection, council_id: str) -> Council:
    """Raises ``not-found``."""
    found = await row(db, "SELECT * FROM council WHERE council_id = :id", id=council_id)
    if found is None:
        raise Refused("not-found", kind="hội đồng", id=council_id)
    seats = await rows(db, "SELECT person_id FROM council_seat WHERE council_id = :id ORDER BY number", id=council_id)
    return Council(
        council_id=council_id,
        unit_id=found["unit_id"],
        name=found["name"],
        track=Track(found["track"]),
        members=tuple(seat["person_id"] for seat in seats),
        threshold=Threshold.model_validate(found["threshold"]),
        thresholds={title: Threshold.model_validate(one) for title, one in found["thresholds"].items()},
        in_office=Period(starts=found["starts"], ends=found["ends"]),
    )


async def exists(db: AsyncConnection, council_id: str) -> bool:
    return await row(db, "SELECT 1 AS yes FROM council WHERE council_id = :id", id=council_id) is not None


async def recused(db: AsyncConnection, council_id: str, proposal_id: str) -> frozenset[str]:
    found = await rows(
        db,
        "SELECT person_id FROM recusal WHERE council_id = :council_id AND proposal_id = :proposal_id",
        council_id=council_id,
        proposal_id=proposal_id,
    )
    return frozenset(one["person_id"] for one in found)


async def is_recused(db: AsyncConnection, person_id: str | None, proposal_id: str) -> bool:
    """Whether a person is recused from a case in any council."""
    if person_id is None:
        return False
    found = await row(
        db,
        "SELECT 1 AS yes FROM recusal WHERE person_id = :person_id AND proposal_id = :proposal_id LIMIT 1",
        person_id=person_id,
        proposal_id=proposal_id,
    )
    return found is not None


async def ballot(db: AsyncConnection, ballot_id: str) -> Ballot:
    """Raises ``not-found``."""
    found = await row(db, "SELECT * FROM council_ballot WHERE ballot_id = :id", id=ballot_id)
    if found is None:
        raise Refused("not-found", kind="cuộc bỏ phiếu", id=ballot_id)
    votes = await rows(db, "SELECT voter, choice FROM council_vote WHERE ballot_id = :id ORDER BY voter", id=ballot_id)
    return _ballot(found, votes)


def _ballot(found: dict[str, Any], votes: list[dict[str, Any]]) -> Ballot:
    opened = CouncilBallotOpened.model_validate(found["opened"])
    result = CouncilBallotClosed.model_validate(found["result"]) if found["result"] else None
    return Ballot(
        ballot_id=opened.ballot_id,
        council_id=opened.council_id,
        proposal_id=opened.proposal_id,
        title=opened.title,
        way=opened.way,
        electorate=Electorate(voters=opened.voters, recused=opened.recused),
        threshold=opened.threshold,
        votes={vote["voter"]: Choice(vote["choice"]) for vote in votes},
        counted=CouncilCountRecorded.model_validate(found["counted"]) if found["counted"] else None,
        closed=result is not None,
        passed=result.passed if result is not None else None,
    )


async def ballots_of(db: AsyncConnection, council_id: str, proposal_id: str) -> list[dict[str, Any]]:
    return await rows(
        db,
        "SELECT * FROM council_ballot WHERE council_id = :council_id AND proposal_id = :proposal_id ORDER BY ballot_id",
        council_id=council_id,
        proposal_id=proposal_id,
    )
