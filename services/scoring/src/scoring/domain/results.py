"""The final ranking with its classification, and what a year-end conference concludes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.events.scoring import (
    BallotPurpose,
    BallotRelied,
    Classification,
    RankingFinalized,
    RankingRow,
    ScoreFinalized,
    YearEndConferenceConcluded,
)
from contracts.refusal import Refused
from contracts.values import Paper

from scoring.domain.canonical import canonical_hash
from scoring.domain.clusters import ClusterYear
from scoring.domain.ranking import ClosedBallot, Placed, latest, place, quota

Tell = Callable[..., str]
"""Words for a reason: ``tell("reason-code", **values)``."""


@dataclass(frozen=True)
class RankingInput:
    """What a ranking is made from."""

    cluster: ClusterYear
    rubric_id: str
    rubric_hash: str
    rule: Mapping[str, Any]
    cards: Mapping[str, ScoreFinalized]
    """Final cards by unit."""
    left_out: Mapping[str, str]
    """Members without a final card, and why they are not ranked."""
    ballots: Sequence[ClosedBallot]
    """Closed ballots of this cluster's year, in the order in which they were closed."""


def rank(ranking_id: str, given: RankingInput, tell: Tell) -> RankingFinalized:
    """The final ranking.

    Raises ``cards-not-final`` with the members that have neither a final card nor a reason to be left out,
    ``ranking-tie-stands``, ``ballot-missing``, ``quota-exceeded``, ``elected-without-score``.
    """
    members = given.cluster.members
    missing = [unit for unit in members if unit not in given.cards and unit not in given.left_out]
    if missing:
        raise Refused("cards-not-final", units=missing)
    cards = {unit: given.cards[unit] for unit in members if unit in given.cards and unit not in given.left_out}
    placed = place(given.rule, cards, given.ballots)
    classes, relied = classify(given, [each.unit_id for each in placed])
    for each in placed:
        relied |= {
            ballot.opened.ballot_id: ballot for ballot in given.ballots if ballot.opened.ballot_id in each.ballots
        }
    mix = given.rule.get("mix")
    mixed = latest(given.ballots, BallotPurpose(mix["ballot"])) if mix else None
    if mixed is not None:
        relied[mixed.opened.ballot_id] = mixed
    rows = [_row(each, cards[each.unit_id], classes, given, tell) for each in placed]
    rows += [
        RankingRow(unit_id=unit, reasons=(tell("left-out", why=why),))
        for unit, why in sorted(given.left_out.items())
        if unit in members
    ]
    told = tuple(
        BallotRelied(ballot_id=ballot_id, purpose=ballot.opened.purpose, elected=ballot.closed.elected)
        for ballot_id, ballot in relied.items()
    )
    return RankingFinalized(
        ranking_id=ranking_id,
        cluster_id=given.cluster.cluster_id,
        year_id=given.cluster.year_id,
        rubric_id=given.rubric_id,
        rubric_hash=given.rubric_hash,
        rows=tuple(rows),
        rule=dict(given.rule),
        ballots=told,
        digest=canonical_hash(
            {
                "cards": {unit: card.inputs_digest for unit, card in cards.items()},
                "left_out": dict(given.left_out),
                "rule": dict(given.rule),
                "ballots": {relied.ballot_id: list(relied.elected) for relied in told},
            }
        ),
    )


def classify(given: RankingInput, ranked: Sequence[str]) -> tuple[dict[str, Classification], dict[str, ClosedBallot]]:
    """Who leads and who is excellent, and the ballots that say so."""
    relied: dict[str, ClosedBallot] = {}

    def elected(purpose: BallotPurpose) -> tuple[str, ...]:
        ballot = latest(given.ballots, purpose)
        if ballot is None:
            raise Refused("ballot-missing", purpose=purpose.value)
        relied[ballot.opened.ballot_id] = ballot
        strangers = [unit for unit in ballot.closed.elected if unit not in ranked]
        if strangers:
            raise Refused("elected-without-score", units=strangers, purpose=purpose.value)
        return ballot.closed.elected

    leading, excellent = given.rule["leading"], given.rule["excellent"]
    places = int(leading["count"])
    leaders: tuple[str, ...] = ()
    if places:
        leaders = elected(BallotPurpose.LEADING_UNIT) if leading["by"] == "vote" else tuple(ranked[:places])
    if len(leaders) > places:
        raise Refused("quota-exceeded", what="leading", elected=list(leaders), quota=places)
    allowed = quota(given.rule, len(given.cluster.members))
    if excellent["counts_leading"] == "true":
        allowed = max(0, allowed - len(leaders))
    if not allowed:
        others: tuple[str, ...] = ()
    elif excellent["by"] == "vote":
        others = tuple(unit for unit in elected(BallotPurpose.EXCELLENT_UNITS) if unit not in leaders)
    else:
        others = tuple(unit for unit in ranked if unit not in leaders)[:allowed]
    if len(others) > allowed:
        raise Refused("quota-exceeded", what="excellent", elected=list(others), quota=allowed)
    classes = dict.fromkeys(others, Classification.EXCELLENT) | dict.fromkeys(leaders, Classification.LEADING)
    return classes, relied


def _row(
    each: Placed,
    card: ScoreFinalized,
    classes: Mapping[str, Classification],
    given: RankingInput,
    tell: Tell,
) -> RankingRow:
    classification = classes.get(each.unit_id, Classification.NONE)
    reasons = [tell("score", total=card.total, assigned=card.assigned, percentage=card.percentage)]
    if "mix" in given.rule:
        reasons.append(tell("mixed", **given.rule["mix"]))
    reasons += [tell(f"penalty-{why.rsplit(':', 1)[-1]}", points=points) for why, points in card.penalties.items()]
    if each.tie_broken_by is not None:
        what, _, code = each.tie_broken_by.partition(":")
        reasons.append(tell(f"tie-{what}", code=code))
    if classification is not Classification.NONE:
        by = given.rule[classification.value]["by"]
        reasons.append(tell(f"{classification.value}-by-{by}"))
    return RankingRow(
        unit_id=each.unit_id,
        scorecard_id=card.scorecard_id,
        rank=each.rank,
        total=card.total,
        assigned=card.assigned,
        percentage=card.percentage,
        tie_broken_by=each.tie_broken_by,
        reasons=tuple(reasons),
        classification=classification,
    )


def conclude(
    conference_id: str,
    cluster: ClusterYear,
    ranking: RankingFinalized | None,
    ballots: Sequence[ClosedBallot],
    held_on: date,
    next_year_id: str,
    next_rubric_id: str | None,
    minutes: Paper,
) -> YearEndConferenceConcluded:
    """What the conference decided, from the ranking and the ballots it held.

    Raises ``ranking-not-final``, ``next-year-is-this``, ``ballot-missing``, ``nobody-elected``, ``lead-is-deputy``.
    """
    if ranking is None:
        raise Refused("ranking-not-final", cluster=cluster.cluster_id, year=cluster.year_id)
    if next_year_id == cluster.year_id:
        raise Refused("next-year-is-this", year=next_year_id)
    lead, lead_ballot = _office(ballots, BallotPurpose.NEXT_LEAD)
    deputy, deputy_ballot = _office(ballots, BallotPurpose.NEXT_DEPUTY)
    if lead == deputy:
        raise Refused("lead-is-deputy", unit=lead)
    leading = [row.unit_id for row in ranking.rows if row.classification is Classification.LEADING]
    return YearEndConferenceConcluded(
        conference_id=conference_id,
        cluster_id=cluster.cluster_id,
        year_id=cluster.year_id,
        held_on=held_on,
        ranking_id=ranking.ranking_id,
        leading_unit_id=leading[0] if leading else None,
        excellent_unit_ids=tuple(row.unit_id for row in ranking.rows if row.classification is Classification.EXCELLENT),
        next_year_id=next_year_id,
        next_lead_unit_id=lead,
        next_deputy_unit_id=deputy,
        next_rubric_id=next_rubric_id,
        ballots=(*ranking.ballots, lead_ballot, deputy_ballot),
        minutes=minutes,
    )


def _office(ballots: Sequence[ClosedBallot], purpose: BallotPurpose) -> tuple[str, BallotRelied]:
    ballot = latest(ballots, purpose)
    if ballot is None:
        raise Refused("ballot-missing", purpose=purpose.value)
    if len(ballot.closed.elected) != 1:
        raise Refused("nobody-elected", purpose=purpose.value, ballot=ballot.opened.ballot_id)
    return ballot.closed.elected[0], BallotRelied(
        ballot_id=ballot.opened.ballot_id, purpose=purpose, elected=ballot.closed.elected
    )
