"""One question answered for, against or with an abstention, by named voters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from contracts.refusal import Refused

from ballots.counts import check_attendance
from ballots.electorate import Electorate
from ballots.threshold import Tally


class Choice(StrEnum):
    FOR = "for"
    AGAINST = "against"
    ABSTAIN = "abstain"


def check_cast(electorate: Electorate, votes: Mapping[str, object], voter: str) -> None:
    """A member votes once: Refused ``not-a-voter``, ``recused-member-votes`` or ``already-voted``."""
    electorate.check_may_vote(voter)
    if voter in votes:
        raise Refused("already-voted", voter=voter)


def count(electorate: Electorate, votes: Mapping[str, Choice], present: int | None = None) -> Tally:
    """Count an open vote. ``present`` is the attendance where it was taken; without it, those who voted."""
    for voter in votes:
        electorate.check_may_vote(voter)
    there = len(votes) if present is None else present
    check_attendance(len(votes), there)
    given = Counter(votes.values())
    return Tally(
        in_favour=given[Choice.FOR],
        against=given[Choice.AGAINST],
        abstained=given[Choice.ABSTAIN],
        present=there,
    )
