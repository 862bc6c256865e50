"""What each of registry's facts writes to registry's tables; the same SQL serves commands and replay."""

from registry.adapters.apply import campaigns, clusters, filings, people, plans, ratings, units, years
from registry.adapters.apply.own import own

__all__ = ["campaigns", "clusters", "filings", "own", "people", "plans", "ratings", "units", "years"]
