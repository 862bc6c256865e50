"""Ballots of a cluster's conference: fixed before opening, cast or counted, closed with a result."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from contracts.events.scoring import BallotCountRecorded, BallotPurpose, BallotWay
from contracts.refusal import Refused
from contracts.values import Threshold
from scoring.domain import ballots
from scoring.domain.ballots import Ballot

from tests.scoring.builders import MEMBERS, cluster, opened

A, B, C = MEMBERS[:3]
LEADER = BallotPurpose.LEADING_UNIT
DAY = date(2024, 12, 20)


def refused(rule: str):
    return pytest.raises(Refused, match=f"^{rule}")


def votes(*choices: str) -> dict[str, tuple[str, ...]]:
    return {voter: (choice,) if choice else () for voter, choice in zip(MEMBERS, choices, strict=False)}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"electorate": (*MEMBERS, "ldld-ha-noi")}, "not-a-member"),
        ({"options": (A, A)}, "voter-twice"),
        ({"electorate": (A, B), "recused": (C,)}, "recused-not-voter"),
        ({"choose": 8}, "too-many-places"),
        (
            {"recused": (A,), "threshold": Threshold(percentage="90", denominator="all", quorum="0")},
            "threshold-unreachable",
        ),
        ({"purpose": BallotPurpose.TIE, "options": (A, B), "settles": (A, C)}, "tie-options-differ"),
    ],
)
def test_what_is_fixed_before_opening_must_make_sense(changes: dict[str, Any], rule: str) -> None:
    with refused(rule):
        ballots.open_ballot(opened(changes.pop("purpose", LEADER), **changes), cluster(), None)


def test_one_ballot_of_a_purpose_is_open_at_a_time() -> None:
    with refused("ballot-already-open"):
        ballots.open_ballot(opened(LEADER), cluster(), "phieu-khac")


def test_every_voter_is_a_candidate_and_may_vote_for_itself_only_where_the_cluster_lets_it() -> None:
    assert ballots.cast(Ballot(opened(LEADER)), A, (A,), False).choices == (A,)
    with refused("votes-on-itself"):
        ballots.cast(Ballot(opened(LEADER, self_vote=False)), A, (A,), False)


def test_a_vote_names_up_to_n_candidates_or_abstains() -> None:
    ballot = Ballot(opened(BallotPurpose.EXCELLENT_UNITS, choose=2))
    assert ballots.cast(ballot, A, (B, C), False).choices == (B, C)
    assert ballots.cast(ballot, A, (), True).abstains
    for choices, abstains, rule in (
        ((), False, "vote-says-nothing"),
        ((B,), True, "vote-says-nothing"),
        ((A, B, C), False, "too-many-chosen"),
        (("ldld-ha-noi",), False, "unknown-candidate"),
    ):
        with refused(rule):
            ballots.cast(ballot, A, choices, abstains)


def test_strangers_and_the_recused_do_not_vote() -> None:
    ballot = Ballot(opened(LEADER, recused=(C,)))
    with refused("not-a-voter"):
        ballots.cast(ballot, "ldld-ha-noi", (A,), False)
    with refused("recused-member-votes"):
        ballots.cast(ballot, C, (A,), False)


def test_a_closed_ballot_takes_nothing_more() -> None:
    ballot = Ballot(opened(LEADER), votes(A), closed=True)
    with refused("ballot-closed"):
        ballots.cast(ballot, A, (A,), False)
    with refused("ballot-closed"):
        ballots.close(ballot, None, DAY)


def test_the_result_says_who_reached_the_threshold_with_figures() -> None:
    _, result = ballots.close(Ballot(opened(LEADER), votes(A, A, A, A, B, B, "")), None, DAY)
    assert result.elected == (A,)
    assert (result.present, result.valid, result.abstentions, result.quorum_met) == (7, 7, 1, True)
    assert [(tally.option, tally.votes, tally.reached) for tally in result.tally[:2]] == [(A, 4, True), (B, 2, False)]


def test_without_quorum_nobody_is_elected() -> None:
    _, result = ballots.close(Ballot(opened(LEADER), votes(A, A, A)), None, DAY)
    assert (result.quorum_met, result.elected) == (False, ())


def test_a_tie_for_the_last_place_elects_nobody_to_it() -> None:
    threshold = Threshold(percentage="30", denominator="present", quorum="50")
    outcome, result = ballots.close(Ballot(opened(LEADER, threshold=threshold), votes(A, A, A, B, B, B, C)), None, DAY)
    assert result.elected == ()
    assert set(outcome.tied) == {A, B}


def test_order_leaves_out_those_with_equal_votes() -> None:
    _, result = ballots.close(Ballot(opened(LEADER, options=(A, B, C)), votes(A, A, A, B, B, C, C)), None, DAY)
    assert result.order == (A,)


def count(**changes: Any) -> BallotCountRecorded:
    fields: dict[str, Any] = {
        "ballot_id": "phieu", "cluster_id": "cum-bien-gioi-phia-bac", "year_id": "nam-2024",
        "present": 7, "issued": 7, "returned": 7, "valid": 6, "invalid": 1,
        "counts": [{"option": A, "votes": 5}, {"option": B, "votes": 1}],
        "minutes": {"number": "02/BB-CTĐ", "date": "2024-12-20"},
    }  # fmt: skip
    return BallotCountRecorded(**{**fields, **changes})


def test_a_paper_count_with_minutes_is_the_record() -> None:
    ballot = Ballot(opened(LEADER, way=BallotWay.PAPER))
    with refused("ballot-counted-from-paper"):
        ballots.cast(ballot, A, (A,), False)
    with refused("ballot-not-counted"):
        ballots.close(ballot, None, DAY)
    recorded = ballots.record_count(ballot, count())
    _, result = ballots.close(replace(ballot, count=recorded), None, DAY)
    assert (result.elected, result.present, result.valid) == ((A,), 7, 6)


@pytest.mark.parametrize(
    "changes",
    [{"valid": 7}, {"issued": 8}, {"returned": 8}, {"counts": [{"option": A, "votes": 7}]}],
)
def test_a_count_that_does_not_add_up_is_refused(changes: dict[str, Any]) -> None:
    with refused("count-inconsistent"):
        ballots.record_count(Ballot(opened(LEADER, way=BallotWay.PAPER)), count(**changes))


def test_hands_are_counted_of_those_present() -> None:
    ballot = Ballot(opened(LEADER, way=BallotWay.SHOW_OF_HANDS))
    with refused("count-inconsistent"):
        ballots.record_count(ballot, count(present=6))


def test_an_electronic_ballot_has_no_paper_count() -> None:
    with refused("ballot-cast-electronically"):
        ballots.record_count(Ballot(opened(LEADER)), count())
