"""What facts write to scoring's tables; the same SQL serves commands, the follower and replay."""

from scoring.adapters.apply import ballots, clusters, filings, results, rubrics, scorecards
from scoring.adapters.apply.centre import centre
from scoring.adapters.apply.clusters import registry
from scoring.adapters.apply.own import own

__all__ = ["ballots", "centre", "clusters", "filings", "own", "registry", "results", "rubrics", "scorecards"]
