"""Councils: who may vote on which case, ballots with their threshold, and conclusions that rest on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from ballots.counts import HandsCount, PaperCount, tally_of_hands, tally_of_paper
from ballots.electorate import Electorate, Way
from ballots.motion import Choice, check_cast, count
from ballots.threshold import Part, Tally, judge, reachable
from contracts.events.awards.councils import (
    Conclusion,
    CouncilBallotClosed,
    CouncilBallotOpened,
    CouncilBallotWay,
    CouncilChoice,
    CouncilCountRecorded,
    CouncilMemberRecused,
    CouncilVoteCast,
    Recommendation,
    VotePart,
)
from contracts.events.awards.rules import Track
from contracts.refusal import Refused
from contracts.values import Denominator, Paper, Period, Threshold

from awards.domain.proposal import Proposal, Status
from awards.domain.rules import Stage, StageKind


@dataclass(frozen=True, slots=True)
class Council:
    council_id: str
    unit_id: str
    name: str
    track: Track
    members: tuple[str, ...]
    threshold: Threshold
    thresholds: Mapping[str, Threshold]
    in_office: Period

    def threshold_for(self, title: str) -> Threshold:
        return self.thresholds.get(title, self.threshold)

    def electorate(self, recused: frozenset[str]) -> Electorate:
        return Electorate(voters=self.members, recused=tuple(m for m in self.members if m in recused))


@dataclass(frozen=True, slots=True)
class Ballot:
    ballot_id: str
    council_id: str
    proposal_id: str
    title: str
    way: CouncilBallotWay
    electorate: Electorate
    threshold: Threshold
    votes: Mapping[str, Choice] = field(default_factory=dict)
    counted: CouncilCountRecorded | None = None
    closed: bool = False
    passed: bool | None = None

    @property
    def which(self) -> dict[str, str]:
        return {"ballot_id": self.ballot_id, "council_id": self.council_id, "proposal_id": self.proposal_id}

    def must_be_open(self) -> None:
        if self.closed:
            raise Refused("ballot-closed", ballot=self.ballot_id)


def recuse(
    council: Council, proposal: Proposal, person_id: str, reason: str, ballot_opened: bool
) -> CouncilMemberRecused:
    """Before a ballot on the case is opened: its voters are fixed then. Refused ``not-a-voter``, ``ballot-opened``."""
    if person_id not in council.members:
        raise Refused("not-a-voter", voter=person_id)
    if ballot_opened:
        raise Refused("ballot-opened", proposal=proposal.proposal_id)
    return CouncilMemberRecused(
        council_id=council.council_id, proposal_id=proposal.proposal_id, person_id=person_id, reason=reason
    )


def check_before_council(council: Council, proposal: Proposal, stage: Stage | None, day: date) -> None:
    """The case lies before this council: same body, same track, at the council's stage, while it is in office."""
    proposal.must_be(Status.RECEIVED)
    if proposal.body != council.unit_id or stage is None or stage.kind is not StageKind.COUNCIL:
        raise Refused("not-before-the-council", proposal=proposal.proposal_id, council=council.name)
    if proposal.track is not council.track:
        raise Refused("council-of-other-track", council=council.name, track=proposal.track.value)
    if not council.in_office.holds(day):
        raise Refused("council-not-in-office", council=council.name, day=day.isoformat())


def open_ballot(
    council: Council,
    proposal: Proposal,
    ballot_id: str,
    title: str,
    way: CouncilBallotWay,
    recused: frozenset[str],
    acknowledged: bool,
) -> CouncilBallotOpened:
    """Fix voters, recused and threshold. Refused ``threshold-out-of-reach`` unless that is acknowledged."""
    electorate = council.electorate(recused)
    threshold = council.threshold_for(title)
    said = reachable(electorate, threshold)
    if not said.reachable and not acknowledged:
        short = said.quorum if not said.quorum.met else said.approval
        raise Refused("threshold-out-of-reach", council=council.name, best=short.figures, required=required(short))
    return CouncilBallotOpened(
        ballot_id=ballot_id,
        council_id=council.council_id,
        proposal_id=proposal.proposal_id,
        title=title,
        way=way,
        voters=electorate.voters,
        recused=electorate.recused,
        threshold=threshold,
        reachable=said.reachable,
        needed=said.needed,
        best=vote_part(said.approval),
    )


def required(part: Part) -> str:
    """``từ 90 % trở lên`` or ``trên 50 %``."""
    percent = format(part.required.normalize(), "f").replace(".", ",")
    return f"trên {percent} %" if part.strictly_more else f"từ {percent} % trở lên"


def vote_part(part: Part) -> VotePart:
    return VotePart(
        numerator=part.numerator,
        denominator=part.denominator,
        figures=part.figures,
        required=required(part),
        met=part.met,
    )


def cast(ballot: Ballot, voter: str, choice: CouncilChoice) -> CouncilVoteCast:
    """Refused ``ballot-closed``, ``counted-on-paper``, ``not-a-voter``, ``recused-member-votes``, ``already-voted``."""
    # First of all whether the member may vote: a recused one is not told even whether the ballot is still open.
    ballot.electorate.check_may_vote(voter)
    ballot.must_be_open()
    if ballot.way is not CouncilBallotWay.ELECTRONIC_OPEN:
        raise Refused("counted-on-paper", ballot=ballot.ballot_id)
    check_cast(ballot.electorate, ballot.votes, voter)
    return CouncilVoteCast(**ballot.which, voter=voter, choice=choice)


def record_count(
    ballot: Ballot, counted: PaperCount | HandsCount, tellers: tuple[str, ...], minutes: Paper
) -> CouncilCountRecorded:
    """Refused ``ballot-closed``, ``cast-electronically``, ``count-of-other-way``, ``count-inconsistent``."""
    ballot.must_be_open()
    if not Way(ballot.way.value).counted_from_paper:
        raise Refused("cast-electronically", ballot=ballot.ballot_id)
    if isinstance(counted, HandsCount) != (ballot.way is CouncilBallotWay.SHOW_OF_HANDS):
        raise Refused("count-of-other-way", ballot=ballot.ballot_id, way=ballot.way.value)
    tally = _tally_of(ballot, counted)
    papers = counted if isinstance(counted, PaperCount) else None
    return CouncilCountRecorded(
        **ballot.which,
        present=tally.present,
        issued=papers.issued if papers else None,
        returned=papers.returned if papers else None,
        valid=tally.valid,
        invalid=tally.invalid,
        in_favour=tally.in_favour,
        against=tally.against,
        abstained=tally.abstained,
        tellers=tellers,
        minutes=minutes,
    )


def _tally_of(ballot: Ballot, counted: PaperCount | HandsCount) -> Tally:
    if isinstance(counted, HandsCount):
        return tally_of_hands(ballot.electorate, counted)
    in_writing = ballot.way is CouncilBallotWay.IN_WRITING
    return tally_of_paper(ballot.electorate, counted, in_writing=in_writing)


def close(ballot: Ballot, present: int | None, day: date) -> CouncilBallotClosed:
    """Judge what was cast or counted. ``present`` is the attendance of an open vote, where it was taken.

    Refused ``ballot-closed``, ``nothing-counted``, ``count-inconsistent``.
    """
    ballot.must_be_open()
    if ballot.way is CouncilBallotWay.ELECTRONIC_OPEN:
        tally = count(ballot.electorate, ballot.votes, present)
    elif ballot.counted is None:
        raise Refused("nothing-counted", ballot=ballot.ballot_id)
    else:
        said = ballot.counted
        tally = Tally(
            in_favour=said.in_favour,
            against=said.against,
            abstained=said.abstained,
            invalid=said.invalid,
            present=said.present,
        )
    judged = judge(ballot.electorate, ballot.threshold, tally)
    return CouncilBallotClosed(
        **ballot.which,
        title=ballot.title,
        present=tally.present,
        valid=tally.valid,
        invalid=tally.invalid,
        in_favour=tally.in_favour,
        against=tally.against,
        abstained=tally.abstained,
        quorum=vote_part(judged.quorum),
        approval=vote_part(judged.approval),
        passed=judged.met,
        closed_on=day,
    )


def check_conclusion(proposal: Proposal, conclusion: Conclusion, ballot: Ballot | None) -> None:
    """Favourable only where a closed ballot on that very form passed; a refusal states its reason.

    Refused ``conclusion-without-ballot``, ``ballot-still-open``, ``threshold-not-met``, ``not-the-form-proposed``,
    ``reason-missing``, ``already-concluded``.
    """
    if proposal.recommendation is not None:
        raise Refused("already-concluded", proposal=proposal.proposal_id)
    if ballot is not None and not ballot.closed:
        raise Refused("ballot-still-open", ballot=ballot.ballot_id)
    if conclusion.recommendation is Recommendation.REFUSE:
        if conclusion.reason is None:
            raise Refused("reason-missing", proposal=proposal.proposal_id)
        return
    if (conclusion.title == proposal.title) != (conclusion.recommendation is Recommendation.APPROVE):
        raise Refused("not-the-form-proposed", proposal=proposal.proposal_id, title=conclusion.title)
    if ballot is None or ballot.proposal_id != proposal.proposal_id or ballot.title != conclusion.title:
        raise Refused("conclusion-without-ballot", proposal=proposal.proposal_id)
    if not ballot.passed:
        raise Refused("threshold-not-met", proposal=proposal.proposal_id, ballot=ballot.ballot_id)


_WHOLE = {
    Denominator.ALL: "tổng số thành viên",
    Denominator.PRESENT: "số thành viên có mặt",
    Denominator.VALID: "số phiếu hợp lệ",
}


def threshold_words(threshold: Threshold) -> str:
    """The threshold as an officer would write it."""
    percent = format(threshold.percentage.normalize(), "f").replace(".", ",")
    bar = f"trên {percent} %" if threshold.strictly_more else f"từ {percent} % trở lên"
    quorum = format(threshold.quorum.normalize(), "f").replace(".", ",")
    return f"{bar} {_WHOLE[threshold.denominator]} tán thành; dự họp từ {quorum} % thành viên trở lên"
