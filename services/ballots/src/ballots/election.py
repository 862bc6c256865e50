"""Choosing up to n of several candidates, as a conference does for the leading unit, the lead and the deputy.

A tie for the last place is told, never broken by chance: the conference votes again on the tied.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Self

from contracts.refusal import Refused
from contracts.values import Identifier, Threshold, Value
from pydantic import Field, model_validator

from ballots.counts import ElectionCount, check_attendance, check_candidates, check_election_count
from ballots.electorate import Electorate
from ballots.threshold import Count, Judgement, Tally, judge


class Question(Value):
    """What is chosen: up to ``up_to`` of the candidates; whether a voter may name itself each body sets."""

    candidates: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    up_to: Annotated[int, Field(ge=1)]
    self_vote: bool = True

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.candidates)) != len(self.candidates):
            raise ValueError("a candidate is named twice")
        return self

    def check_choice(self, voter: str, chosen: tuple[str, ...]) -> None:
        """Choosing nobody is an abstention.

        Refused ``unknown-candidate``, ``candidate-named-twice``, ``too-many-chosen`` or ``votes-on-itself``.
        """
        check_candidates(chosen, self.candidates)
        if len(set(chosen)) != len(chosen):
            raise Refused("candidate-named-twice", voter=voter)
        if len(chosen) > self.up_to:
            raise Refused("too-many-chosen", voter=voter, chosen=len(chosen), up_to=self.up_to)
        if not self.self_vote and voter in chosen:
            raise Refused("votes-on-itself", voter=voter)


class Standing(Value):
    """One candidate's votes, and how they stand against the threshold."""

    candidate: Identifier
    votes: Count
    judgement: Judgement


class Outcome(Value):
    """Who is chosen, who is tied for the places left, and everybody's figures, most votes first."""

    elected: tuple[Identifier, ...]
    tied: tuple[Identifier, ...]
    """Met the threshold with equal votes for fewer places than they are: to be voted on again."""
    places_left: Count
    standings: tuple[Standing, ...]


def count_election(
    electorate: Electorate,
    question: Question,
    threshold: Threshold,
    votes: Mapping[str, tuple[str, ...]],
    present: int | None = None,
) -> Outcome:
    """Count an open election; ``present`` is the attendance, else those who voted."""
    for voter, chosen in votes.items():
        electorate.check_may_vote(voter)
        question.check_choice(voter, chosen)
    received = Counter(candidate for chosen in votes.values() for candidate in chosen)
    there = len(votes) if present is None else present
    check_attendance(len(votes), there)
    return _outcome(electorate, question, threshold, received, len(votes), 0, there)


def outcome_of_paper(
    electorate: Electorate,
    question: Question,
    threshold: Threshold,
    count: ElectionCount,
    *,
    in_writing: bool = False,
) -> Outcome:
    """The outcome of a count that the tellers' minutes record. Refused ``count-inconsistent``."""
    check_election_count(electorate, count, question.candidates, question.up_to)
    there = count.returned if in_writing else count.issued
    return _outcome(electorate, question, threshold, count.votes, count.valid, count.invalid, there)


def _outcome(
    electorate: Electorate,
    question: Question,
    threshold: Threshold,
    received: Mapping[str, int],
    valid: int,
    invalid: int,
    present: int,
) -> Outcome:
    standings = tuple(
        Standing(
            candidate=candidate,
            votes=received.get(candidate, 0),
            judgement=judge(
                electorate,
                threshold,
                # Who did not name the candidate has, on a valid paper, not approved of it.
                Tally(
                    in_favour=received.get(candidate, 0),
                    abstained=valid - received.get(candidate, 0),
                    invalid=invalid,
                    present=present,
                ),
            ),
        )
        for candidate in question.candidates
    )
    ranked = tuple(sorted(standings, key=lambda standing: -standing.votes))
    met = [standing for standing in ranked if standing.judgement.met and standing.votes > 0]
    if len(met) <= question.up_to:
        return Outcome(
            elected=tuple(standing.candidate for standing in met),
            tied=(),
            places_left=question.up_to - len(met),
            standings=ranked,
        )
    last_in, first_out = met[question.up_to - 1].votes, met[question.up_to].votes
    elected = tuple(s.candidate for s in met[: question.up_to] if s.votes > first_out)
    tied = tuple(s.candidate for s in met if s.votes == last_in) if last_in == first_out else ()
    return Outcome(elected=elected, tied=tied, places_left=question.up_to - len(elected), standings=ranked)
