"""Quotas count when a decision is issued; a place leads to the form that asks for it most closely."""

from dataclasses import replace
from datetime import date

import pytest
from awards.domain.decision import Body, Case, PaperNumber, decide
from awards.domain.drafting import form_for
from awards.domain.eligibility import assess
from awards.domain.proposal import Proposal, Status
from contracts.events.awards.councils import Recommendation
from contracts.events.awards.proposals import Basis
from contracts.events.awards.rules import AwardType, Channel, Track
from contracts.events.scoring import Classification
from contracts.refusal import Refused
from contracts.values import Recipient

from tests.awards.records import LAW, UNION, person

TLD = Body("tld", "Tổng Liên đoàn", "national", outside=False)
PAPER = PaperNumber("212", "QĐ-TLĐ", date(2025, 3, 20), "Chủ tịch")


def case(number: int, proposed_by: str = "ldld-cao-bang", **changes: object) -> Case:
    """A thematic Bằng khen TLĐ ready to be signed."""
    proposal = Proposal(
        proposal_id=f"dn-{number}",
        recipient=Recipient(kind="person", id=f"nguoi-{number}"),
        unit_id=proposed_by,
        title="bang-khen-tld",
        proposed_by=proposed_by,
        year_id="nam-2024",
        year=2024,
        award_type=AwardType.THEMATIC,
        track=Track.MOVEMENT,
        channel=Channel.UNION,
        route=None,
        basis=Basis(kind="campaign", text="Lao động giỏi"),
        shares=(),
        status=Status.RECEIVED,
        body="tld",
        stage="nguoi-ky",
        sent_from=proposed_by,
        revision=1,
        rule_set_id=UNION.rule_set,
        assessment=assess(UNION, "bang-khen-tld", AwardType.THEMATIC, person(), 2024),
        correlation=f"dn-{number}",
        recommendation=Recommendation.APPROVE,
        recommended_title="bang-khen-tld",
    )
    form = UNION.form("bang-khen-tld")
    assert form is not None
    return Case(replace(proposal, **changes), form, UNION.stage("nguoi-ky"))  # type: ignore[arg-type]


def test_four_thematic_papers_a_province_and_not_a_fifth():
    issued, awards = decide("qd", TLD, PAPER, tuple(case(n) for n in range(4)), {})
    assert len(issued.list) == len(awards) == 4
    with pytest.raises(Refused, match="quota-exceeded"):
        decide("qd", TLD, PAPER, tuple(case(n) for n in range(5)), {})


def test_the_quota_of_one_province_is_not_used_up_by_another():
    cases = (*(case(n) for n in range(4)), *(case(n, "ldld-lao-cai") for n in range(4, 8)))
    assert len(decide("qd", TLD, PAPER, cases, {})[1]) == 8


def test_what_was_decided_before_counts_against_the_quota():
    with pytest.raises(Refused, match="quota-exceeded") as refused:
        decide("qd", TLD, PAPER, (case(1),), {("dn-1", 0): 10, ("dn-1", 1): 4})
    assert refused.value.values["decided"] == 4


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"recommendation": None}, "no-favourable-conclusion"),
        ({"recommendation": Recommendation.REFUSE}, "no-favourable-conclusion"),
        ({"body": "ldld-cao-bang"}, "not-before-this-body"),
        ({"status": Status.RETURNED}, "proposal-not-in-that-state"),
    ],
)
def test_only_what_went_its_whole_way_is_decided(changes, rule):
    with pytest.raises(Refused, match=rule):
        decide("qd", TLD, PAPER, (case(1, **changes),), {})


def test_a_body_decides_only_forms_of_its_level():
    province = Body("tld", "LĐLĐ tỉnh", "province", outside=False)
    with pytest.raises(Refused, match="form-of-other-level"):
        decide("qd", province, PAPER, (case(1),), {})


def test_a_case_stands_once_on_a_list():
    with pytest.raises(Refused, match="listed-twice"):
        decide("qd", TLD, PAPER, (case(1), case(1)), {})


@pytest.mark.parametrize(
    ("place", "level", "form"),
    [
        (Classification.LEADING, "national", "co-tld"),
        (Classification.EXCELLENT, "national", "bang-khen-tld"),
        (Classification.LEADING, "province", "co-ldld"),
        (Classification.EXCELLENT, "province", "bang-khen-ldld"),
    ],
)
def test_a_place_leads_to_the_form_of_the_body_that_runs_the_cluster(place, level, form):
    found = form_for([LAW, UNION], place, level)
    assert found is not None
    assert found[1].code == form


def test_no_form_no_draft():
    assert form_for([LAW], Classification.LEADING, "national") is None
    assert form_for([LAW, UNION], Classification.LEADING, "district") is None
