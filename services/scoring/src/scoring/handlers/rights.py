"""Who may do what in a cluster's year; what somebody types for a unit, and whose own unit is meant."""

from __future__ import annotations

from collections.abc import Iterable

from chassis.work import Work
from contracts.refusal import Refused
from standing import Role, ancestors, holds, need, persons_roles
from standing.rights import Asking, today

from scoring.adapters.queries.clusters import load_cluster
from scoring.domain.clusters import ClusterYear
from scoring.domain.scorecards import Appraiser

OFFICE = frozenset({Role.STANDING_OFFICE, Role.LEADER})
"""Runs a cluster's year for the unit that chairs it."""
DRAFTERS = frozenset({Role.OFFICER, Role.STANDING_OFFICE, Role.LEADER})
APPRAISERS = frozenset({Role.APPRAISER, Role.STANDING_OFFICE})
ANYBODY = frozenset(Role)


async def cluster_today(asking: Asking, cluster_id: str, year_id: str) -> ClusterYear:
    return await load_cluster(asking.db, cluster_id, year_id, today(asking))


async def works_in(asking: Asking) -> frozenset[str]:
    """The units in which the person holds any role, and those above them."""
    found: set[str] = set()
    for _, unit_id in await persons_roles(asking):
        found |= {unit_id, *await ancestors(asking.db, unit_id, today(asking))}
    return frozenset(found)


async def appraiser_for(work: Work, cluster: ClusterYear, unit_id: str, roles: Iterable[Role]) -> Appraiser:
    """Somebody who acts for the unit that looks at this card, and works neither for nor in the card's own unit.

    Raises ``appraises-own-unit``, ``not-entitled``, ``no-leadership``.
    """
    own = await works_in(work)
    if unit_id in own:
        raise Refused("appraises-own-unit", unit=unit_id)
    entitled = cluster.appraiser_of(unit_id)
    await need(work, roles, entitled)
    work.act_as(whose=f"unit:{entitled}")
    return Appraiser(entitled, own)


async def chairs(work: Work, cluster: ClusterYear) -> str:
    """The unit that chairs the cluster's year; the person acts for it. Raises ``not-entitled``."""
    await need(work, OFFICE, cluster.chair)
    work.act_as(whose=f"unit:{cluster.chair}")
    return cluster.chair


async def speaks_for(work: Work, cluster: ClusterYear, unit_id: str, roles: Iterable[Role]) -> None:
    """The person speaks for exactly this unit, or the standing office of the cluster enters what the unit said.

    A role on a unit above does not speak for the unit: a vote or an agreement is its own. Entering for it needs the
    paper (or the meeting, the telephone call) that it came by. Raises ``not-entitled``, ``paper-missing``.
    """
    wanted = {role.value for role in roles}
    work.act_as(whose=f"unit:{unit_id}")
    if any(role in wanted and unit == unit_id for role, unit in await persons_roles(work)):
        return
    if work.act.on_behalf and await holds(work, OFFICE, cluster.chair):
        if work.act.means.value == "paper" and work.act.paper is None:
            raise Refused("paper-missing", unit=unit_id)
        return
    raise Refused("not-entitled", role=sorted(wanted), unit=unit_id)


async def may_see(asking: Asking, cluster: ClusterYear) -> bool:
    """Whether somebody belongs to the cluster: holds a role in a member, in the body above it, or above these."""
    for unit_id in (*cluster.members, cluster.run_by):
        if await holds(asking, ANYBODY, unit_id):
            return True
    return False
