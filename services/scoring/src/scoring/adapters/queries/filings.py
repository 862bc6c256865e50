"""Registrations and reports of a cluster's year, from what registry has said."""

from __future__ import annotations

import json

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from scoring.domain.filings import FilingState


async def filings_of(db: AsyncConnection, cluster_id: str, year_id: str) -> dict[str, dict[str, FilingState]]:
    """Every member's filings, by unit and kind."""
    rows = await db.execute(
        sa.text(
            "SELECT f.unit_id, f.subject, f.kind, f.state, f.punctuality, f.awaits, f.contested, f.means, f.typed_by,"
            " f.submitted, f.received_revision, f.content::text AS content,"
            " f.received_content::text AS received_content, a.subject IS NOT NULL AS accepted_late,"
            " coalesce(a.penalty_kept, true) AS penalty_kept"
            " FROM filing f LEFT JOIN filing_accepted_late a USING (subject)"
            " WHERE f.cluster_id = :cluster AND f.year_id = :year ORDER BY f.submitted, f.subject"
        ),
        {"cluster": cluster_id, "year": year_id},
    )
    found: dict[str, dict[str, FilingState]] = {}
    for row in rows.mappings():
        fields = dict(row)
        unit_id = fields.pop("unit_id")
        for name in ("content", "received_content"):
            fields[name] = json.loads(fields[name]) if fields[name] is not None else None
        found.setdefault(unit_id, {})[fields["kind"]] = FilingState(**fields)
    return found


async def missed_of(db: AsyncConnection, cluster_id: str, year_id: str) -> dict[str, frozenset[str]]:
    """Kinds of filing that each member had not handed in at hard close."""
    rows = await db.execute(
        sa.text("SELECT unit_id, kind FROM filing_missed WHERE cluster_id = :cluster AND year_id = :year"),
        {"cluster": cluster_id, "year": year_id},
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.unit_id, set()).add(row.kind)
    return {unit_id: frozenset(kinds) for unit_id, kinds in found.items()}
