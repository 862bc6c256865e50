"""Loads those around an event from what was followed, so that the rules can say whom it concerns."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from chassis.reactions import NotYet
from contracts.catalogue import Fact
from contracts.values import Recipient, SubjectKind
from sqlalchemy.ext.asyncio import AsyncConnection

from notify.domain.audience import Circle


async def circle_of(db: AsyncConnection, fact: Fact, day: date) -> Circle:
    """The cluster, ballot and proposal that an event names, as known here on a day.

    Raises NotYet when the cluster or the proposal has not been followed yet (logs of several services do not
    arrive in step).
    """
    cluster_id, year_id = await _cluster(db, fact)
    around = await _of_cluster(db, cluster_id, year_id, day) if cluster_id else Circle()
    proposal_id = getattr(fact, "proposal_id", None)
    return await _with_case(db, around, getattr(fact, "ballot_id", None), proposal_id)


async def _cluster(db: AsyncConnection, fact: Fact) -> tuple[str | None, str | None]:
    cluster_id, year_id = getattr(fact, "cluster_id", None), getattr(fact, "year_id", None)
    rubric_id = getattr(fact, "rubric_id", None)
    if cluster_id is None and rubric_id is not None:
        row = (
            await db.execute(sa.text("SELECT cluster_id, year_id FROM rubric WHERE rubric_id = :id"), {"id": rubric_id})
        ).first()
        if row is None:
            raise NotYet(f"rubric:{rubric_id}")
        return row.cluster_id, row.year_id
    return cluster_id, year_id


async def cluster_circle(db: AsyncConnection, cluster_id: str, year_id: str | None, day: date) -> Circle | None:
    """Members on a day, and lead and deputy of a year; None for a cluster that is not known here."""
    row = (
        await db.execute(
            sa.text(
                "SELECT c.bloc, c.run_by, l.lead_unit_id, l.deputy_unit_id,"
                " (SELECT array_agg(m.unit_id) FROM cluster_member m WHERE m.cluster_id = c.cluster_id"
                "   AND m.starts <= :day AND (m.ends IS NULL OR :day < m.ends)) AS members"
                " FROM cluster c LEFT JOIN cluster_leadership l"
                " ON l.cluster_id = c.cluster_id AND l.year_id = :year_id WHERE c.cluster_id = :cluster_id"
            ),
            {"cluster_id": cluster_id, "year_id": year_id or "", "day": day},
        )
    ).first()
    if row is None:
        return None
    return Circle(
        members=frozenset(row.members or ()),
        bloc=row.bloc,
        run_by=row.run_by,
        lead=row.lead_unit_id,
        deputy=row.deputy_unit_id,
    )


async def _of_cluster(db: AsyncConnection, cluster_id: str, year_id: str | None, day: date) -> Circle:
    found = await cluster_circle(db, cluster_id, year_id, day)
    if found is None:
        raise NotYet(f"cluster:{cluster_id}")
    return found


async def _with_case(db: AsyncConnection, around: Circle, ballot_id: str | None, proposal_id: str | None) -> Circle:
    if ballot_id is None and proposal_id is None:
        return around
    voters = await db.scalar(
        sa.text("SELECT voters FROM ballot WHERE ballot_id = :id UNION ALL"
                " SELECT voters FROM council_ballot WHERE ballot_id = :id LIMIT 1"),
        {"id": ballot_id or ""},
    )  # fmt: skip
    proposed_by = stands_at = proposed = None
    recused: frozenset[str] = frozenset()
    if proposal_id is not None:
        row = (await db.execute(sa.text("SELECT * FROM proposal WHERE proposal_id = :id"), {"id": proposal_id})).first()
        if row is None:
            raise NotYet(f"proposal:{proposal_id}")
        proposed_by, stands_at = row.proposed_by, row.stands_at
        proposed = Recipient(kind=SubjectKind(row.recipient_kind), id=row.recipient_id)
        recused = frozenset(await recused_from(db, proposal_id))
    return Circle(
        members=around.members,
        bloc=around.bloc,
        run_by=around.run_by,
        lead=around.lead,
        deputy=around.deputy,
        voters=frozenset(voters or ()),
        proposed_by=proposed_by,
        proposed=proposed,
        stands_at=stands_at,
        recused=recused,
    )


async def recused_from(db: AsyncConnection, proposal_id: str) -> list[str]:
    """Persons who may learn nothing of a proposal."""
    rows = await db.execute(
        sa.text("SELECT person_id FROM recusal WHERE proposal_id = :id ORDER BY person_id"), {"id": proposal_id}
    )
    return [row.person_id for row in rows]
