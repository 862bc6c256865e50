"""What a four-part threshold says, exactly, and before the ballot opens."""

from fractions import Fraction

import pytest
from ballots.electorate import Electorate
from ballots.threshold import Part, Tally, judge, reachable
from contracts.refusal import Refused
from contracts.values import Denominator, Threshold
from hypothesis import given
from hypothesis import strategies as st


def council(members: int, recused: int = 0) -> Electorate:
    names = tuple(f"uy-vien-{n}" for n in range(members))
    return Electorate(voters=names, recused=names[:recused])


def threshold(percentage="90", denominator=Denominator.ALL, quorum="0", **rest) -> Threshold:
    return Threshold(percentage=percentage, denominator=denominator, quorum=quorum, **rest)


def test_nine_members_ninety_percent_of_all_with_one_recused_cannot_be_reached():
    said = reachable(council(9, recused=1), threshold("90"))
    assert not said.reachable
    assert said.needed is None
    assert said.approval.figures == "8/9 = 88,9 %"


def test_the_same_council_can_reach_it_where_the_recused_leave_the_denominator():
    said = reachable(council(9, recused=1), threshold("90", recused_stay_in_denominator=False))
    assert said.reachable
    assert said.needed == 8
    assert said.approval.figures == "8/8 = 100,0 %"


def test_seventy_percent_of_those_present_with_two_thirds_present():
    rule = threshold("70", Denominator.PRESENT, quorum="66.6")
    assert judge(council(9), rule, Tally(in_favour=5, against=1, present=6)).met
    too_few = judge(council(9), rule, Tally(in_favour=5, present=5))
    assert not too_few.met
    assert not too_few.quorum.met
    assert too_few.approval.met


def test_an_abstention_counts_for_the_quorum_and_not_for_approval():
    rule = threshold("80", Denominator.VALID, quorum="100")
    told = judge(council(5), rule, Tally(in_favour=3, abstained=2, present=5))
    assert told.quorum.met
    assert not told.approval.met
    assert told.approval.figures == "3/5 = 60,0 %"


def test_exactly_the_percentage_suffices_unless_more_is_asked():
    assert judge(council(10), threshold("70"), Tally(in_favour=7, present=10)).met
    assert not judge(council(10), threshold("70", strictly_more=True), Tally(in_favour=7, present=10)).met


def test_a_council_in_which_everybody_is_recused_reaches_nothing():
    assert not reachable(council(3, recused=3), threshold("50", Denominator.VALID)).reachable


def test_more_present_than_may_vote_is_refused():
    with pytest.raises(Refused, match="count-inconsistent"):
        judge(council(3, recused=1), threshold(), Tally(present=3))


rules = st.builds(
    threshold,
    st.integers(1, 1000).map(lambda tenths: f"{tenths // 10}.{tenths % 10}"),
    st.sampled_from(Denominator),
    st.integers(0, 100).map(str),
    recused_stay_in_denominator=st.booleans(),
    strictly_more=st.booleans(),
)


@st.composite
def votes(draw):
    members = draw(st.integers(1, 25))
    electorate = council(members, draw(st.integers(0, members)))
    able = len(electorate.entitled)
    present = draw(st.integers(0, able))
    left = present
    given_votes = []
    for _ in range(4):
        given_votes.append(draw(st.integers(0, left)))
        left -= given_votes[-1]
    in_favour, against, abstained, invalid = given_votes
    return electorate, Tally(
        in_favour=in_favour, against=against, abstained=abstained, invalid=invalid, present=present
    )


@given(votes(), rules)
def test_what_is_met_was_reachable(case, rule):
    electorate, tally = case
    if judge(electorate, rule, tally).met:
        assert reachable(electorate, rule).reachable


@given(votes(), rules)
def test_the_judgement_agrees_with_the_fractions_written_out(case, rule):
    electorate, tally = case
    body = electorate.members if rule.recused_stay_in_denominator else len(electorate.entitled)
    whole = {
        "all": body,
        "present": tally.present,
        "valid": tally.in_favour + tally.against + tally.abstained,
    }
    below = whole[rule.denominator.value]
    bar = Fraction(rule.percentage) / 100
    approved = below > 0 and (
        Fraction(tally.in_favour, below) > bar if rule.strictly_more else Fraction(tally.in_favour, below) >= bar
    )
    there = Fraction(rule.quorum) == 0 or (body > 0 and Fraction(tally.present, body) >= Fraction(rule.quorum) / 100)
    assert judge(electorate, rule, tally).met == (approved and there)


@given(votes(), rules)
def test_turning_a_vote_against_into_one_in_favour_never_loses(case, rule):
    electorate, tally = case
    if tally.against and judge(electorate, rule, tally).met:
        more = tally.model_copy(update={"in_favour": tally.in_favour + 1, "against": tally.against - 1})
        assert judge(electorate, rule, more).met


@given(votes(), rules)
def test_one_vote_less_than_needed_does_not_suffice(case, rule):
    electorate, _ = case
    said = reachable(electorate, rule)
    if said.reachable and said.needed:
        able = len(electorate.entitled)
        short = Tally(in_favour=said.needed - 1, against=able - said.needed + 1, present=able)
        assert not judge(electorate, rule, short).met


@given(st.integers(0, 500), st.integers(1, 500))
def test_the_percent_shown_is_within_half_a_tenth_of_the_exact_share(numerator, denominator):
    part = Part.judge(numerator, denominator, threshold().percentage)
    assert abs(Fraction(part.percent) - part.share * 100) <= Fraction(1, 20)
