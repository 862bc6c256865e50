"""Decisions under their numbers, and the awards on their lists, which are history from then on."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.facts import Recorded
from contracts.events.awards.decisions import AwardConferred, AwardDecisionIssued
from sqlalchemy.ext.asyncio import AsyncConnection

from awards.adapters import jsonb
from awards.adapters.apply.history import HELD
from awards.adapters.apply.own import own
from awards.adapters.apply.proposals import change


@own.on(AwardDecisionIssued)
async def award_decision_issued(db: AsyncConnection, facts: list[Recorded[AwardDecisionIssued]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO decision (decision_id, issuing_body, year, kind, number, date, signatory, scan)"
            " VALUES (:decision_id, :issuing_body, :year, :kind, :number, :date, :signatory, :scan)"
        ),
        [
            {
                "decision_id": fact.data.decision_id,
                "issuing_body": fact.data.issuing_body,
                "year": fact.data.date.year,
                "kind": fact.data.kind,
                "number": fact.data.number,
                "date": fact.data.date,
                "signatory": fact.data.signatory,
                "scan": fact.data.scan,
            }
            for fact in facts
        ],
    )


@own.on(AwardConferred)
async def award_conferred(db: AsyncConnection, facts: list[Recorded[AwardConferred]]) -> None:
    for fact in facts:
        data = fact.data
        await db.execute(
            sa.text(
                "INSERT INTO award (award_id, decision_id, proposal_id, kind, id, unit_id, title, award_type, year,"
                " issuing_body, proposed_by, campaign_id) SELECT :award_id, :decision_id, :proposal_id, :kind, :id,"
                " :unit_id, :title, :award_type, :year, :issuing_body, proposed_by, basis ->> 'campaign_id'"
                " FROM proposal WHERE proposal_id = :proposal_id"
            ),
            {
                "award_id": data.award_id,
                "decision_id": data.decision_id,
                "proposal_id": data.proposal_id,
                "kind": data.recipient.kind,
                "id": data.recipient.id,
                "unit_id": data.unit_id,
                "title": data.title,
                "award_type": data.award_type,
                "year": data.year,
                "issuing_body": data.issuing_body,
            },
        )
        await db.execute(
            HELD,
            {
                "origin": "conferred",
                "entry_id": data.award_id,
                "kind": data.recipient.kind,
                "id": data.recipient.id,
                "title": data.title,
                "year": data.year,
                "decision": jsonb.one(data.decision),
                "source": "Quyết định trên hệ thống",
                "event_id": fact.header.id,
            },
        )
        await change(db, data.proposal_id, status="decided", decision_id=data.decision_id)
