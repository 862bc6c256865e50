"""What of registry's log a site below may see, and what is made of filings that another site received."""

from __future__ import annotations

from collections.abc import Collection

from contracts.catalogue import Fact
from contracts.events.registry import (
    EmulationRegistrationAccepted,
    EmulationRegistrationReturned,
    EmulationRegistrationSubmitted,
    FilingAcceptedLate,
    FilingMissed,
    FilingRejudged,
    Punctuality,
    ReportReceived,
    ReportReturned,
    ReportSubmitted,
)

OfFiling = (
    EmulationRegistrationSubmitted,
    EmulationRegistrationAccepted,
    EmulationRegistrationReturned,
    ReportSubmitted,
    ReportReceived,
    ReportReturned,
    FilingAcceptedLate,
    FilingMissed,
    FilingRejudged,
)


def shows(fact: Fact, scopes: Collection[str]) -> bool:
    """Besides what is public (units, clusters, years, deadlines, plans) a site sees the way of its own units' filings.

    Never persons, grants, ratings or discipline: each site keeps its own.
    """
    return isinstance(fact, OfFiling) and fact.unit_id in scopes


_BEST_FIRST = (Punctuality.ON_TIME, Punctuality.ON_TIME_BY_EXTENSION, Punctuality.IN_GRACE, Punctuality.LATE)


def more_favourable(there: Punctuality | None, here: Punctuality | None) -> Punctuality | None:
    """Punctuality is judged by the site that received, on the deadline known there; what is known here of an
    extension re-judges it, never against the unit. None: no deadline was set."""
    known = [one for one in (there, here) if one is not None]
    return min(known, key=_BEST_FIRST.index) if known else None
