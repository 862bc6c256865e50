"""A cluster in an emulation year, from what registry has said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from contracts.events.registry import ClusterKind
from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection

from scoring.domain.clusters import ClusterYear, scorecard_id


async def load_cluster(db: AsyncConnection, cluster_id: str, year_id: str, today: date) -> ClusterYear:
    """The cluster with its members of today; before the year begins those of its first day, after it of its last.

    Raises ``not-found`` for a cluster or year that registry has not told of.
    """
    row = (
        await db.execute(
            sa.text(
                "SELECT c.kind, c.run_by, y.starts, y.ends, l.lead_unit_id, l.deputy_unit_id FROM cluster c"
                " LEFT JOIN emulation_year y ON y.year_id = :year"
                " LEFT JOIN leadership l ON l.cluster_id = c.cluster_id AND l.year_id = :year"
                " WHERE c.cluster_id = :cluster"
            ),
            {"cluster": cluster_id, "year": year_id},
        )
    ).first()
    if row is None:
        raise Refused("not-found", kind="cụm, khối thi đua", id=cluster_id)
    if row.starts is None:
        raise Refused("not-found", kind="năm thi đua", id=year_id)
    day = min(max(today, row.starts), row.ends - timedelta(days=1))
    members = await db.execute(
        sa.text(
            "SELECT unit_id FROM cluster_member WHERE cluster_id = :cluster AND starts <= :day"
            " AND (ends IS NULL OR :day < ends) ORDER BY unit_id"
        ),
        {"cluster": cluster_id, "day": day},
    )
    return ClusterYear(
        cluster_id=cluster_id,
        year_id=year_id,
        is_bloc=row.kind == ClusterKind.BLOC.value,
        run_by=row.run_by,
        members=tuple(member.unit_id for member in members),
        lead=row.lead_unit_id,
        deputy=row.deputy_unit_id,
    )


@dataclass(frozen=True)
class CardPlace:
    """Whose card an id means."""

    scorecard_id: str
    cluster_id: str
    year_id: str
    unit_id: str


async def place_of_card(db: AsyncConnection, card_id: str) -> CardPlace:
    """Where a card belongs, also one on which nothing was entered yet. Raises ``not-found``."""
    row = (
        await db.execute(
            sa.text("SELECT cluster_id, year_id, unit_id FROM scorecard WHERE scorecard_id = :card"),
            {"card": card_id},
        )
    ).first()
    if row is not None:
        return CardPlace(card_id, row.cluster_id, row.year_id, row.unit_id)
    # A long id ends in a digest, so years are narrowed down by how it begins and each candidate is tried.
    rows = await db.execute(
        sa.text(
            "SELECT DISTINCT m.cluster_id, y.year_id, m.unit_id FROM emulation_year y"
            " JOIN cluster_member m ON starts_with(:card, left('sc-' || y.year_id || '-' || m.cluster_id, 47))"
        ),
        {"card": card_id},
    )
    for each in rows:
        if scorecard_id(each.cluster_id, each.year_id, each.unit_id) == card_id:
            return CardPlace(card_id, each.cluster_id, each.year_id, each.unit_id)
    raise Refused("not-found", kind="bảng điểm", id=card_id)


async def unit_names(db: AsyncConnection, unit_ids: Iterable[str], day: date) -> dict[str, str]:
    """Names that units bore on a day; a unit without one is called by its id."""
    wanted = list(unit_ids)
    rows = await db.execute(
        sa.text("SELECT unit_id, name FROM standing_unit WHERE unit_id = ANY(:units) AND valid @> CAST(:day AS date)"),
        {"units": wanted, "day": day},
    )
    return {unit_id: unit_id for unit_id in wanted} | {row.unit_id: row.name for row in rows}
