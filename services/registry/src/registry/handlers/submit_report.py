"""A unit hands in its half-year or year report, for the first time or again; or it is let in after hard close."""

from __future__ import annotations

from chassis.work import Work, hot
from contracts.case import case_id
from contracts.events.registry import ReportKind, ReportLine
from pydantic import Field

from registry.domain import reports
from registry.domain.filings import of_report
from registry.handlers.hand_in import LateAcceptance, OfUnit, accept_late, as_the_units, hand_in


class SubmitReport(OfUnit):
    kind: ReportKind
    lines: list[ReportLine] = Field(max_length=200)
    narrative: str | None = Field(None, max_length=40_000)


class SubmitReportLate(SubmitReport):
    acceptance: LateAcceptance


@hot
async def submit_report(work: Work, report_id: str, body: SubmitReport) -> None:
    """Two statements: one reads the desk with all that is guarded, one writes the rows and appends."""
    kind = of_report(body.kind)
    desk, admitted = await hand_in(work, f"report:{report_id}", kind, body)
    fact = reports.submitted(report_id, body.kind, desk, admitted, body.lines, body.narrative)
    as_the_units(work, body.unit_id)
    work.record(fact, f"report:{report_id}", correlation=case_id(body.year_id, body.unit_id))


async def accept_report_late(work: Work, report_id: str, body: SubmitReportLate) -> None:
    """The standing office types in what arrived after hard close and accepts it, in one act."""
    subject, kind = f"report:{report_id}", of_report(body.kind)
    desk, admitted = await hand_in(work, subject, kind, body, accepted_late=True)
    fact = reports.submitted(report_id, body.kind, desk, admitted, body.lines, body.narrative)
    act = as_the_units(work, body.unit_id)
    work.record(fact, subject, correlation=case_id(body.year_id, body.unit_id))
    accept_late(work, subject, kind, body, body.acceptance, act)
