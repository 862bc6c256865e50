"""Unknown is not no; a paper settles it; and adding knowledge never overturns an answer that was certain."""

import pytest
from awards.domain.conditions import FOR_COUNCIL, MET, NOT_MET, ORDER, UNKNOWN, best, check, worst
from awards.domain.eligibility import REGISTRATION, Settlement, assess, condition
from awards.domain.record import Looked, Record
from awards.domain.rule_conditions import Condition
from contracts.events.awards.assessments import CaseOutcome, SettledBy
from contracts.events.awards.rules import AwardType
from contracts.refusal import Refused
from hypothesis import given
from hypothesis import strategies as st

from tests.awards.records import (
    DAO,
    LAW,
    PAPER,
    SOURCE,
    UNION,
    WHOLE,
    initiative,
    person,
    placed,
    ratings,
    registered,
    titles,
    unit,
)

YEARLY = AwardType.COMPREHENSIVE
THREE_TIMES = {
    "titles": titles(cstd_co_so=[2023, 2024]),
    "achievements": (initiative(2023, "province"),),
}


def settled(code, outcome=MET):
    return {code: Settlement(outcome, SettledBy(person_id="can-bo-1", paper=PAPER, reason="Bản chính"))}


def test_missing_history_is_unknown_and_says_which_years():
    answer = condition(assess(LAW, "cstd-cap-tinh", YEARLY, person(**THREE_TIMES), 2024), "chuoi-danh-hieu.1")
    assert answer.outcome is UNKNOWN
    assert answer.missing == "Chưa rõ Chiến sĩ thi đua cơ sở năm 2022."
    assert [entry.text for entry in answer.counted] == [
        "Năm 2023: Chiến sĩ thi đua cơ sở",
        "Năm 2024: Chiến sĩ thi đua cơ sở",
    ]
    assert answer.counted[0].event_id == "su-kien-1"
    assert answer.counted[0].paper == PAPER


def test_the_same_history_looked_through_is_no():
    assessment = assess(LAW, "cstd-cap-tinh", YEARLY, person(**THREE_TIMES, looked=WHOLE), 2024)
    assert assessment.outcome is CaseOutcome.NOT_ELIGIBLE
    assert condition(assessment, "chuoi-danh-hieu.1").missing == "Không có Chiến sĩ thi đua cơ sở năm 2022."


def test_years_after_the_last_one_looked_through_stay_unknown():
    looked = (Looked(2018, 2021, SOURCE),)
    assessment = assess(LAW, "cstd-cap-tinh", YEARLY, person(**THREE_TIMES, looked=looked), 2024)
    assert assessment.outcome is CaseOutcome.TO_BE_COMPLETED


def test_a_paper_settles_the_unknown_and_the_answer_names_both():
    assessment = assess(
        LAW, "cstd-cap-tinh", YEARLY, person(**THREE_TIMES), 2024, settlements=settled("chuoi-danh-hieu.1")
    )
    answer = condition(assessment, "chuoi-danh-hieu.1")
    assert (answer.computed, answer.outcome) == (UNKNOWN, MET)
    assert answer.settled_by is not None
    assert answer.settled_by.paper == PAPER
    assert assessment.outcome is CaseOutcome.ELIGIBLE


def test_a_paper_does_not_stand_against_what_the_history_says():
    assessment = assess(
        LAW,
        "cstd-cap-tinh",
        YEARLY,
        person(**THREE_TIMES, looked=WHOLE),
        2024,
        settlements=settled("chuoi-danh-hieu.1"),
    )
    answer = condition(assessment, "chuoi-danh-hieu.1")
    assert (answer.computed, answer.outcome) == (NOT_MET, NOT_MET)
    assert answer.settled_by is not None


def test_a_settled_part_carries_the_condition_that_holds_it():
    record = person(titles=titles(ldtt=[2024]), ratings=ratings(good=[2024]))
    open_ = assess(LAW, "cstd-co-so", YEARLY, record, 2024)
    assert condition(open_, "thanh-tich.2").outcome is UNKNOWN
    done = assess(LAW, "cstd-co-so", YEARLY, record, 2024, settlements=settled("thanh-tich.2.2"))
    assert condition(done, "thanh-tich.2").outcome is MET
    assert condition(done, "thanh-tich.2").computed is UNKNOWN
    assert done.outcome is CaseOutcome.ELIGIBLE


def test_who_is_not_registered_is_not_considered_for_yearly_awards():
    record = unit(placings=(placed(2024, "leading"),), registration=registered("no"))
    assessment = assess(UNION, "co-tld", YEARLY, record, 2024)
    assert assessment.outcome is CaseOutcome.NOT_ELIGIBLE
    assert condition(assessment, REGISTRATION).outcome is NOT_MET


def test_ad_hoc_awards_never_ask_for_a_registration():
    record = unit(registration=registered("no"))
    assert assess(UNION, "bang-khen-tld", AwardType.AD_HOC, record, 2024).outcome is CaseOutcome.FOR_COUNCIL


def test_a_person_not_named_in_its_units_registration_is_unknown_and_can_be_settled():
    record = person(ratings=ratings(good=[2024]), registration=registered("unknown"))
    assert assess(LAW, "ldtt", YEARLY, record, 2024).outcome is CaseOutcome.TO_BE_COMPLETED
    after = assess(LAW, "ldtt", YEARLY, record, 2024, settlements=settled(REGISTRATION))
    assert after.outcome is CaseOutcome.ELIGIBLE


def test_a_route_may_be_named_and_then_only_it_counts():
    record = person(achievements=(initiative(2024),), looked=WHOLE)
    assert assess(LAW, "bang-khen-cap-tinh", YEARLY, record, 2024).outcome is CaseOutcome.FOR_COUNCIL
    chain = assess(LAW, "bang-khen-cap-tinh", YEARLY, record, 2024, route="ca-nhan")
    assert chain.outcome is not CaseOutcome.FOR_COUNCIL
    with pytest.raises(Refused, match="unknown-route"):
        assess(LAW, "bang-khen-cap-tinh", YEARLY, record, 2024, route="khong-co")


outcomes = st.sampled_from(ORDER)


@given(st.lists(outcomes))
def test_all_is_met_only_when_each_is_and_any_fails_only_when_each_does(them):
    assert (worst(them) is MET) == all(one is MET for one in them)
    assert (best(them) is NOT_MET) == all(one is NOT_MET for one in them)
    assert (worst(them) is NOT_MET) == (NOT_MET in them)
    assert (best(them) is MET) == (MET in them)


YEARS = range(2015, 2025)
spans = st.one_of(
    st.integers(1, 4).map(lambda n: {"consecutive": n}),
    st.tuples(st.integers(1, 4), st.integers(1, 8)).map(lambda tw: {"times": tw[0], "within": tw[1]}),
    st.integers(1, 4).map(lambda n: {"times": n}),
    st.integers(1, 3).map(lambda n: {"times": n, "after": ["bang-khen-ttg"]}),
)
conditions = st.one_of(
    spans.map(lambda span: {"holds": {"titles": ["cstd-co-so"], **span}}),
    spans.map(lambda span: {"holds": {"titles": ["co-bo-nganh-tinh"], **span}}),
    spans.map(lambda span: {"achieved": {"kinds": ["initiative"], "at_least": "province", **span}}),
    st.integers(0, 6).map(lambda n: {"step": {"titles": ["bang-khen-bo-nganh-tinh"], "years": n}}),
).map(lambda check: Condition.model_validate({"text": "điều kiện", **check}))


@st.composite
def histories(draw):
    """A whole history, and the same with some years not known."""
    years = st.lists(st.sampled_from(YEARS), unique=True)
    held = titles(
        cstd_co_so=draw(years),
        co_tld=draw(years),
        bang_khen_tld=draw(years),
    )
    done = tuple(initiative(year, "province") for year in draw(years))
    hidden = set(draw(st.lists(st.sampled_from(YEARS), unique=True, max_size=6)))
    whole = Record(DAO, titles=held, achievements=done, looked=WHOLE)
    known = tuple(Looked(year, year, SOURCE) for year in YEARS if year not in hidden)
    part = Record(
        DAO,
        titles=tuple(one for one in held if one.year not in hidden),
        achievements=tuple(one for one in done if one.year not in hidden),
        looked=(Looked(None, YEARS[0] - 1, SOURCE), *known),
    )
    return whole, part


@given(conditions, histories())
def test_with_the_whole_history_there_is_no_unknown(asked, history):
    whole, _ = history
    assert check(asked, whole, 2024, LAW).outcome in (MET, NOT_MET)


@given(conditions, histories())
def test_what_is_certain_from_part_of_the_history_stays_so_with_the_whole(asked, history):
    whole, part = history
    said = check(asked, part, 2024, LAW).outcome
    assert said in (UNKNOWN, check(asked, whole, 2024, LAW).outcome)


@given(conditions, histories())
def test_another_title_or_initiative_never_makes_a_met_condition_unmet(asked, history):
    whole, _ = history
    if asked.holds is not None and asked.holds.after:
        return  # A later step before starts the count anew; that is what the ladder says.
    richer = Record(
        DAO,
        titles=whole.titles + titles(cstd_co_so=[2020], co_tld=[2020], bang_khen_tld=[2012]),
        achievements=(*whole.achievements, initiative(2020, "national")),
        looked=WHOLE,
    )
    if check(asked, whole, 2024, LAW).outcome is MET:
        assert check(asked, richer, 2024, LAW).outcome is MET


def test_only_the_council_answers_a_question():
    asked = Condition.model_validate({"text": "Tiêu biểu", "ask": True})
    assert check(asked, person(looked=WHOLE), 2024, LAW).outcome is FOR_COUNCIL
