"""Who sees what before publication: one answer for lists, single reads and the journey of a case."""

from __future__ import annotations

import sqlalchemy as sa
from contracts.envelope import Header
from contracts.refusal import Refused
from standing.rights import Asking

from scoring.adapters.queries.results import final_ranking
from scoring.domain.clusters import ClusterYear
from scoring.handlers.rights import cluster_today, may_see

_PLACES = {
    "rubric": "SELECT cluster_id, year_id FROM rubric WHERE rubric_id = :id",
    "scorecard": "SELECT cluster_id, year_id FROM scorecard WHERE scorecard_id = :id",
    "ballot": "SELECT cluster_id, year_id FROM ballot WHERE ballot_id = :id",
}
_PUBLIC = frozenset({"agreement", "ranking", "conference"})


async def sees_table(asking: Asking, cluster: ClusterYear) -> bool:
    """Members see their own cluster's table; everybody does once the ranking has published it."""
    if await final_ranking(asking.db, cluster.cluster_id, cluster.year_id) is not None:
        return True
    return await may_see(asking, cluster)


async def must_see(asking: Asking, cluster: ClusterYear, kind: str, id: str) -> None:
    """What is not to be seen is not found: raises ``not-found``."""
    if not await sees_table(asking, cluster):
        raise Refused("not-found", kind=kind, id=id)


async def sees_event(asking: Asking, header: Header) -> bool:
    """Whether somebody may see an event of scoring's log in the journey of a case."""
    kind, _, name = header.subjects[0].partition(":")
    if kind in _PUBLIC:
        return True
    if kind not in _PLACES:
        return False
    row = (await asking.db.execute(sa.text(_PLACES[kind]), {"id": name})).first()
    if row is None:
        return False
    return await sees_table(asking, await cluster_today(asking, row.cluster_id, row.year_id))
