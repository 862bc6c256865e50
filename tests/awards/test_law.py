"""Each row of the law's table: what makes a case eligible, and what it says when one thing is missing."""

import pytest
from awards.domain.eligibility import assess
from contracts.events.awards.assessments import CaseOutcome
from contracts.events.awards.rules import AwardType
from contracts.refusal import Refused

from tests.awards.records import (
    LAW,
    UNION,
    WHOLE,
    clean,
    initiative,
    person,
    placed,
    punished,
    ratings,
    share,
    titles,
    unit,
)

YES, NO = CaseOutcome.ELIGIBLE, CaseOutcome.NOT_ELIGIBLE
OPEN, COUNCIL = CaseOutcome.TO_BE_COMPLETED, CaseOutcome.FOR_COUNCIL

FIVE_GOOD = ratings(good=[2020, 2021, 2022, 2023, 2024])
FIVE_EXCELLENT = ratings(excellent=[2020, 2021, 2022, 2023, 2024])
SHARES = (share("ty-le-ldtt", 7, 10), share("ty-le-hoan-thanh", 10, 10), share("so-cstd-co-so", 1, 10))


def outcome(title, record, award_type="comprehensive", rules=LAW):
    return assess(rules, title, AwardType(award_type), record, 2024).outcome


PERSONS = [
    ("ldtt", {"ratings": ratings(good=[2024])}, YES),
    ("ldtt", {"ratings": ratings(excellent=[2024])}, YES),
    ("ldtt", {"ratings": ratings(completed=[2024])}, NO),
    ("ldtt", {}, OPEN),
    ("cstd-co-so", {"titles": titles(ldtt=[2024]), "ratings": ratings(excellent=[2024])}, YES),
    ("cstd-co-so", {"titles": titles(ldtt=[2024]), "achievements": (initiative(2024),)}, YES),
    ("cstd-co-so", {"titles": titles(ldtt=[2024]), "achievements": (initiative(2024, kind="research"),)}, YES),
    ("cstd-co-so", {"titles": titles(ldtt=[2024]), "ratings": ratings(good=[2024])}, OPEN),
    ("cstd-co-so", {"titles": titles(ldtt=[2024]), "ratings": ratings(good=[2024]), "looked": WHOLE}, NO),
    ("cstd-co-so", {"ratings": ratings(excellent=[2024]), "looked": WHOLE}, NO),
    (
        "cstd-cap-tinh",
        {"titles": titles(cstd_co_so=[2022, 2023, 2024]), "achievements": (initiative(2023, "province"),)},
        YES,
    ),
    (
        "cstd-cap-tinh",
        {
            "titles": titles(cstd_co_so=[2022, 2023, 2024]),
            "achievements": (initiative(2023, "grassroots"),),
            "looked": WHOLE,
        },
        NO,
    ),
    (
        "cstd-cap-tinh",
        {"titles": titles(cstd_co_so=[2021, 2023, 2024]), "achievements": (initiative(2023, "province"),)},
        OPEN,
    ),
    (
        "cstd-cap-tinh",
        {
            "titles": titles(cstd_co_so=[2021, 2023, 2024]),
            "achievements": (initiative(2023, "province"),),
            "looked": WHOLE,
        },
        NO,
    ),
    (
        "cstd-toan-quoc",
        {"titles": titles(cstd_cap_tinh=[2023, 2024]), "achievements": (initiative(2024, "national"),)},
        YES,
    ),
    (
        "cstd-toan-quoc",
        {
            "titles": titles(cstd_cap_tinh=[2021, 2024]),
            "achievements": (initiative(2024, "national"),),
            "looked": WHOLE,
        },
        COUNCIL,
    ),
    (
        "cstd-toan-quoc",
        {
            "titles": titles(cstd_cap_tinh=[2024]),
            "achievements": (initiative(2024, "national"),),
            "looked": WHOLE,
        },
        NO,
    ),
    ("bang-khen-cap-tinh", {"titles": titles(cstd_co_so=[2023, 2024])}, YES),
    (
        "bang-khen-cap-tinh",
        {
            "ratings": ratings(excellent=[2023, 2024]),
            "achievements": (initiative(2023, applied=True), initiative(2024, applied=True)),
        },
        YES,
    ),
    (
        "bang-khen-cap-tinh",
        {
            "ratings": ratings(excellent=[2023], good=[2024]),
            "achievements": (initiative(2021, applied=True),),
            "looked": WHOLE,
        },
        NO,
    ),
    ("bang-khen-cap-tinh", {"achievements": (initiative(2024),), "looked": WHOLE}, COUNCIL),
    (
        "bang-khen-ttg",
        {"titles": titles(bang_khen_cap_tinh=[2021], cstd_co_so=[2021, 2022, 2024]), "ratings": FIVE_GOOD},
        YES,
    ),
    (
        "bang-khen-ttg",
        {"titles": titles(bang_khen_tld=[2021], cstd_co_so=[2021, 2022, 2024]), "ratings": FIVE_GOOD},
        YES,
    ),
    (
        "bang-khen-ttg",
        {
            "titles": titles(bang_khen_ldld=[2021], cstd_co_so=[2021, 2022, 2024]),
            "ratings": FIVE_GOOD,
            "looked": WHOLE,
        },
        NO,
    ),
    (
        "huan-chuong-ld-3",
        {
            "titles": titles(bang_khen_ttg=[2019], cstd_co_so=[2020, 2022, 2023]),
            "ratings": ratings(good=[2020, 2021, 2022, 2023], excellent=[2024]),
        },
        YES,
    ),
    (
        "huan-chuong-ld-3",
        {
            "titles": titles(bang_khen_ttg=[2021], cstd_co_so=[2022, 2023, 2024]),
            "ratings": FIVE_EXCELLENT,
            "looked": WHOLE,
        },
        NO,
    ),
    (
        "huan-chuong-ld-2",
        {
            "titles": titles(huan_chuong_ld_3=[2019], cstd_cap_tinh=[2022]),
            "ratings": ratings(good=[2020, 2021, 2022], excellent=[2023, 2024]),
        },
        YES,
    ),
    (
        "huan-chuong-ld-2",
        {
            "titles": titles(huan_chuong_ld_3=[2019], cstd_cap_tinh=[2018]),
            "ratings": FIVE_EXCELLENT,
            "looked": WHOLE,
        },
        NO,
    ),
    (
        "huan-chuong-ld-1",
        {
            "titles": titles(huan_chuong_ld_2=[2019], cstd_cap_tinh=[2022, 2024]),
            "ratings": ratings(good=[2020, 2021], excellent=[2022, 2023, 2024]),
        },
        YES,
    ),
    (
        "huan-chuong-ld-1",
        {
            "titles": titles(huan_chuong_ld_2=[2019], cstd_cap_tinh=[2022]),
            "ratings": FIVE_EXCELLENT,
            "looked": WHOLE,
        },
        NO,
    ),
    (
        "huan-chuong-ld-1",
        {
            "titles": titles(huan_chuong_ld_2=[2020]),
            "achievements": (initiative(2021), initiative(2022), initiative(2024)),
            "looked": WHOLE,
        },
        COUNCIL,
    ),
]


@pytest.mark.parametrize(("title", "known", "expected"), PERSONS)
def test_a_persons_chain_answers_as_the_law_says(title, known, expected):
    assert outcome(title, person(**known)) is expected


UNITS = [
    ("tap-the-ldtt", {"ratings": ratings(good=[2024]), "shares": SHARES, "clean_years": clean(2024)}, YES),
    ("tap-the-ldtt", {"ratings": ratings(good=[2024]), "shares": SHARES}, OPEN),
    (
        "tap-the-ldtt",
        {"ratings": ratings(good=[2024]), "shares": SHARES, "disciplines": (punished(2024),)},
        NO,
    ),
    (
        "tap-the-ldtt",
        {
            "ratings": ratings(good=[2024]),
            "shares": SHARES,
            "disciplines": (punished(2024, "reprimand"),),
            "clean_years": clean(2024),
        },
        YES,
    ),
    (
        "tap-the-ldtt",
        {
            "ratings": ratings(good=[2024]),
            "shares": (share("ty-le-ldtt", 69, 100),),
            "clean_years": clean(2024),
        },
        NO,
    ),
    ("tap-the-ldxs", {"ratings": ratings(excellent=[2024]), "shares": SHARES}, YES),
    (
        "tap-the-ldxs",
        {"ratings": ratings(excellent=[2024]), "shares": (*SHARES[:2], share("so-cstd-co-so", 0, 10))},
        NO,
    ),
    ("tap-the-ldxs", {"ratings": ratings(excellent=[2024]), "shares": SHARES[:2]}, OPEN),
    ("tap-the-ldxs", {"ratings": ratings(good=[2024]), "shares": SHARES}, NO),
    ("co-thi-dua-cap-tinh", {"placings": (placed(2024, "leading"),)}, YES),
    ("co-thi-dua-cap-tinh", {"achievements": (initiative(2024, kind="outside-lead"),)}, YES),
    ("co-thi-dua-cap-tinh", {"placings": (placed(2024, "excellent"),)}, OPEN),
    ("co-thi-dua-cp", {"placings": (placed(2024, "leading"),)}, COUNCIL),
    ("co-thi-dua-cp", {"achievements": (initiative(2024, "national", kind="outside-lead"),)}, YES),
    ("bang-khen-cap-tinh", {"ratings": ratings(excellent=[2023, 2024])}, YES),
    ("bang-khen-cap-tinh", {"ratings": ratings(excellent=[2022, 2024])}, OPEN),
    (
        "bang-khen-ttg",
        {"titles": titles(bang_khen_cap_tinh=[2019], co_tld=[2022]), "ratings": FIVE_EXCELLENT},
        YES,
    ),
    (
        "bang-khen-ttg",
        {"titles": titles(bang_khen_cap_tinh=[2019, 2021, 2023]), "ratings": FIVE_EXCELLENT},
        YES,
    ),
    (
        "bang-khen-ttg",
        {
            "titles": titles(bang_khen_cap_tinh=[2021], co_tld=[2022]),
            "ratings": FIVE_EXCELLENT,
            "looked": WHOLE,
        },
        NO,
    ),
    (
        "bang-khen-ttg",
        {
            "titles": titles(bang_khen_cap_tinh=[2019], co_ldld=[2022]),
            "ratings": FIVE_EXCELLENT,
            "looked": WHOLE,
        },
        NO,
    ),
    (
        "huan-chuong-ld-3",
        {"titles": titles(bang_khen_ttg=[2019], co_thi_dua_cp=[2023]), "ratings": FIVE_EXCELLENT},
        YES,
    ),
    (
        "huan-chuong-ld-3",
        {"titles": titles(bang_khen_ttg=[2019], co_tld=[2020, 2023]), "ratings": FIVE_EXCELLENT},
        YES,
    ),
    (
        "huan-chuong-ld-3",
        {
            "titles": titles(bang_khen_ttg=[2019], co_tld=[2018, 2023]),
            "ratings": FIVE_EXCELLENT,
            "looked": WHOLE,
        },
        NO,
    ),
    (
        "huan-chuong-ld-3",
        {
            "titles": titles(bang_khen_ttg=[2019], bang_khen_cap_tinh=[2022]),
            "ratings": FIVE_EXCELLENT,
            "looked": WHOLE,
        },
        COUNCIL,
    ),
    (
        "huan-chuong-ld-2",
        {"titles": titles(huan_chuong_ld_3=[2019], co_thi_dua_cp=[2021]), "ratings": FIVE_EXCELLENT},
        YES,
    ),
    (
        "huan-chuong-ld-1",
        {"titles": titles(huan_chuong_ld_2=[2018], co_tld=[2019, 2024]), "ratings": FIVE_EXCELLENT},
        YES,
    ),
]


@pytest.mark.parametrize(("title", "known", "expected"), UNITS)
def test_a_units_chain_answers_as_the_law_says(title, known, expected):
    assert outcome(title, unit(**known)) is expected


@pytest.mark.parametrize(
    "title", ["bang-khen-cap-tinh", "bang-khen-ttg", "huan-chuong-ld-3", "huan-chuong-ld-2", "huan-chuong-ld-1"]
)
@pytest.mark.parametrize("award_type", ["thematic", "ad-hoc", "contribution"])
def test_campaigns_deeds_and_contribution_are_put_to_the_council(title, award_type):
    assert outcome(title, person(looked=WHOLE), award_type) is COUNCIL


def test_a_theme_of_three_years_can_lead_to_a_flag_and_a_shorter_one_cannot():
    from datetime import date

    from awards.domain.record import Campaign, Source

    long = Campaign("Xanh, sạch, đẹp", date(2021, 1, 1), date(2024, 12, 31), True, Source())
    short = Campaign("Lao động giỏi", date(2023, 1, 1), date(2024, 12, 31), True, Source())
    running = Campaign("Xanh, sạch, đẹp", date(2021, 1, 1), date(2024, 12, 31), False, Source())
    assert outcome("co-thi-dua-cap-tinh", unit(campaign=long), "thematic") is COUNCIL
    assert outcome("co-thi-dua-cap-tinh", unit(campaign=short), "thematic") is NO
    assert outcome("co-thi-dua-cap-tinh", unit(campaign=running), "thematic") is NO
    assert outcome("co-thi-dua-cap-tinh", unit(), "thematic") is OPEN
    assert outcome("co-thi-dua-cp", unit(campaign=long), "thematic") is NO


UNION_CASES = [
    ("co-tld", unit(placings=(placed(2024, "leading"),)), YES),
    ("co-tld", unit(placings=(placed(2024, "leading", "province"),)), OPEN),
    ("co-tld", unit(placings=(placed(2024, "excellent"),)), NO),
    ("bang-khen-tld", unit(placings=(placed(2024, "excellent"),)), YES),
    ("bang-khen-tld", unit(), OPEN),
    ("co-ldld", unit(placings=(placed(2024, "leading", "province"),)), YES),
    (
        "bang-khen-tld",
        person(
            ratings=ratings(excellent=[2023, 2024]),
            achievements=(initiative(2023, applied=True), initiative(2024, applied=True)),
            titles=titles(bang_khen_ldld=[2023]),
        ),
        YES,
    ),
    (
        "bang-khen-tld",
        person(
            ratings=ratings(excellent=[2023, 2024]),
            achievements=(initiative(2023, applied=True), initiative(2024, applied=True)),
            titles=titles(bang_khen_ldld=[2024]),
            looked=WHOLE,
        ),
        NO,
    ),
]


@pytest.mark.parametrize(("title", "record", "expected"), UNION_CASES)
def test_the_unions_own_forms_answer_as_the_example_says(title, record, expected):
    assert outcome(title, record, rules=UNION) is expected


def test_the_keepsake_medal_asks_for_a_year_without_discipline_whatever_the_route():
    assert outcome("ky-niem-chuong", person(clean_years=clean(2024)), "contribution", UNION) is COUNCIL
    assert (
        outcome("ky-niem-chuong", person(disciplines=(punished(2024, of_member=False),)), "contribution", UNION) is NO
    )


def test_a_form_for_units_is_not_given_to_a_person():
    with pytest.raises(Refused, match="no-route-for-case"):
        outcome("co-thi-dua-cap-tinh", person())


def test_a_title_that_the_rule_set_does_not_know_is_refused():
    with pytest.raises(Refused, match="form-not-in-rule-set"):
        outcome("anh-hung-lao-dong", person())
