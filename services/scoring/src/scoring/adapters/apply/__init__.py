"""What facts write to scoring's tables; the same SQL serves commands, the follower and replay."""

from scoring.adapters.apply import ballots, results, rubrics, scorecards
from scoring.adapters.apply.followed import registry
from scoring.adapters.apply.own import own

__all__ = ["ballots", "own", "registry", "results", "rubrics", "scorecards"]
