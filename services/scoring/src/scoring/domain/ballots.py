"""Votes of a cluster's conference: opened with all fixed, cast or counted, closed with a result that says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from ballots.counts import ElectionCount
from ballots.election import Outcome, Question, count_election, outcome_of_paper
from ballots.electorate import Electorate
from ballots.threshold import Reachability, reachable
from contracts.events.scoring import (
    BallotClosed,
    BallotCountRecorded,
    BallotOpened,
    BallotPurpose,
    BallotWay,
    OptionTally,
    VoteCast,
)
from contracts.refusal import Refused

from scoring.domain.clusters import ClusterYear


@dataclass(frozen=True)
class Ballot:
    """A ballot as it stands."""

    opened: BallotOpened
    votes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Choices by voter; none chosen is an abstention."""
    count: BallotCountRecorded | None = None
    closed: bool = False

    @property
    def electorate(self) -> Electorate:
        return Electorate(voters=self.opened.electorate, recused=self.opened.recused)

    @property
    def question(self) -> Question:
        return Question(candidates=self.opened.options, up_to=self.opened.choose, self_vote=self.opened.self_vote)


def open_ballot(opened: BallotOpened, cluster: ClusterYear, open_already: str | None) -> BallotOpened:
    """Everything fixed before the first vote.

    Raises ``not-a-member``, ``voter-twice``, ``recused-not-voter``, ``ballot-already-open`` (one of a purpose at a
    time), ``tie-options-differ``, ``too-many-places``, and ``threshold-unreachable`` with the figures.
    """
    if open_already is not None:
        raise Refused("ballot-already-open", ballot=open_already, purpose=opened.purpose.value)
    for unit_id in (*opened.electorate, *opened.options):
        cluster.must_be_member(unit_id)
    for listed in (opened.electorate, opened.options, opened.recused):
        twice = [unit_id for position, unit_id in enumerate(listed) if unit_id in listed[:position]]
        if twice:
            raise Refused("voter-twice", unit=twice[0])
    strangers = [unit_id for unit_id in opened.recused if unit_id not in opened.electorate]
    if strangers:
        raise Refused("recused-not-voter", unit=strangers[0])
    if opened.purpose is BallotPurpose.TIE and set(opened.settles) != set(opened.options):
        raise Refused("tie-options-differ", settles=list(opened.settles), options=list(opened.options))
    if opened.choose > len(opened.options):
        raise Refused("too-many-places", choose=opened.choose, options=len(opened.options))
    found = reachability(opened)
    if not found.reachable:
        raise Refused(
            "threshold-unreachable",
            approval=found.approval.figures,
            quorum=found.quorum.figures,
            percentage=str(opened.threshold.percentage),
        )
    return opened


def reachability(opened: BallotOpened) -> Reachability:
    """What the best possible vote would give."""
    return reachable(Electorate(voters=opened.electorate, recused=opened.recused), opened.threshold)


def cast(ballot: Ballot, voter: str, choices: tuple[str, ...], abstains: bool) -> VoteCast:
    """An open vote; casting again before the close replaces it.

    Raises ``ballot-closed``, ``ballot-counted-from-paper``, ``not-a-voter``, ``recused-member-votes``,
    ``vote-says-nothing``, and what the question refuses.
    """
    _still_open(ballot)
    if ballot.opened.way is not BallotWay.ELECTRONIC_OPEN:
        raise Refused("ballot-counted-from-paper", way=ballot.opened.way.value)
    ballot.electorate.check_may_vote(voter)
    if abstains == bool(choices):
        raise Refused("vote-says-nothing", voter=voter)
    ballot.question.check_choice(voter, choices)
    return VoteCast(
        ballot_id=ballot.opened.ballot_id,
        cluster_id=ballot.opened.cluster_id,
        year_id=ballot.opened.year_id,
        voter_unit_id=voter,
        choices=choices,
        abstains=abstains,
    )


def record_count(ballot: Ballot, count: BallotCountRecorded) -> BallotCountRecorded:
    """The tellers' count. Raises ``ballot-closed``, ``ballot-cast-electronically``, ``count-inconsistent``,
    ``unknown-candidate``."""
    _still_open(ballot)
    if ballot.opened.way is BallotWay.ELECTRONIC_OPEN:
        raise Refused("ballot-cast-electronically", ballot=ballot.opened.ballot_id)
    _of_count(ballot, count)
    return count


def close(ballot: Ballot, present: int | None, closed_on: date) -> tuple[Outcome, BallotClosed]:
    """The result; its ``why`` is left to the words. ``present`` is the attendance of an electronic ballot.

    Raises ``ballot-closed``, ``ballot-not-counted``, ``nobody-voted``, ``count-inconsistent``.
    """
    _still_open(ballot)
    opened = ballot.opened
    if opened.way is BallotWay.ELECTRONIC_OPEN:
        if not ballot.votes:
            raise Refused("nobody-voted", ballot=opened.ballot_id)
        outcome = count_election(ballot.electorate, ballot.question, opened.threshold, dict(ballot.votes), present)
        there = len(ballot.votes) if present is None else present
        valid = len(ballot.votes)
        abstentions = sum(not choices for choices in ballot.votes.values())
    else:
        if ballot.count is None:
            raise Refused("ballot-not-counted", ballot=opened.ballot_id)
        outcome = _of_count(ballot, ballot.count)
        in_writing = opened.way is BallotWay.IN_WRITING
        there = ballot.count.returned if in_writing else ballot.count.issued
        valid, abstentions = ballot.count.valid, ballot.count.abstentions
    quorum = outcome.standings[0].judgement.quorum
    return outcome, BallotClosed(
        ballot_id=opened.ballot_id,
        cluster_id=opened.cluster_id,
        year_id=opened.year_id,
        purpose=opened.purpose,
        tally=tuple(
            OptionTally(
                option=standing.candidate,
                votes=standing.votes,
                percentage=standing.judgement.approval.percent,
                reached=standing.judgement.met,
            )
            for standing in outcome.standings
        ),
        members=len(opened.electorate),
        present=there,
        valid=valid,
        abstentions=abstentions,
        quorum_met=quorum.met,
        elected=outcome.elected,
        order=_order(outcome),
        why="…",
        closed_on=closed_on,
    )


def _of_count(ballot: Ballot, count: BallotCountRecorded) -> Outcome:
    hands = ballot.opened.way is BallotWay.SHOW_OF_HANDS
    if hands and (count.issued, count.returned) != (count.present, count.present):
        raise Refused("count-inconsistent", check="present = issued = returned", left=count.present, right=count.issued)
    return outcome_of_paper(
        ballot.electorate,
        ballot.question,
        ballot.opened.threshold,
        ElectionCount(
            issued=count.issued,
            returned=count.returned,
            valid=count.valid,
            invalid=count.invalid,
            votes={tally.option: tally.votes for tally in count.counts},
        ),
        in_writing=ballot.opened.way is BallotWay.IN_WRITING,
    )


def _order(outcome: Outcome) -> tuple[str, ...]:
    votes = [standing.votes for standing in outcome.standings]
    return tuple(standing.candidate for standing in outcome.standings if votes.count(standing.votes) == 1)


def _still_open(ballot: Ballot) -> None:
    if ballot.closed:
        raise Refused("ballot-closed", ballot=ballot.opened.ballot_id)
