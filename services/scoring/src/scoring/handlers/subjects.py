"""Names of aggregates that several use cases share."""

from __future__ import annotations


def cluster_year(cluster_id: str, year_id: str) -> str:
    """What belongs to a cluster's year as a whole: its frozen table, the order of its ballots, its ranking."""
    return f"cluster-year:{cluster_id}@{year_id}"
