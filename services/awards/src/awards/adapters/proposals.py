"""Reads proposals as the domain knows them, and what beside them matters for a decision."""

from __future__ import annotations

from typing import Any

from contracts.events.awards.assessments import Assessment, ConditionOutcome, SettledBy
from contracts.events.awards.councils import Recommendation
from contracts.events.awards.proposals import Basis, Share
from contracts.events.awards.rules import AwardType, Channel, Track
from contracts.refusal import Refused
from contracts.values import Recipient
from sqlalchemy.ext.asyncio import AsyncConnection

from awards.adapters.jsonb import row, rows
from awards.domain.doubles import Other
from awards.domain.eligibility import Settlement
from awards.domain.proposal import Proposal, Status


async def load(db: AsyncConnection, proposal_id: str) -> Proposal:
    """Raises ``not-found``."""
    found = await row(db, "SELECT * FROM proposal WHERE proposal_id = :id", id=proposal_id)
    if found is None:
        raise Refused("not-found", kind="đề nghị khen thưởng", id=proposal_id)
    items = await rows(db, "SELECT item FROM dossier_item WHERE proposal_id = :id", id=proposal_id)
    return of(found, frozenset(one["item"] for one in items))


def of(found: dict[str, Any], dossier: frozenset[str] = frozenset()) -> Proposal:
    """A proposal from its row."""
    return Proposal(
        proposal_id=found["proposal_id"],
        recipient=Recipient(kind=found["recipient_kind"], id=found["recipient_id"]),
        unit_id=found["unit_id"],
        title=found["title"],
        proposed_by=found["proposed_by"],
        year_id=found["year_id"],
        year=found["year"],
        award_type=AwardType(found["award_type"]),
        track=Track(found["track"]),
        channel=Channel(found["channel"]),
        route=found["route"],
        basis=Basis.model_validate(found["basis"]),
        shares=tuple(Share.model_validate(one) for one in found["shares"]),
        status=Status(found["status"]),
        body=found["body"],
        stage=found["stage"],
        sent_from=found["sent_from"],
        revision=found["revision"],
        rule_set_id=found["rule_set_id"],
        assessment=Assessment.model_validate(found["assessment"]),
        correlation=found["correlation"],
        dossier=dossier,
        recommendation=Recommendation(found["recommendation"]) if found["recommendation"] else None,
        recommended_title=found["recommended_title"],
    )


async def exists(db: AsyncConnection, proposal_id: str) -> bool:
    return await row(db, "SELECT 1 AS yes FROM proposal WHERE proposal_id = :id", id=proposal_id) is not None


async def settlements(db: AsyncConnection, proposal_id: str) -> dict[str, Settlement]:
    found = await rows(db, "SELECT * FROM settlement WHERE proposal_id = :id ORDER BY condition", id=proposal_id)
    return {
        one["condition"]: Settlement(ConditionOutcome(one["outcome"]), SettledBy.model_validate(one["by"]))
        for one in found
    }


async def others(db: AsyncConnection, recipient_ids: list[str], kind: str, year: int, but: str) -> list[Other]:
    """Other proposals for the same recipient and year that still stand or were decided."""
    found = await rows(
        db,
        "SELECT p.proposal_id, p.title, p.award_type, f.form FROM proposal p"
        " JOIN rule_set r ON r.rule_set_id = p.rule_set_id"
        " CROSS JOIN LATERAL (SELECT e AS form FROM jsonb_array_elements(r.rules -> 'forms') e"
        "   WHERE e ->> 'code' = p.title LIMIT 1) f"
        " WHERE p.recipient_kind = :kind AND p.recipient_id = ANY(:ids) AND p.year = :year AND p.proposal_id <> :but"
        " AND p.status NOT IN ('refused', 'withdrawn', 'decided') ORDER BY p.proposal_id",
        kind=kind,
        ids=recipient_ids,
        year=year,
        but=but,
    )
    return [
        Other(
            proposal_id=one["proposal_id"],
            title=one["title"],
            title_name=one["form"]["name"],
            award_type=AwardType(one["award_type"]),
            decided_by=tuple(one["form"]["decided_by"]),
        )
        for one in found
    ]
