"""What holds for every filing: who may hand it in, who takes it in, what may follow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from contracts.events.registry import ClusterKind, Filing, Punctuality
from contracts.refusal import Refused

from registry.domain.deadlines import Window, day_of, judge

TOLD = {
    Filing.REGISTRATION: "đăng ký thi đua",
    Filing.HALF_YEAR_REPORT: "báo cáo sơ kết 6 tháng",
    Filing.YEAR_REPORT: "báo cáo tổng kết năm",
}
"""What a filing is called where a refusal is read."""


class State(StrEnum):
    SUBMITTED = "submitted"
    RECEIVED = "received"
    """Received (a report) or accepted (a registration)."""
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Standing:
    """A filing as it stands."""

    subject: str
    kind: Filing
    year_id: str
    cluster_id: str
    unit_id: str
    state: State
    revision: int
    punctuality: Punctuality | None
    deadline_id: str | None
    awaits_confirmation: bool
    contested: bool
    typed_by: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a unit hands in a filing of a kind: the cluster in that year, its lead, the unit's own deadline."""

    kind: Filing
    year_id: str
    cluster_id: str
    unit_id: str
    unit_name: str
    year_starts: date
    year_ends: date
    cluster_kind: ClusterKind
    run_by: str
    member: bool
    lead: str | None
    deputy: str | None
    window: Window | None


@dataclass(frozen=True, slots=True)
class Handover:
    """How a filing comes in: when received, typed by whom, accepted though late or not."""

    received: datetime
    recorded: datetime
    typed_by_unit: bool
    """The typist holds a grant of the unit itself."""
    typed_at_desk: bool
    """The typist is the standing office that takes it in, or above it."""
    accepted_late: bool = False


@dataclass(frozen=True, slots=True)
class Admitted:
    """What the rules say of a filing that may come in."""

    revision: int
    punctuality: Punctuality | None
    deadline_id: str | None
    awaits_confirmation: bool


def receiver(desk: Desk) -> str:
    """The unit whose standing office takes the filing in: never the filing unit itself.

    A cluster's lead receives, and the lead's own goes to the deputy; a bloc's goes to the body that runs it,
    and that body's own to the lead. Raises ``no-leadership``.
    """
    order = (desk.run_by, desk.lead, desk.deputy) if desk.cluster_kind is ClusterKind.BLOC else (desk.lead, desk.deputy)
    for unit in order:
        if unit is None:
            raise Refused("no-leadership", cluster=desk.cluster_id, year=desk.year_id)
        if unit != desk.unit_id:
            return unit
    raise Refused("no-leadership", cluster=desk.cluster_id, year=desk.year_id)


def admit(desk: Desk, handover: Handover, before: Standing | None) -> Admitted:
    """Whether a filing may come in now, and how it stands to its deadline.

    Raises ``not-a-member``, ``year-not-open``, ``received-date-not-yours``, ``already-filed``,
    ``<registration|report>-after-hard-close`` and ``not-late``.
    """
    if not desk.member:
        raise Refused("not-a-member", unit=desk.unit_name, cluster=desk.cluster_id, year=desk.year_id)
    day = day_of(handover.received)
    if day < desk.year_starts or (day >= desk.year_ends and not handover.accepted_late):
        raise Refused("year-not-open", year=desk.year_id, starts=desk.year_starts, ends=desk.year_ends, received=day)
    if handover.received < handover.recorded and not handover.typed_at_desk:
        raise Refused("received-date-not-yours", unit=desk.unit_name, received=day)
    awaits = not handover.typed_by_unit
    if before is not None:
        return _again(before, awaits, handover)
    if desk.window is None:
        if handover.accepted_late:
            raise Refused("not-late", unit=desk.unit_name, hard_close=None)
        return Admitted(1, None, None, awaits)
    closed = desk.window.closed(handover.received)
    if closed and not handover.accepted_late:
        what = "registration" if desk.kind is Filing.REGISTRATION else "report"
        raise Refused(
            f"{what}-after-hard-close",
            kind=TOLD[desk.kind],
            unit=desk.unit_name,
            received=handover.received,
            hard_close=desk.window.now.hard_close,
            deadline=desk.window.deadline_id,
        )
    if handover.accepted_late and not closed:
        raise Refused("not-late", unit=desk.unit_name, hard_close=desk.window.now.hard_close)
    return Admitted(1, judge(desk.window, handover.received), desk.window.deadline_id, awaits)


def _again(before: Standing, awaits: bool, handover: Handover) -> Admitted:
    """Handing in again what was returned or contested: it keeps the place that its first receipt gave it.

    The unit answers a demand to complete; that the demand came after hard close is not its fault.
    """
    if handover.accepted_late:
        raise Refused("already-filed", filing=before.subject, state=before.state.value)
    if before.state is not State.RETURNED and not before.contested:
        raise Refused("already-filed", filing=before.subject, state=before.state.value)
    return Admitted(before.revision + 1, before.punctuality, before.deadline_id, awaits)


def waits_for_desk(filing: Standing) -> None:
    """Only what was handed in and is not contested is received or returned. Raises ``filing-not-waiting``."""
    if filing.state is not State.SUBMITTED or filing.contested:
        state = "contested" if filing.contested else filing.state.value
        raise Refused("filing-not-waiting", filing=filing.subject, state=state)


def not_of_own(filing_unit: str, works_for_it: bool) -> None:
    """Nobody receives or returns a filing of the unit he works for. Raises ``own-filing``."""
    if works_for_it:
        raise Refused("own-filing", unit=filing_unit)


def waits_for_unit(filing: Standing, speaks_for_unit: bool) -> None:
    """Only what others typed for a unit is confirmed or contested, and only by that unit.

    Raises ``nothing-to-confirm`` and ``confirmation-by-unit-only``.
    """
    if not filing.awaits_confirmation or filing.contested:
        raise Refused("nothing-to-confirm", filing=filing.subject)
    if not speaks_for_unit:
        raise Refused("confirmation-by-unit-only", unit=filing.unit_id)


def of_report(kind: str) -> Filing:
    """The filing that a kind of report is: ``half-year`` → half-year report, ``year`` → year report."""
    return Filing(f"{kind}-report")
