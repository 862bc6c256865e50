"""Casting, counting and electing."""

import pytest
from ballots.counts import ElectionCount, HandsCount, PaperCount, tally_of_hands, tally_of_paper
from ballots.election import Question, count_election, outcome_of_paper
from ballots.electorate import Electorate, Way
from ballots.motion import Choice, check_cast, count
from contracts.refusal import Refused
from contracts.values import Denominator, Threshold
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

SEVEN = (
    "ldld-cao-bang",
    "ldld-ha-giang",
    "ldld-lang-son",
    "ldld-lao-cai",
    "ldld-lai-chau",
    "ldld-dien-bien",
    "ldld-son-la",
)
CLUSTER = Electorate(voters=SEVEN)
HALF_OF_VALID = Threshold(percentage="50", denominator=Denominator.VALID, quorum="66", strictly_more=True)


def test_a_member_votes_once():
    check_cast(CLUSTER, {}, "ldld-lao-cai")
    with pytest.raises(Refused, match="already-voted"):
        check_cast(CLUSTER, {"ldld-lao-cai": Choice.FOR}, "ldld-lao-cai")


def test_a_recused_member_does_not_vote():
    with pytest.raises(Refused, match="recused-member-votes"):
        check_cast(Electorate(voters=SEVEN, recused=SEVEN[:1]), {}, SEVEN[0])


def test_who_is_no_voter_does_not_vote():
    with pytest.raises(Refused, match="not-a-voter"):
        check_cast(CLUSTER, {}, "ldld-hoa-binh")


def test_the_recused_are_voters():
    with pytest.raises(ValidationError, match="recused but no voters"):
        Electorate(voters=SEVEN, recused=("ldld-hoa-binh",))


def test_open_votes_are_counted_and_attendance_may_be_larger():
    votes = {SEVEN[0]: Choice.FOR, SEVEN[1]: Choice.ABSTAIN, SEVEN[2]: Choice.AGAINST}
    tally = count(CLUSTER, votes, present=6)
    assert (tally.in_favour, tally.against, tally.abstained, tally.present) == (1, 1, 1, 6)
    with pytest.raises(Refused, match="count-inconsistent"):
        count(CLUSTER, votes, present=2)


def test_only_the_electronic_way_is_cast_vote_by_vote():
    assert [way for way in Way if not way.counted_from_paper] == [Way.ELECTRONIC_OPEN]


GOOD = {"issued": 7, "returned": 6, "valid": 5, "invalid": 1, "in_favour": 4, "against": 1}


def test_a_paper_count_that_adds_up_gives_its_tally():
    tally = tally_of_paper(CLUSTER, PaperCount(**GOOD))
    assert (tally.in_favour, tally.invalid, tally.present) == (4, 1, 7)


def test_asked_in_writing_only_those_who_answer_are_present():
    assert tally_of_paper(CLUSTER, PaperCount(**GOOD), in_writing=True).present == 6


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"issued": 8}, "issued <= entitled"),
        ({"returned": 8}, "returned <= issued"),
        ({"invalid": 2}, "returned = valid + invalid"),
        ({"in_favour": 5}, "valid = for + against + abstained"),
    ],
)
def test_a_paper_count_that_does_not_add_up_is_refused_with_the_sum(change, check):
    with pytest.raises(Refused, match="count-inconsistent") as refused:
        tally_of_paper(CLUSTER, PaperCount(**{**GOOD, **change}))
    assert refused.value.values["check"] == check


def test_a_show_of_hands_needs_no_more_hands_than_people():
    with pytest.raises(Refused, match="count-inconsistent"):
        tally_of_hands(CLUSTER, HandsCount(present=5, in_favour=5, against=1))
    assert tally_of_hands(CLUSTER, HandsCount(present=6, in_favour=5, against=0)).present == 6


def test_the_conference_elects_the_two_with_most_votes():
    votes = {
        SEVEN[0]: (SEVEN[3], SEVEN[4]),
        SEVEN[1]: (SEVEN[3], SEVEN[4]),
        SEVEN[2]: (SEVEN[3], SEVEN[4]),
        SEVEN[3]: (SEVEN[3], SEVEN[4]),
        SEVEN[4]: (SEVEN[3], SEVEN[5]),
    }
    outcome = count_election(CLUSTER, Question(candidates=SEVEN, up_to=2), HALF_OF_VALID, votes)
    assert outcome.elected == (SEVEN[3], SEVEN[4])
    assert outcome.tied == ()
    assert outcome.standings[0].judgement.approval.figures == "5/5 = 100,0 %"


def test_a_tie_for_the_last_place_is_told_and_not_broken():
    votes = {
        SEVEN[0]: (SEVEN[3],),
        SEVEN[1]: (SEVEN[3], SEVEN[4]),
        SEVEN[2]: (SEVEN[4], SEVEN[5]),
        SEVEN[3]: (SEVEN[3], SEVEN[5]),
        SEVEN[4]: (SEVEN[3], SEVEN[5]),
        SEVEN[5]: (SEVEN[4],),
    }
    loose = Threshold(percentage="10", denominator=Denominator.VALID, quorum="0")
    outcome = count_election(CLUSTER, Question(candidates=SEVEN, up_to=2), loose, votes)
    assert outcome.elected == (SEVEN[3],)
    assert outcome.tied == (SEVEN[4], SEVEN[5])
    assert outcome.places_left == 1


def test_without_a_quorum_nobody_is_elected():
    outcome = count_election(CLUSTER, Question(candidates=SEVEN, up_to=1), HALF_OF_VALID, {SEVEN[0]: (SEVEN[1],)})
    assert outcome.elected == ()
    assert not outcome.standings[0].judgement.quorum.met


@pytest.mark.parametrize(
    ("chosen", "rule"),
    [
        (("ldld-hoa-binh",), "unknown-candidate"),
        ((SEVEN[1], SEVEN[1]), "candidate-named-twice"),
        ((SEVEN[1], SEVEN[2], SEVEN[3]), "too-many-chosen"),
        ((SEVEN[0],), "votes-on-itself"),
    ],
)
def test_a_choice_outside_the_question_is_refused(chosen, rule):
    with pytest.raises(Refused, match=rule):
        Question(candidates=SEVEN, up_to=2, self_vote=False).check_choice(SEVEN[0], chosen)


def test_an_election_on_paper_must_add_up_too():
    question = Question(candidates=SEVEN, up_to=1)
    fits = ElectionCount(issued=7, returned=7, valid=6, invalid=1, votes={SEVEN[0]: 4, SEVEN[1]: 2})
    assert outcome_of_paper(CLUSTER, question, HALF_OF_VALID, fits).elected == (SEVEN[0],)
    with pytest.raises(Refused, match="count-inconsistent"):
        outcome_of_paper(
            CLUSTER, question, HALF_OF_VALID, fits.model_copy(update={"votes": {SEVEN[0]: 5, SEVEN[1]: 2}})
        )


choices = st.lists(st.sampled_from(SEVEN), max_size=3, unique=True).map(tuple)


@given(st.dictionaries(st.sampled_from(SEVEN), choices), st.integers(3, 5))
def test_never_more_are_elected_than_there_are_places_and_no_loser_has_more_votes(votes, up_to):
    loose = Threshold(percentage="1", denominator=Denominator.ALL, quorum="0")
    outcome = count_election(CLUSTER, Question(candidates=SEVEN, up_to=up_to), loose, votes)
    assert len(outcome.elected) + outcome.places_left == up_to
    by_name = {standing.candidate: standing.votes for standing in outcome.standings}
    others = set(SEVEN) - set(outcome.elected)
    assert all(by_name[won] > by_name[other] for won in outcome.elected for other in others)
    assert not outcome.tied or len(outcome.tied) > outcome.places_left
