"""Half-year and year reports: what one must say to be a report, and the facts of its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from contracts.events.registry import ReportKind, ReportLine, ReportSubmitted
from contracts.refusal import Refused

from registry.domain.filings import Admitted, Desk


def submitted(
    report_id: str,
    kind: ReportKind,
    desk: Desk,
    admitted: Admitted,
    lines: Sequence[ReportLine],
    narrative: str | None,
) -> ReportSubmitted:
    """The report that comes in. Raises ``report-empty``, ``report-line-twice``, ``-contradicts``."""
    check_lines(lines)
    return ReportSubmitted(
        report_id=report_id,
        kind=kind,
        year_id=desk.year_id,
        cluster_id=desk.cluster_id,
        unit_id=desk.unit_id,
        revision=admitted.revision,
        lines=tuple(lines),
        narrative=narrative,
        punctuality=admitted.punctuality,
        deadline_id=admitted.deadline_id,
        awaits_confirmation=admitted.awaits_confirmation,
    )


def check_lines(lines: Sequence[ReportLine]) -> None:
    """A report says something, and each line once. A zero is something; so is *not assigned*."""
    if not any(_says_something(line) for line in lines):
        raise Refused("report-empty", lines=len(lines))
    twice = sorted(code for code, count in Counter(line.code for line in lines).items() if count > 1)
    if twice:
        raise Refused("report-line-twice", codes=twice)
    contradicting = [line.code for line in lines if line.not_assigned and _result(line)]
    if contradicting:
        raise Refused("report-line-contradicts", codes=contradicting)


def _result(line: ReportLine) -> bool:
    return any(value is not None for value in (line.actual, line.achieved, line.faults, line.self_score))


def _says_something(line: ReportLine) -> bool:
    return _result(line) or line.not_assigned or line.explanation is not None
