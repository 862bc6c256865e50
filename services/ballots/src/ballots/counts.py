"""Counts recorded from paper: tellers' minutes, a show of hands, opinions in writing. Each must add up."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.refusal import Refused
from contracts.values import Identifier, Value

from ballots.electorate import Electorate
from ballots.threshold import Count, Tally


class PaperCount(Value):
    """What the tellers' minutes say of one question: every ballot paper is accounted for."""

    issued: Count
    returned: Count
    valid: Count
    invalid: Count
    in_favour: Count
    against: Count
    abstained: Count = 0
    """Valid papers that name neither."""


class HandsCount(Value):
    """A show of hands: who was there and how many hands went up for each."""

    present: Count
    in_favour: Count
    against: Count
    abstained: Count = 0


class ElectionCount(Value):
    """What the tellers' minutes say of an election: papers, and votes per candidate."""

    issued: Count
    returned: Count
    valid: Count
    invalid: Count
    votes: dict[Identifier, Count]


def tally_of_paper(electorate: Electorate, count: PaperCount, *, in_writing: bool = False) -> Tally:
    """Papers are issued to those present; asked in writing, those who answered count as present.

    Refused ``count-inconsistent`` with the sum that does not add up.
    """
    _check_papers(electorate, count.issued, count.returned, count.valid, count.invalid)
    _adds_up("valid = for + against + abstained", count.valid, count.in_favour + count.against + count.abstained)
    return Tally(
        in_favour=count.in_favour,
        against=count.against,
        abstained=count.abstained,
        invalid=count.invalid,
        present=count.returned if in_writing else count.issued,
    )


def tally_of_hands(electorate: Electorate, count: HandsCount) -> Tally:
    """Who is present and raises no hand counts for the quorum only. Refused ``count-inconsistent``."""
    _at_most("present <= entitled", count.present, len(electorate.entitled))
    raised = count.in_favour + count.against + count.abstained
    _at_most("for + against + abstained <= present", raised, count.present)
    return Tally(
        in_favour=count.in_favour,
        against=count.against,
        abstained=count.abstained,
        present=count.present,
    )


def check_election_count(electorate: Electorate, count: ElectionCount, candidates: tuple[str, ...], up_to: int) -> None:
    """Refused ``count-inconsistent`` or ``unknown-candidate``."""
    _check_papers(electorate, count.issued, count.returned, count.valid, count.invalid)
    check_candidates(count.votes, candidates)
    for votes in count.votes.values():
        _at_most("votes of a candidate <= valid", votes, count.valid)
    _at_most("sum of votes <= valid x places", sum(count.votes.values()), count.valid * up_to)


def check_candidates(named: Mapping[str, object] | tuple[str, ...], candidates: tuple[str, ...]) -> None:
    for candidate in named:
        if candidate not in candidates:
            raise Refused("unknown-candidate", candidate=candidate)


def check_attendance(voted: int, present: int) -> None:
    """Nobody votes who is not there. Refused ``count-inconsistent``."""
    _at_most("votes <= present", voted, present)


def _check_papers(electorate: Electorate, issued: int, returned: int, valid: int, invalid: int) -> None:
    _at_most("issued <= entitled", issued, len(electorate.entitled))
    _at_most("returned <= issued", returned, issued)
    _adds_up("returned = valid + invalid", returned, valid + invalid)


def _at_most(check: str, left: int, right: int) -> None:
    if left > right:
        raise Refused("count-inconsistent", check=check, left=left, right=right)


def _adds_up(check: str, left: int, right: int) -> None:
    if left != right:
        raise Refused("count-inconsistent", check=check, left=left, right=right)
