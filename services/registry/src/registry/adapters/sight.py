"""Who may see which filing before anything is published: decided here for lists, reads, overviews and journeys."""

from __future__ import annotations

from chassis.http import ReadingRequest
from contracts.envelope import Header
from contracts.refusal import Refused
from standing import Role, holds, units_of
from standing.rights import today

from registry.adapters.rows import row, rows

_EVERYWHERE = {Role.OPERATIONS}
"""Those who follow a case through all services."""


async def clusters_seen(reading: ReadingRequest) -> list[str] | None:
    """Clusters whose filings the reader may see; None: all.

    The reader's grants reach a cluster where one stands on a member, on a unit above a member, or on the unit that
    runs the cluster or above it. Services read what they are asked to print.
    """
    if reading.caller.service is not None or await units_of(reading, _EVERYWHERE):
        return None
    found = await rows(
        reading.db,
        "WITH RECURSIVE mine AS (SELECT DISTINCT g.unit_id FROM standing_grant g WHERE g.person_id = :person"
        "  AND g.starts <= :day AND (g.ends IS NULL OR :day < g.ends)),"
        " reach(cluster_id, unit_id) AS ("
        "  SELECT cluster_id, unit_id FROM cluster_member UNION SELECT cluster_id, run_by FROM cluster"
        "  UNION SELECT r.cluster_id, u.parent_id FROM reach r JOIN standing_unit u ON u.unit_id = r.unit_id"
        "   WHERE u.parent_id IS NOT NULL AND u.valid @> CAST(:day AS date))"
        " SELECT DISTINCT r.cluster_id FROM reach r JOIN mine m ON m.unit_id = r.unit_id ORDER BY r.cluster_id",
        person=reading.person or "",
        day=today(reading),
    )
    return [one["cluster_id"] for one in found]


async def see_cluster(reading: ReadingRequest, cluster_id: str, what: str, name: str) -> None:
    """Raises ``not-found``: what may not be seen is not said to exist."""
    seen = await clusters_seen(reading)
    if seen is not None and cluster_id not in seen:
        raise Refused("not-found", kind=what, id=name)


async def sees(reading: ReadingRequest, header: Header) -> bool:
    """Whether the reader may see an event in a journey: filings by cluster, what concerns a person by that person."""
    kind, _, name = header.subjects[0].partition(":")
    if kind in ("registration", "report"):
        filing = await row(
            reading.db, "SELECT cluster_id FROM filing WHERE subject = :subject", subject=header.subjects[0]
        )
        seen = await clusters_seen(reading)
        return seen is None or (filing is not None and filing["cluster_id"] in seen)
    if kind in ("person", "grant", "rating", "discipline"):
        own = kind == "person" and name == reading.person
        return own or bool(await units_of(reading, {Role.ADMINISTRATOR, Role.OPERATIONS}))
    return True


async def sees_particulars(reading: ReadingRequest, person_id: str, units: list[str]) -> bool:
    """Birth date and numbers: the person, and those who keep persons of the units in which the person works."""
    if reading.person == person_id:
        return True
    keepers = {Role.ADMINISTRATOR, Role.OFFICER, Role.STANDING_OFFICE}
    for unit_id in units:
        if await holds(reading, keepers, unit_id):
            return True
    return False
