"""What awards' log says of those to be told: whose proposal stands where, who votes on it, who may not know of it."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.facts import Recorded
from chassis.projection import Projection
from contracts.events.awards.councils import CouncilBallotOpened, CouncilMemberRecused
from contracts.events.awards.proposals import AwardProposed, ProposalForwarded, ProposalReceived, ProposalSubmitted
from sqlalchemy.ext.asyncio import AsyncConnection

from_awards = Projection("awards", tables=["proposal", "council_ballot", "recusal"])

_STANDS_AT = sa.text("UPDATE proposal SET stands_at = :body WHERE proposal_id = :proposal_id")


@from_awards.on(AwardProposed)
async def award_proposed(db: AsyncConnection, facts: list[Recorded[AwardProposed]]) -> None:
    await db.execute(
        sa.text("INSERT INTO proposal VALUES (:proposal_id, :kind, :recipient_id, :proposed_by, :stands_at)"),
        [
            {
                "proposal_id": fact.data.proposal_id,
                "kind": fact.data.recipient.kind.value,
                "recipient_id": fact.data.recipient.id,
                "proposed_by": fact.data.proposed_by,
                "stands_at": fact.data.receiving_unit,
            }
            for fact in facts
        ],
    )


@from_awards.on(ProposalSubmitted)
async def proposal_submitted(db: AsyncConnection, facts: list[Recorded[ProposalSubmitted]]) -> None:
    await db.execute(
        _STANDS_AT,
        [{"proposal_id": fact.data.proposal_id, "body": fact.data.receiving_unit} for fact in facts],
    )


@from_awards.on(ProposalReceived)
async def proposal_received(db: AsyncConnection, facts: list[Recorded[ProposalReceived]]) -> None:
    await db.execute(_STANDS_AT, [{"proposal_id": fact.data.proposal_id, "body": fact.data.body} for fact in facts])


@from_awards.on(ProposalForwarded)
async def proposal_forwarded(db: AsyncConnection, facts: list[Recorded[ProposalForwarded]]) -> None:
    await db.execute(_STANDS_AT, [{"proposal_id": fact.data.proposal_id, "body": fact.data.to_body} for fact in facts])


@from_awards.on(CouncilMemberRecused)
async def member_recused(db: AsyncConnection, facts: list[Recorded[CouncilMemberRecused]]) -> None:
    await _recuse(db, {(fact.data.proposal_id, fact.data.person_id) for fact in facts})


@from_awards.on(CouncilBallotOpened)
async def council_ballot_opened(db: AsyncConnection, facts: list[Recorded[CouncilBallotOpened]]) -> None:
    await db.execute(
        sa.text("INSERT INTO council_ballot VALUES (:ballot_id, CAST(:voters AS text[]))"),
        [
            {
                "ballot_id": fact.data.ballot_id,
                "voters": [one for one in fact.data.voters if one not in fact.data.recused],
            }
            for fact in facts
        ],
    )
    await _recuse(db, {(fact.data.proposal_id, one) for fact in facts for one in fact.data.recused})


async def _recuse(db: AsyncConnection, pairs: set[tuple[str, str]]) -> None:
    if pairs:
        await db.execute(
            sa.text("INSERT INTO recusal VALUES (:proposal_id, :person_id) ON CONFLICT DO NOTHING"),
            [{"proposal_id": proposal, "person_id": person} for proposal, person in sorted(pairs)],
        )
