"""A cluster's votes: opened with all fixed, cast by members or counted on paper, closed with the result."""

from __future__ import annotations

from dataclasses import dataclass

from ballots.election import Outcome
from chassis.clock import HANOI
from chassis.work import Work
from contracts.case import case_id
from contracts.events.scoring import (
    BallotClosed,
    BallotCountRecorded,
    BallotOpened,
    BallotPurpose,
    BallotWay,
    OptionTally,
)
from contracts.refusal import Refused
from contracts.values import Paper, Threshold
from standing import Role

from scoring.adapters.queries.ballots import load_ballot, open_of_purpose
from scoring.adapters.queries.clusters import unit_names
from scoring.adapters.queries.results import exists
from scoring.domain import ballots
from scoring.handlers.rights import chairs, cluster_today, speaks_for
from scoring.handlers.subjects import cluster_year
from scoring.words import tell


@dataclass(frozen=True)
class BallotTerms:
    """What is fixed when a ballot opens; voters and options are every member unless said."""

    ballot_id: str
    cluster_id: str
    year_id: str
    purpose: BallotPurpose
    title: str
    electorate: tuple[str, ...] | None
    recused: tuple[str, ...]
    options: tuple[str, ...] | None
    threshold: Threshold
    self_vote: bool
    way: BallotWay
    choose: int

    def opened(self, members: tuple[str, ...]) -> BallotOpened:
        options = self.options or members
        return BallotOpened(
            ballot_id=self.ballot_id,
            cluster_id=self.cluster_id,
            year_id=self.year_id,
            purpose=self.purpose,
            title=self.title,
            electorate=self.electorate or members,
            recused=self.recused,
            options=options,
            threshold=self.threshold,
            self_vote=self.self_vote,
            way=self.way,
            choose=self.choose,
            settles=options if self.purpose is BallotPurpose.TIE else (),
        )


@dataclass(frozen=True)
class Counted:
    """What the tellers' minutes say."""

    present: int
    issued: int
    returned: int
    valid: int
    invalid: int
    counts: tuple[OptionTally, ...]
    abstentions: int
    tellers: tuple[str, ...]
    minutes: Paper


async def open_ballot(work: Work, terms: BallotTerms) -> None:
    """By the unit that chairs the year. Raises what opening raises, and ``id-taken``."""
    together = cluster_year(terms.cluster_id, terms.year_id)
    await work.guard(together)
    await work.guard(f"ballot:{terms.ballot_id}")
    if await exists(work.db, "ballot", terms.ballot_id):
        raise Refused("id-taken", kind="cuộc bỏ phiếu", id=terms.ballot_id)
    cluster = await cluster_today(work, terms.cluster_id, terms.year_id)
    await chairs(work, cluster)
    already = await open_of_purpose(work.db, terms.cluster_id, terms.year_id, terms.purpose.value)
    fact = ballots.open_ballot(terms.opened(cluster.members), cluster, already)
    work.record(fact, f"ballot:{fact.ballot_id}", together, correlation=case_id(fact.year_id, fact.cluster_id))


async def cast_vote(work: Work, ballot_id: str, voter: str, choices: tuple[str, ...], abstains: bool) -> None:
    """A member's open vote by its leader. It moves the ballot, so that none is missed by a close at the same moment."""
    await work.guard(f"ballot:{ballot_id}")
    ballot, _ = await load_ballot(work.db, ballot_id)
    cluster = await cluster_today(work, ballot.opened.cluster_id, ballot.opened.year_id)
    await speaks_for(work, cluster, voter, {Role.LEADER})
    fact = ballots.cast(ballot, voter, choices, abstains)
    work.record(fact, f"ballot:{ballot_id}", correlation=case_id(fact.year_id, fact.cluster_id))


async def record_count(work: Work, ballot_id: str, counted: Counted) -> None:
    """What the tellers counted, entered with their minutes by the unit that chairs the year."""
    await work.expect(f"ballot:{ballot_id}")
    ballot, _ = await load_ballot(work.db, ballot_id)
    cluster_id, year_id = ballot.opened.cluster_id, ballot.opened.year_id
    await chairs(work, await cluster_today(work, cluster_id, year_id))
    count = BallotCountRecorded(ballot_id=ballot_id, cluster_id=cluster_id, year_id=year_id, **vars(counted))
    fact = ballots.record_count(ballot, count)
    work.record(fact, f"ballot:{ballot_id}", correlation=case_id(year_id, cluster_id))


async def close_ballot(work: Work, ballot_id: str, present: int | None) -> None:
    """Needs the ballot as last read: a vote that came since holds the close back."""
    await work.expect(f"ballot:{ballot_id}")
    ballot, _ = await load_ballot(work.db, ballot_id)
    opened = ballot.opened
    together = cluster_year(opened.cluster_id, opened.year_id)
    await work.guard(together)
    cluster = await cluster_today(work, opened.cluster_id, opened.year_id)
    await chairs(work, cluster)
    day = work.now.astimezone(HANOI).date()
    outcome, result = ballots.close(ballot, present, day)
    names = await unit_names(work.db, opened.options, day)
    fact = result.model_copy(update={"why": why(outcome, result, names)})
    work.record(fact, f"ballot:{ballot_id}", together, correlation=case_id(opened.year_id, opened.cluster_id))


def why(outcome: Outcome, result: BallotClosed, names: dict[str, str]) -> str:
    """Why the outcome is what it is, with the figures of quorum and approval."""
    quorum = outcome.standings[0].judgement.quorum
    if not quorum.met:
        return tell("no-quorum", figures=quorum.figures, required=quorum.required)
    told = [tell("quorum", figures=quorum.figures)]
    for standing in outcome.standings:
        approval = standing.judgement.approval
        if standing.candidate in result.elected:
            told.append(tell("elected", unit=names[standing.candidate], figures=approval.figures))
    if not result.elected:
        best = outcome.standings[0]
        told.append(tell("nobody"))
        if not best.judgement.approval.met:
            told.append(
                tell(
                    "below-threshold",
                    unit=names[best.candidate],
                    figures=best.judgement.approval.figures,
                    required=best.judgement.approval.required,
                )
            )
    if outcome.tied:
        told.append(tell("tied", units=", ".join(names[unit] for unit in outcome.tied)))
    return " ".join(told)
