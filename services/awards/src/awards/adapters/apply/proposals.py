"""Proposals as they stand, what was settled for them, their dossiers, and which units may see them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from chassis.facts import Recorded
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

LETTER, MINUTES = "to-trinh", "bien-ban-hoi-dong"
"""Papers of the dossier that come with an act: the submission letter, the council's minutes."""

_JSON = frozenset({"assessment", "doubles", "shares"})


async def change(db: AsyncConnection, proposal_id: str, **values: Any) -> None:
    """Set columns of one proposal."""
    columns = ", ".join(f"{name} = CAST(:{name} AS jsonb)" if name in _JSON else f"{name} = :{name}" for name in values)
    await db.execute(
        sa.text(f"UPDATE proposal SET {columns} WHERE proposal_id = :proposal_id"),
        {**values, "proposal_id": proposal_id},
    )


async def show_to(db: AsyncConnection, proposal_id: str, *unit_ids: str) -> None:
    """Let units, and those above them, see a proposal."""
    await db.execute(
        sa.text(
            "INSERT INTO proposal_sight (proposal_id, unit_id) VALUES (:proposal_id, :unit_id) ON CONFLICT DO NOTHING"
        ),
        [{"proposal_id": proposal_id, "unit_id": unit_id} for unit_id in sorted(set(unit_ids))],
    )


async def put_paper(
    db: AsyncConnection, proposal_id: str, item: str, name: str, paper: Paper, note: str | None = None
) -> None:
    """Put a paper into a dossier; a later one under the same item replaces it."""
    await db.execute(
        sa.text(
            "INSERT INTO dossier_item (proposal_id, item, name, paper, note)"
            " VALUES (:proposal_id, :item, :name, CAST(:paper AS jsonb), :note) ON CONFLICT (proposal_id, item)"
            " DO UPDATE SET name = excluded.name, paper = excluded.paper, note = excluded.note"
        ),
        {"proposal_id": proposal_id, "item": item, "name": name, "paper": jsonb.one(paper), "note": note},
    )


@own.on(AwardProposed)
async def award_proposed(db: AsyncConnection, facts: list[Recorded[AwardProposed]]) -> None:
    for fact in facts:
        data = fact.data
        await db.execute(
            sa.text(
                "INSERT INTO proposal (proposal_id, recipient_kind, recipient_id, unit_id, title, proposed_by, year_id,"
                " year, award_type, track, channel, route, basis, shares, drafted, status, body, sent_from, revision,"
                " rule_set_id, outcome, assessment, doubles, correlation) VALUES (:proposal_id, :recipient_kind,"
                " :recipient_id, :unit_id, :title, :proposed_by, :year_id, :year, :award_type, :track, :channel,"
                " :route, CAST(:basis AS jsonb), CAST(:shares AS jsonb), :drafted, 'drafted', :body, :proposed_by, 0,"
                " :rule_set_id, :outcome, CAST(:assessment AS jsonb), CAST(:doubles AS jsonb), :correlation)"
            ),
            {
                "proposal_id": data.proposal_id,
                "recipient_kind": data.recipient.kind,
                "recipient_id": data.recipient.id,
                "unit_id": data.unit_id,
                "title": data.title,
                "proposed_by": data.proposed_by,
                "year_id": data.year_id,
                "year": data.year,
                "award_type": data.award_type,
                "track": data.track,
                "channel": data.channel,
                "route": data.route,
                "basis": jsonb.one(data.basis),
                "shares": jsonb.many(data.shares),
                "drafted": data.drafted,
                "body": data.receiving_unit,
                "rule_set_id": data.rule_set_id,
                "outcome": data.assessment.outcome,
                "assessment": jsonb.one(data.assessment),
                "doubles": jsonb.many(data.doubles),
                "correlation": fact.header.correlation,
            },
        )
        await show_to(db, data.proposal_id, data.unit_id, data.proposed_by)


def _handed_in(data: ProposalSubmitted | ProposalResubmitted) -> dict[str, Any]:
    return {
        "status": "submitted",
        "stage": None,
        "revision": data.revision,
        "received": data.received,
        "rule_set_id": data.rule_set_id,
        "outcome": data.assessment.outcome,
        "assessment": jsonb.one(data.assessment),
        "doubles": jsonb.many(data.doubles),
        "recommendation": None,
        "recommended_title": None,
        "why": None,
    }


@own.on(ProposalSubmitted)
async def proposal_submitted(db: AsyncConnection, facts: list[Recorded[ProposalSubmitted]]) -> None:
    for fact in facts:
        await change(db, fact.data.proposal_id, **_handed_in(fact.data))
        await show_to(db, fact.data.proposal_id, fact.data.receiving_unit)
        if fact.data.letter is not None:
            await put_paper(db, fact.data.proposal_id, LETTER, "Tờ trình", fact.data.letter)


@own.on(ProposalResubmitted)
async def proposal_resubmitted(db: AsyncConnection, facts: list[Recorded[ProposalResubmitted]]) -> None:
    for fact in facts:
        shares = {"shares": jsonb.many(fact.data.shares)} if fact.data.shares else {}
        await change(db, fact.data.proposal_id, **_handed_in(fact.data), **shares)
        if fact.data.letter is not None:
            await put_paper(db, fact.data.proposal_id, LETTER, "Tờ trình", fact.data.letter)


@own.on(ProposalReceived)
async def proposal_received(db: AsyncConnection, facts: list[Recorded[ProposalReceived]]) -> None:
    for fact in facts:
        await change(db, fact.data.proposal_id, status="received", stage=fact.data.stage)


@own.on(ProposalForwarded)
async def proposal_forwarded(db: AsyncConnection, facts: list[Recorded[ProposalForwarded]]) -> None:
    for fact in facts:
        data = fact.data
        if data.to_body == data.from_body:
            await change(db, data.proposal_id, stage=data.to_stage)
            continue
        # Another body judges anew: what the council below recommended stays in its own minutes.
        await change(
            db,
            data.proposal_id,
            status="submitted",
            body=data.to_body,
            stage=None,
            sent_from=data.from_body,
            recommendation=None,
            recommended_title=None,
        )
        await show_to(db, data.proposal_id, data.to_body)
        if data.letter is not None:
            await put_paper(db, data.proposal_id, LETTER, "Tờ trình", data.letter)


@own.on(ProposalReturned)
async def proposal_returned(db: AsyncConnection, facts: list[Recorded[ProposalReturned]]) -> None:
    for fact in facts:
        await change(db, fact.data.proposal_id, status="returned", stage=None, why=fact.data.reason)


@own.on(ProposalRefused)
async def proposal_refused(db: AsyncConnection, facts: list[Recorded[ProposalRefused]]) -> None:
    for fact in facts:
        await change(db, fact.data.proposal_id, status="refused", why=fact.data.reason, rule=fact.data.rule)


@own.on(ProposalWithdrawn)
async def proposal_withdrawn(db: AsyncConnection, facts: list[Recorded[ProposalWithdrawn]]) -> None:
    for fact in facts:
        await change(db, fact.data.proposal_id, status="withdrawn", why=fact.data.reason)


@own.on(EligibilityAssessed)
async def eligibility_assessed(db: AsyncConnection, facts: list[Recorded[EligibilityAssessed]]) -> None:
    for fact in facts:
        await change(
            db,
            fact.data.proposal_id,
            outcome=fact.data.assessment.outcome,
            assessment=jsonb.one(fact.data.assessment),
            doubles=jsonb.many(fact.data.doubles),
        )


@own.on(ConditionSettled)
async def condition_settled(db: AsyncConnection, facts: list[Recorded[ConditionSettled]]) -> None:
    for fact in facts:
        data = fact.data
        by = next(
            one.settled_by
            for one in (*data.assessment.general, *(c for route in data.assessment.routes for c in route.conditions))
            if one.code == data.condition
        )
        await db.execute(
            sa.text(
                "INSERT INTO settlement (proposal_id, condition, outcome, by)"
                " VALUES (:proposal_id, :condition, :outcome, CAST(:by AS jsonb)) ON CONFLICT (proposal_id, condition)"
                " DO UPDATE SET outcome = excluded.outcome, by = excluded.by"
            ),
            {
                "proposal_id": data.proposal_id,
                "condition": data.condition,
                "outcome": data.outcome,
                "by": jsonb.one(by),
            },
        )
        await change(db, data.proposal_id, outcome=data.assessment.outcome, assessment=jsonb.one(data.assessment))


@own.on(DossierItemAdded)
async def dossier_item_added(db: AsyncConnection, facts: list[Recorded[DossierItemAdded]]) -> None:
    for fact in facts:
        await put_paper(db, fact.data.proposal_id, fact.data.item, fact.data.name, fact.data.paper, fact.data.note)
