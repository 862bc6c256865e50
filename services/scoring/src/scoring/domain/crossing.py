"""What of scoring's log a site below may see."""

from __future__ import annotations

from collections.abc import Collection

from contracts.catalogue import Fact
from contracts.events.scoring import RubricDrafted, RubricRevised, ScoreFinalized, ScoreReviewAnswered


def shows(fact: Fact, scopes: Collection[str]) -> bool:
    """Besides what is public (frozen criteria, agreements, rankings, conferences): criteria as they are drafted, and
    of scores its own units' only. Never a ballot, and never another unit's line before the ranking."""
    if isinstance(fact, RubricDrafted | RubricRevised):
        return True
    return isinstance(fact, ScoreFinalized | ScoreReviewAnswered) and fact.unit_id in scopes
