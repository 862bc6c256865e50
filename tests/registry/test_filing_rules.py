"""Who takes a filing in, and whether it may come in, decided without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from contracts.events.registry import ClusterKind, Filing, Punctuality, RegisteredTitle, Target
from contracts.refusal import Refused
from contracts.values import Recipient, SubjectKind
from registry.domain import registrations
from registry.domain.deadlines import Dates, Window, end_of
from registry.domain.filings import Desk, Handover, Standing, State, admit, receiver, waits_for_desk

from tests.registry.world import at

DATES = Dates(end_of(date(2024, 1, 31)), end_of(date(2024, 2, 5)), end_of(date(2024, 2, 10)))
DESK = Desk(
    kind=Filing.REGISTRATION, year_id="nam-2024", cluster_id="cum", unit_id="son-la", unit_name="LĐLĐ Sơn La",
    year_starts=date(2023, 12, 6), year_ends=date(2025, 3, 31), cluster_kind=ClusterKind.CLUSTER, run_by="tld",
    member=True, lead="cao-bang", deputy="lao-cai", window=Window("han", DATES, DATES),
)  # fmt: skip
IN_TIME = Handover(at("2024-01-20 08:00"), at("2024-01-20 08:00"), typed_by_unit=True, typed_at_desk=False)
TOO_LATE = replace(IN_TIME, received=at("2024-02-11 00:00"), recorded=at("2024-02-11 00:00"))
FILED = Standing(
    subject="registration:x", kind=Filing.REGISTRATION, year_id="nam-2024", cluster_id="cum", unit_id="son-la",
    state=State.SUBMITTED, revision=1, punctuality=Punctuality.IN_GRACE, deadline_id="han",
    awaits_confirmation=False, contested=False, typed_by="person:x",
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "unit", "takes"),
    [
        (ClusterKind.CLUSTER, "son-la", "cao-bang"),
        (ClusterKind.CLUSTER, "cao-bang", "lao-cai"),
        (ClusterKind.CLUSTER, "lao-cai", "cao-bang"),
        (ClusterKind.BLOC, "son-la", "tld"),
        (ClusterKind.BLOC, "tld", "cao-bang"),
    ],
)
def test_a_filing_never_goes_to_its_own_unit(kind: ClusterKind, unit: str, takes: str) -> None:
    assert receiver(replace(DESK, cluster_kind=kind, unit_id=unit)) == takes


def test_without_leadership_nobody_can_receive_in_a_cluster_but_in_a_bloc_they_can() -> None:
    without = replace(DESK, lead=None, deputy=None)
    with pytest.raises(Refused, match="no-leadership"):
        receiver(without)
    assert receiver(replace(without, cluster_kind=ClusterKind.BLOC)) == "tld"


def test_hard_close_is_named_after_what_was_to_be_filed() -> None:
    for kind, rule in (("registration", "registration"), ("half-year-report", "report"), ("year-report", "report")):
        with pytest.raises(Refused) as refusal:
            admit(replace(DESK, kind=Filing(kind)), TOO_LATE, None)
        assert refusal.value.rule == f"{rule}-after-hard-close"


def test_accepted_late_comes_in_after_hard_close_and_is_late() -> None:
    admitted = admit(DESK, replace(TOO_LATE, accepted_late=True, typed_at_desk=True), None)
    assert admitted.punctuality is Punctuality.LATE


def test_what_is_not_late_is_not_accepted_late() -> None:
    with pytest.raises(Refused, match="not-late"):
        admit(DESK, replace(IN_TIME, accepted_late=True), None)


def test_a_filing_outside_the_year_is_refused() -> None:
    early = at("2023-12-05 23:00")
    with pytest.raises(Refused, match="year-not-open"):
        admit(DESK, replace(IN_TIME, received=early, recorded=early), None)


def test_without_a_deadline_a_filing_is_neither_late_nor_in_time() -> None:
    admitted = admit(replace(DESK, window=None), TOO_LATE, None)
    assert (admitted.punctuality, admitted.deadline_id) == (None, None)


def test_what_the_unit_did_not_type_awaits_its_confirmation() -> None:
    typed = replace(IN_TIME, typed_by_unit=False, typed_at_desk=True)
    assert admit(DESK, typed, None).awaits_confirmation
    assert not admit(DESK, IN_TIME, None).awaits_confirmation


def test_only_what_was_returned_or_contested_is_handed_in_again() -> None:
    for state, contested in ((State.SUBMITTED, False), (State.RECEIVED, False)):
        with pytest.raises(Refused, match="already-filed"):
            admit(DESK, IN_TIME, replace(FILED, state=state, contested=contested))
    for state, contested in ((State.RETURNED, False), (State.SUBMITTED, True)):
        again = admit(DESK, TOO_LATE, replace(FILED, state=state, contested=contested))
        assert (again.revision, again.punctuality) == (2, Punctuality.IN_GRACE)


def test_a_contested_filing_does_not_wait_at_the_desk() -> None:
    waits_for_desk(FILED)
    with pytest.raises(Refused, match="filing-not-waiting"):
        waits_for_desk(replace(FILED, contested=True))


def title(recipient: str, kind: str = "person", code: str = "cstd-co-so") -> RegisteredTitle:
    return RegisteredTitle(recipient=Recipient(kind=SubjectKind(kind), id=recipient), title=code)


def test_a_registration_names_known_persons_and_units_below_once() -> None:
    admitted = admit(DESK, IN_TIME, None)

    def told(*titles: RegisteredTitle, targets: tuple[Target, ...] = ()) -> str:
        try:
            registrations.submitted("dk", DESK, admitted, targets, titles, {"dao"}, {"son-la"})
        except Refused as refusal:
            return refusal.rule
        return "submitted"

    assert told(title("dao"), title("son-la", "unit", "co-tld")) == "submitted"
    assert told(targets=(Target(text="Kết nạp đoàn viên"),)) == "submitted"
    assert told() == "registration-empty"
    assert told(title("dao"), title("dao")) == "title-registered-twice"
    assert told(title("dao"), title("dao", code="ldtt")) == "submitted"
    assert told(title("nobody")) == "person-unknown"
    assert told(title("lai-chau", "unit")) == "unit-not-below"
