"""The way of each proposal as a list of steps, so that a unit always sees where it is and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from chassis.facts import Recorded
from contracts.catalogue import Fact
from contracts.events.awards.councils import CouncilConclusionRecorded
from contracts.events.awards.decisions import AwardConferred
from contracts.events.awards.proposals import (
    AwardProposed,
    ConditionSettled,
    DossierItemAdded,
    EligibilityAssessed,
    ProposalForwarded,
    ProposalReceived,
    ProposalRefused,
    ProposalResubmitted,
    ProposalReturned,
    ProposalSubmitted,
    ProposalWithdrawn,
)
from contracts.values import Paper
from sqlalchemy.ext.asyncio import AsyncConnection

from awards.adapters import jsonb
from awards.adapters.apply.own import own

_INSERT = sa.text(
    "INSERT INTO proposal_step (event_id, proposal_id, type, at, received, typed_by, means, body, stage, told, paper)"
    " VALUES (:event_id, :proposal_id, :type, :at, :received, :typed_by, :means, :body, :stage, :told,"
    " CAST(:paper AS jsonb))"
)


def _step(
    fact: Recorded[Any], proposal_id: str, body: str | None, stage: str | None, told: str | None, paper: Paper | None
) -> dict[str, Any]:
    act = fact.header.act
    return {
        "event_id": fact.header.id,
        "proposal_id": proposal_id,
        "type": fact.header.type,
        "at": act.recorded,
        "received": act.received,
        "typed_by": act.typed_by,
        "means": act.means,
        "body": body,
        "stage": stage,
        "told": told,
        "paper": jsonb.one(paper or act.paper),
    }


async def _write(db: AsyncConnection, steps: Iterable[dict[str, Any]]) -> None:
    rows = list(steps)
    if rows:
        await db.execute(_INSERT, rows)


def _told(data: Fact) -> tuple[str | None, str | None, str | None, Paper | None]:
    """Body, stage, words and paper of a step."""
    match data:
        case AwardProposed():
            return data.proposed_by, None, data.basis.text, None
        case ProposalSubmitted():
            return data.receiving_unit, None, None, data.letter
        case ProposalResubmitted():
            return data.receiving_unit, None, data.changes, data.letter
        case ProposalReceived():
            return data.body, data.stage, data.register_number, None
        case ProposalForwarded():
            return data.to_body, data.to_stage, data.note, data.letter
        case ProposalReturned():
            return data.body, data.stage, data.reason, None
        case ProposalRefused():
            return data.body, None, data.reason, None
        case ProposalWithdrawn():
            return data.proposed_by, None, data.reason, None
        case EligibilityAssessed():
            return None, None, data.cause, None
        case ConditionSettled():
            return None, None, data.reason, data.paper
        case DossierItemAdded():
            return None, None, data.name, data.paper
    raise TypeError(f"no step for {type(data).__name__}")


async def _of_proposal(db: AsyncConnection, facts: list[Recorded[Any]]) -> None:
    await _write(db, (_step(fact, fact.data.proposal_id, *_told(fact.data)) for fact in facts))


for _model in (
    AwardProposed,
    ProposalSubmitted,
    ProposalResubmitted,
    ProposalReceived,
    ProposalForwarded,
    ProposalReturned,
    ProposalRefused,
    ProposalWithdrawn,
    EligibilityAssessed,
    ConditionSettled,
    DossierItemAdded,
):
    own.on(_model)(_of_proposal)


@own.on(CouncilConclusionRecorded)
async def concluded(db: AsyncConnection, facts: list[Recorded[CouncilConclusionRecorded]]) -> None:
    for fact in facts:
        await _write(
            db,
            (
                # One event concludes several cases; each has its own step.
                {
                    **_step(fact, one.proposal_id, fact.data.unit_id, None, one.recommendation, fact.data.minutes),
                    "event_id": f"{fact.header.id}.{number}",
                }
                for number, one in enumerate(fact.data.conclusions)
            ),
        )


@own.on(AwardConferred)
async def conferred(db: AsyncConnection, facts: list[Recorded[AwardConferred]]) -> None:
    await _write(
        db,
        (
            _step(fact, fact.data.proposal_id, fact.data.issuing_body, None, fact.data.title, fact.data.decision)
            for fact in facts
        ),
    )
