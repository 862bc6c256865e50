"""Reads decisions: numbers already taken and awards already counted against a quota."""

from __future__ import annotations

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from awards.adapters.jsonb import row
from awards.domain.decision import Case, quotas


async def number_taken(db: AsyncConnection, body: str, day: date, kind: str, number: str) -> str | None:
    """The decision that bears this number of the body's register; None when it is free."""
    found = await row(
        db,
        "SELECT decision_id FROM decision WHERE issuing_body = :body AND year = :year AND kind = :kind"
        " AND number = :number",
        body=body,
        year=day.year,
        kind=kind,
        number=number,
    )
    return found["decision_id"] if found else None


async def used_quotas(db: AsyncConnection, body: str, cases: tuple[Case, ...]) -> dict[tuple[str, int], int]:
    """Awards that count against the same quota as a case, by proposal and number of the quota.

    Thematic quotas count per theme, where the proposals name one.
    """
    used = {}
    for case in cases:
        for number, quota in quotas(case):
            found = await row(
                db,
                "SELECT count(*) AS n FROM award WHERE issuing_body = :body AND title = :title AND year = :year"
                " AND award_type = ANY(:types) AND (NOT :per_proposer OR proposed_by = :proposed_by)"
                " AND (CAST(:campaign AS text) IS NULL OR campaign_id = :campaign)",
                body=body,
                title=case.form.code,
                year=case.proposal.year,
                types=[one.value for one in quota.types],
                per_proposer=quota.per_proposer,
                proposed_by=case.proposal.proposed_by,
                campaign=case.proposal.basis.campaign_id,
            )
            assert found is not None
            used[(case.proposal.proposal_id, number)] = found["n"]
    return used
