"""At hard close every member that filed nothing is recorded as missing, by itself."""

from __future__ import annotations

from chassis.timers import DueJob
from chassis.work import Work
from contracts.case import case_id
from contracts.events.registry import Filing, FilingMissed
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.adapters import filings


async def next_missing(db: AsyncConnection) -> DueJob | None:
    """The earliest hard close that a member has neither met nor been recorded as missing.

    The key holds the instant: an extension opens the matter again.
    """
    found = await filings.next_missing(db)
    if found is None:
        return None
    closes = found["hard_close"]
    return DueJob(closes, f"{found['deadline_id']}/{found['unit_id']}/{closes.isoformat()}")


async def miss_filing(work: Work, key: str) -> None:
    """Records nothing where the filing came in meanwhile."""
    deadline_id, unit_id, _ = key.split("/")
    owed = await filings.owing(work.db, deadline_id, unit_id)
    if owed is None:
        return
    await work.guard(f"deadline:{deadline_id}")
    fact = FilingMissed(
        deadline_id=deadline_id,
        kind=Filing(owed["filing"]),
        year_id=owed["year_id"],
        cluster_id=owed["cluster_id"],
        unit_id=unit_id,
    )
    work.record(fact, f"missed:{deadline_id}.{unit_id}", correlation=case_id(owed["year_id"], unit_id))
