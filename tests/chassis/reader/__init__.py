"""A service that follows the sample: it counts how often it saw each cluster, and agrees to each one once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from chassis.facts import Recorded
from chassis.projection import Projection
from chassis.reactions import NotYet, Reaction
from chassis.service import Service
from chassis.work import Work
from contracts.events.registry.clusters import ClusterFormed
from contracts.events.scoring.rubrics import RubricAgreed
from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts import catalogue


@dataclass
class Mood:
    """What a test has the reader's code do: refuse names, break on them, wait for a cluster, say no."""

    refuses: set[str] = field(default_factory=set)
    breaks: set[str] = field(default_factory=set)
    waits_for: dict[str, str] = field(default_factory=dict)
    says_no: set[str] = field(default_factory=set)


def agreed(rubric_id: str) -> RubricAgreed:
    return RubricAgreed.model_validate({**catalogue.entry(RubricAgreed).example, "rubric_id": rubric_id})


def reader_service(mood: Mood, reacting: bool = False) -> Service:
    """``reacting``: record an agreement for every cluster that was seen."""
    own = Projection("scoring", tables=["agreed"])
    clusters = Projection("registry", tables=["seen"])

    @own.on(RubricAgreed)
    async def rubric_agreed(db: AsyncConnection, facts: list[Recorded[RubricAgreed]]) -> None:
        await db.execute(sa.text("INSERT INTO agreed VALUES (:id)"), [{"id": fact.data.rubric_id} for fact in facts])

    @clusters.on(ClusterFormed)
    async def cluster_formed(db: AsyncConnection, facts: list[Recorded[ClusterFormed]]) -> None:
        for fact in facts:
            if fact.data.name in mood.refuses:
                raise Refused("cluster-unfit", name=fact.data.name)
            if fact.data.name in mood.breaks:
                raise ZeroDivisionError(fact.data.name)
        await db.execute(
            sa.text(
                "INSERT INTO seen AS s VALUES (:id, :name, 1)"
                " ON CONFLICT (cluster_id) DO UPDATE SET name = excluded.name, times = s.times + 1"
            ),
            [{"id": fact.data.cluster_id, "name": fact.data.name} for fact in facts],
        )

    async def agree(work: Work, cause: Recorded[ClusterFormed]) -> None:
        cluster = cause.data.cluster_id
        if cluster in mood.says_no:
            raise Refused("not-now", cluster=cluster)
        awaited = mood.waits_for.get(cluster)
        if awaited and not await work.db.scalar(sa.text("SELECT 1 FROM seen WHERE cluster_id = :id"), {"id": awaited}):
            raise NotYet(f"cluster:{awaited}")
        work.record(agreed(cluster), f"rubric:{cluster}")

    reactions: Sequence[Reaction] = [Reaction("agree", ClusterFormed, agree)] if reacting else []
    return Service(
        name="scoring",
        title="mẫu theo dõi",
        package="tests.chassis.reader",
        publishes=[RubricAgreed],
        own=own,
        follows=[clusters],
        reactions=reactions,
    )
