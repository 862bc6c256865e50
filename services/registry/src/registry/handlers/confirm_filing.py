"""A unit confirms or contests what others typed for it."""

from __future__ import annotations

from chassis.http import Write
from chassis.work import Work
from contracts.case import case_id
from contracts.events.registry import FilingConfirmed, FilingContested
from contracts.values import Text
from pydantic import Field
from standing import Role, need
from standing.rights import today

from registry.adapters import filings
from registry.domain.filings import Standing, waits_for_unit


class Confirm(Write):
    note: Text | None = None


class Contest(Write):
    reason: Text = Field(examples=["Số đoàn viên kết nạp bị nhập nhầm: 264 thay vì 2.640."])


async def confirm_filing(work: Work, subject: str, body: Confirm) -> None:
    filing = await _of_own(work, subject)
    fact = FilingConfirmed(
        filing=subject,
        kind=filing.kind,
        year_id=filing.year_id,
        cluster_id=filing.cluster_id,
        unit_id=filing.unit_id,
        revision=filing.revision,
        note=body.note,
    )
    work.record(fact, subject, correlation=case_id(filing.year_id, filing.unit_id))


async def contest_filing(work: Work, subject: str, body: Contest) -> None:
    """The unit may then hand it in again itself."""
    filing = await _of_own(work, subject)
    fact = FilingContested(
        filing=subject,
        kind=filing.kind,
        year_id=filing.year_id,
        cluster_id=filing.cluster_id,
        unit_id=filing.unit_id,
        revision=filing.revision,
        reason=body.reason,
    )
    work.record(fact, subject, correlation=case_id(filing.year_id, filing.unit_id))


async def _of_own(work: Work, subject: str) -> Standing:
    """A grant from above does not speak for the unit: it must be its own officer or leader, and not the typist."""
    filing = await filings.standing(work.db, subject)
    await need(work, {Role.OFFICER, Role.LEADER}, filing.unit_id)
    own = await filings.works_for(work.db, work.person, filing.unit_id, today(work))
    await work.expect(subject)
    waits_for_unit(filing, own and filing.typed_by != f"person:{work.person}")
    work.act_as(whose=f"unit:{filing.unit_id}")
    return filing
