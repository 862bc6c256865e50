"""The rulebook: every event with a rule concerns exactly those that this table says, and never anybody outside."""

from __future__ import annotations

from itertools import chain
from string import Formatter
from typing import Any

import pytest
from contracts.catalogue import Fact
from contracts.events import awards
from contracts.events import registry as r
from contracts.events import scoring as s
from contracts.values import Recipient, SubjectKind
from hypothesis import given
from hypothesis import strategies as st
from notify.adapters.wordings import words
from notify.domain.audience import Circle
from notify.domain.rulebook import RULES
from notify.domain.rules import applied, items
from notify.domain.wording import Names, worded

from contracts import catalogue
from tests.notify.around import DEPUTY, LEAD, MEMBERS, example_of

a = awards
PERSON = Recipient(kind=SubjectKind.PERSON, id="nguyen-thi-dao")
AROUND = Circle(
    members=frozenset(MEMBERS),
    run_by="tld",
    lead=LEAD,
    deputy=DEPUTY,
    voters=frozenset({"ldld-son-la", "ldld-lai-chau"}),
    proposed_by="ldld-cao-bang",
    proposed=PERSON,
    stands_at="tld",
    recused=frozenset({"uy-vien-9"}),
)
SON_LA = "ldld-son-la"


def unit(*ids: str) -> set[str]:
    return {f"unit:{id}" for id in ids}


def person(*ids: str) -> set[str]:
    return {f"person:{id}" for id in ids}


ALL = unit(*MEMBERS)
BOTH = unit("ldld-cao-bang") | person("nguyen-thi-dao")

# event, changes to its example, topic → whom
TABLE: list[tuple[type[Fact], dict[str, Any], dict[str, set[str]]]] = [
    (r.DeadlineSet, {}, {"deadline-set": ALL}),
    (r.DeadlineExtended, {"unit_ids": [SON_LA]}, {"deadline-extended": unit(SON_LA)}),
    (r.DeadlineExtended, {"unit_ids": [SON_LA, "ldld-bac-kan"]}, {"deadline-extended": unit(SON_LA)}),
    (r.DeadlineExtended, {"unit_ids": None}, {"deadline-extended": ALL}),
    (r.EmulationRegistrationSubmitted, {"unit_id": SON_LA}, {"registration-arrived": unit(LEAD)}),
    (r.EmulationRegistrationSubmitted, {"unit_id": LEAD}, {"registration-arrived": unit(DEPUTY)}),
    (
        r.EmulationRegistrationSubmitted,
        {"unit_id": SON_LA, "awaits_confirmation": True},
        {"registration-arrived": unit(LEAD), "entered-on-behalf": unit(SON_LA)},
    ),
    (r.EmulationRegistrationAccepted, {"unit_id": SON_LA}, {"registration-accepted": unit(SON_LA)}),
    (r.EmulationRegistrationReturned, {"unit_id": SON_LA}, {"registration-returned": unit(SON_LA)}),
    (r.ReportSubmitted, {"unit_id": SON_LA}, {"report-arrived": unit(LEAD)}),
    (
        r.ReportSubmitted,
        {"unit_id": SON_LA, "awaits_confirmation": True},
        {"report-arrived": unit(LEAD), "entered-on-behalf": unit(SON_LA)},
    ),
    (r.ReportReceived, {"unit_id": SON_LA}, {"report-received": unit(SON_LA)}),
    (r.ReportReturned, {"unit_id": SON_LA}, {"report-returned": unit(SON_LA)}),
    (r.FilingAcceptedLate, {"unit_id": SON_LA}, {"filing-accepted-late": unit(SON_LA)}),
    (r.FilingContested, {"unit_id": SON_LA}, {"filing-contested": unit(LEAD)}),
    (r.FilingMissed, {"unit_id": SON_LA}, {"filing-missed": unit(SON_LA, LEAD)}),
    (r.FilingMissed, {"unit_id": LEAD}, {"filing-missed": unit(LEAD)}),
    (r.FilingRejudged, {"unit_id": SON_LA}, {"filing-rejudged": unit(SON_LA)}),
    (r.PlanIssued, {}, {}),
    (
        r.PlanIssued,
        {
            "recipients": [
                {"name": "LĐLĐ tỉnh Sơn La", "unit_id": SON_LA, "purpose": "carry-out"},
                {"name": "Tổng Liên đoàn", "unit_id": "tld", "purpose": "report"},
                {"name": "LĐLĐ tỉnh Lào Cai", "unit_id": DEPUTY, "purpose": "coordinate"},
            ]
        },
        {"plan-issued": unit(SON_LA)},
    ),
    (
        r.PlanAmended,
        {"added": [{"no": "12", "text": "Thăm hỏi đoàn viên vùng lũ", "unit_ids": [SON_LA]}]},
        {"plan-amended": unit(SON_LA)},
    ),
    (r.CampaignLaunched, {}, {"campaign-launched": ALL}),
    (r.CampaignLaunched, {"cluster_id": None}, {}),
    (r.ClusterLeadershipAssumed, {}, {"leadership-assumed": unit(LEAD, DEPUTY)}),
    (s.RubricDrafted, {"drafted_by_unit": DEPUTY}, {"rubric-drafted": ALL - unit(DEPUTY)}),
    (s.RubricRevised, {"revised_by_unit": LEAD}, {"rubric-revised": ALL - unit(LEAD)}),
    (s.RubricFrozen, {}, {"rubric-frozen": ALL}),
    (s.EmulationAgreementSigned, {}, {"agreement-signed": ALL}),
    (s.ScoreAppraised, {"unit_id": SON_LA}, {"score-appraised": unit(SON_LA)}),
    (s.CouncilScored, {"unit_id": SON_LA}, {"council-scored": unit(SON_LA)}),
    (s.ScoreReviewRequested, {"unit_id": SON_LA}, {"score-review-requested": unit(LEAD)}),
    (s.ScoreReviewRequested, {"unit_id": LEAD}, {"score-review-requested": unit(DEPUTY)}),
    (s.ScoreReviewAnswered, {"unit_id": SON_LA}, {"score-review-answered": unit(SON_LA)}),
    (s.ScoreFinalized, {"unit_id": SON_LA}, {"score-finalized": unit(SON_LA)}),
    (
        s.BallotOpened,
        {"electorate": [SON_LA, LEAD, DEPUTY], "recused": [LEAD]},
        {"ballot-opened": unit(SON_LA, DEPUTY)},
    ),
    (s.BallotClosed, {}, {"ballot-closed": unit(SON_LA, "ldld-lai-chau")}),
    (s.RankingFinalized, {}, {"ranking-finalized": ALL}),
    (s.YearEndConferenceConcluded, {}, {"conference-concluded": ALL}),
    (a.proposals.AwardProposed, {"drafted": True}, {"proposal-drafted": unit("ldld-cao-bang")}),
    (a.proposals.AwardProposed, {"drafted": False}, {}),
    (a.proposals.ProposalSubmitted, {"receiving_unit": "tld"}, {"proposal-arrived": unit("tld")}),
    (a.proposals.ProposalResubmitted, {"receiving_unit": "tld"}, {"proposal-arrived": unit("tld")}),
    (a.proposals.ProposalReceived, {}, {"proposal-received": unit("ldld-cao-bang")}),
    (
        a.proposals.ProposalForwarded,
        {"from_body": "ldld-cao-bang", "to_body": "tld"},
        {"proposal-forwarded": BOTH, "proposal-arrived": unit("tld")},
    ),
    (
        a.proposals.ProposalForwarded,
        {"from_body": "tld", "to_body": "tld"},
        {"proposal-moved": unit("ldld-cao-bang")},
    ),
    (a.proposals.ProposalReturned, {}, {"proposal-returned": BOTH}),
    (a.proposals.ProposalReturned, {"recipient": {"kind": "person", "id": "uy-vien-9"}},
     {"proposal-returned": unit("ldld-cao-bang")}),
    (a.proposals.ProposalRefused, {}, {"proposal-refused": BOTH}),
    (a.proposals.ProposalWithdrawn, {}, {"proposal-withdrawn": unit("tld") | person("nguyen-thi-dao")}),
    (a.proposals.ConditionSettled, {}, {"condition-settled": unit("ldld-cao-bang")}),
    (
        a.councils.CouncilBallotOpened,
        {"voters": ["uy-vien-1", "uy-vien-2", "uy-vien-9"], "recused": ["uy-vien-9"]},
        {"council-ballot-opened": person("uy-vien-1", "uy-vien-2")},
    ),
    (a.councils.CouncilBallotClosed, {}, {"council-ballot-closed": person("ldld-son-la", "ldld-lai-chau")}),
    (a.councils.CouncilConclusionRecorded, {}, {"council-concluded": unit("ldld-cao-bang")}),
    (
        a.decisions.AwardConferred,
        {"recipient": {"kind": "unit", "id": "ldld-lao-cai"}, "unit_id": "ldld-lao-cai"},
        {"award-conferred": unit("ldld-lao-cai", "ldld-cao-bang")},
    ),
    (
        a.decisions.AwardConferred,
        {"recipient": {"kind": "person", "id": "nguyen-thi-dao"}, "unit_id": "ldld-cao-bang"},
        {"award-conferred": BOTH},
    ),
]  # fmt: skip


def concerned(fact: Fact, circle: Circle) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for rule in RULES[type(fact)]:
        for item in items(rule, fact):
            told = applied(rule, item, circle)
            if told is not None:
                found.setdefault(told.topic, set()).update(told.recipients)
    return found


@pytest.mark.parametrize(("model", "changes", "expected"), TABLE, ids=lambda of: getattr(of, "__name__", ""))
def test_an_event_concerns_exactly_these(model: type[Fact], changes: dict[str, Any], expected: dict[str, set[str]]):
    assert concerned(example_of(model, **changes), AROUND) == expected


def test_the_table_above_names_every_event_that_has_a_rule():
    assert {model for model, *_ in TABLE} == set(RULES)


def test_in_a_bloc_the_body_that_runs_it_takes_filings_in():
    bloc = Circle(members=frozenset(MEMBERS), bloc=True, run_by="ldld-cao-bang", lead=SON_LA, deputy=DEPUTY)
    told = concerned(example_of(r.ReportSubmitted, unit_id=SON_LA), bloc)
    assert told == {"report-arrived": unit("ldld-cao-bang")}


def test_where_nobody_leads_nobody_is_told_that_something_arrived():
    nobody = Circle(members=frozenset(MEMBERS))
    assert concerned(example_of(r.ReportSubmitted, unit_id=SON_LA), nobody) == {}


@pytest.mark.parametrize("model", RULES, ids=lambda model: model.__name__)
def test_the_words_of_a_topic_ask_for_nothing_that_its_rule_does_not_tell(model: type[Fact]):
    for rule in RULES[model]:
        asked = {name for part in words().topics[rule.topic] for _, name, _, _ in Formatter().parse(part) if name}
        assert asked <= set(rule.tells), rule.topic


ids = st.sampled_from([*MEMBERS, "tld", "ldld-bac-kan", "ldld-hoa-binh"])
people = st.sampled_from(["can-bo-1", "can-bo-2", "nguyen-thi-dao", "uy-vien-1", "uy-vien-9"])


def named_in(value: Any) -> set[str]:
    """Every text that stands anywhere in an event."""
    if isinstance(value, dict):
        return set(chain.from_iterable(map(named_in, value.values())))
    if isinstance(value, list | tuple | set | frozenset):
        return set(chain.from_iterable(map(named_in, value)))
    return {value} if isinstance(value, str) else set()


@given(
    model=st.sampled_from(list(RULES)),
    members=st.frozensets(ids, max_size=5),
    lead=st.none() | ids,
    deputy=st.none() | ids,
    run_by=ids,
    bloc=st.booleans(),
    voters=st.frozensets(ids | people, max_size=4),
    proposed_by=st.none() | ids,
    stands_at=st.none() | ids,
    recused=st.frozensets(people, max_size=3),
    unit_id=ids,
)
def test_nobody_outside_the_circle_and_the_event_is_ever_told_and_no_recused_person(
    model, members, lead, deputy, run_by, bloc, voters, proposed_by, stands_at, recused, unit_id
):
    fields = model.model_fields
    fact = example_of(model, **({"unit_id": unit_id} if "unit_id" in fields else {}))
    circle = Circle(members, bloc, run_by, lead, deputy, voters, proposed_by, PERSON, stands_at, recused)
    around = {*members, lead, deputy, run_by, *voters, proposed_by, stands_at, PERSON.id}
    allowed = named_in(fact.model_dump(mode="json")) | around
    for told in concerned(fact, circle).values():
        assert {one.partition(":")[2] for one in told} <= allowed
        if not catalogue.entry(model).public:
            assert not told & person(*recused)


def test_a_notice_reads_as_an_official_would_write_it():
    names = Names(
        units={SON_LA: "Liên đoàn Lao động tỉnh Sơn La"},
        clusters={"cum-bien-gioi-phia-bac": "Cụm thi đua LĐLĐ các tỉnh biên giới phía Bắc"},
    )
    [rule] = RULES[r.ReportReturned]
    told = applied(rule, example_of(r.ReportReturned, unit_id=SON_LA), AROUND)
    assert told is not None
    said = worded(words(), names, told.topic, told.params)
    assert said.title == "Báo cáo tổng kết năm bị trả lại để bổ sung"
    assert said.text == (
        "Báo cáo tổng kết năm của Liên đoàn Lao động tỉnh Sơn La tại Cụm thi đua LĐLĐ các tỉnh biên giới phía Bắc"
        " được trả lại để bổ sung. Lý do: Mục 2.3 chưa có minh chứng."
    )


def test_a_due_date_is_told_with_its_weekday_in_hanoi():
    [rule] = RULES[r.DeadlineSet]
    told = applied(rule, example_of(r.DeadlineSet), AROUND)
    assert told is not None
    said = worded(words(), Names(), told.topic, told.params)
    assert "hết thứ Hai, ngày 02/12/2024" in said.text
    assert "hết thứ Ba, ngày 10/12/2024" in said.text
