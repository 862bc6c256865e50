"""Rubrics as they stand, and the one that is frozen for a cluster's year."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection

from scoring.domain.form import Form, form_of
from scoring.domain.rubrics import Rubric


@dataclass(frozen=True)
class FrozenRubric:
    """The table that counts in a cluster's year."""

    rubric_id: str
    version: int
    hash: str
    data: dict[str, Any]

    @property
    def form(self) -> Form:
        return form_of(self.data)


async def load_rubric(db: AsyncConnection, rubric_id: str) -> Rubric:
    """Raises ``not-found``."""
    row = (
        await db.execute(
            sa.text(
                "SELECT r.*, v.form::text AS form, ARRAY(SELECT a.unit_id FROM rubric_agreed a"
                " WHERE a.rubric_id = r.rubric_id AND a.version = r.version) AS agreed"
                " FROM rubric r JOIN rubric_version v USING (rubric_id, version) WHERE rubric_id = :rubric"
            ),
            {"rubric": rubric_id},
        )
    ).first()
    if row is None:
        raise Refused("not-found", kind="bảng tiêu chí", id=rubric_id)
    return Rubric(
        rubric_id=rubric_id,
        cluster_id=row.cluster_id,
        year_id=row.year_id,
        version=row.version,
        form=json.loads(row.form),
        drafted_by_unit=row.drafted_by_unit,
        agreed_by=frozenset(row.agreed),
        frozen_version=row.frozen_version,
        frozen_hash=row.frozen_hash,
    )


async def frozen_id(db: AsyncConnection, cluster_id: str, year_id: str) -> str | None:
    """The id of the table frozen for a cluster's year, if there is one."""
    found: str | None = await db.scalar(
        sa.text(
            "SELECT rubric_id FROM rubric WHERE cluster_id = :cluster AND year_id = :year"
            " AND frozen_version IS NOT NULL ORDER BY frozen_at DESC, rubric_id LIMIT 1"
        ),
        {"cluster": cluster_id, "year": year_id},
    )
    return found


async def find_frozen(db: AsyncConnection, cluster_id: str, year_id: str) -> FrozenRubric | None:
    rubric_id = await frozen_id(db, cluster_id, year_id)
    if rubric_id is None:
        return None
    row = (
        await db.execute(
            sa.text(
                "SELECT r.frozen_version, r.frozen_hash, v.form::text AS form FROM rubric r JOIN rubric_version v"
                " ON v.rubric_id = r.rubric_id AND v.version = r.frozen_version WHERE r.rubric_id = :rubric"
            ),
            {"rubric": rubric_id},
        )
    ).one()
    return FrozenRubric(rubric_id, row.frozen_version, row.frozen_hash, json.loads(row.form))


async def load_frozen(db: AsyncConnection, cluster_id: str, year_id: str) -> FrozenRubric:
    """Raises ``no-frozen-rubric``: nothing is scored before the table is agreed."""
    found = await find_frozen(db, cluster_id, year_id)
    if found is None:
        raise Refused("no-frozen-rubric", cluster=cluster_id, year=year_id)
    return found


async def scores_final(db: AsyncConnection, cluster_id: str, year_id: str) -> bool:
    """Whether a card of the cluster's year is final, so that its table stands for good."""
    found = await db.scalar(
        sa.text(
            "SELECT 1 FROM scorecard WHERE cluster_id = :cluster AND year_id = :year AND final IS NOT NULL LIMIT 1"
        ),
        {"cluster": cluster_id, "year": year_id},
    )
    return found is not None
