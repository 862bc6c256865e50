"""Deadlines for filings in a cluster's year: set by days, judged to the second, extended for all or for some."""

from __future__ import annotations

from datetime import date

from chassis.http import Write
from chassis.work import Work
from contracts.case import case_id
from contracts.events.registry import DeadlineExtended, DeadlineSet, Filing, FilingRejudged, RestDayRule
from contracts.refusal import Refused
from contracts.values import ClusterId, DeadlineId, Paper, Text, UnitId, YearId
from pydantic import Field
from standing import Role, holds, need
from standing.rights import today

from registry.adapters import clusters, filings, years
from registry.domain.deadlines import Dates, day_of, end_of, extended, rejudge, set_dates
from registry.domain.filings import not_of_own


class SetDeadline(Write):
    id: DeadlineId | None = None
    year_id: YearId
    cluster_id: ClusterId
    filing: Filing
    due: date = Field(description="Last day in time.", examples=["2024-01-31"])
    grace_until: date | None = Field(None, description="Last day of grace; none: the due day.")
    hard_close: date | None = Field(None, description="Last day at all; none: the last day of grace.")
    rest_day_rule: RestDayRule
    paper: Paper | None = None


class ExtendDeadline(Write):
    unit_ids: list[UnitId] | None = Field(None, min_length=1, description="None: all members.")
    due: date
    grace_until: date | None = None
    hard_close: date | None = None
    reason: Text = Field(examples=["Sạt lở đường, mất liên lạc nhiều ngày"])
    paper: Paper | None = None


async def set_deadline(work: Work, body: SetDeadline) -> None:
    await _runs(work, body.cluster_id, body.year_id)
    await years.one(work.db, body.year_id)
    deadline_id = body.id or work.new_id()
    if await filings.window_for(work.db, deadline_id, None) is not None:
        raise Refused("already-recorded", what="hạn nộp", id=deadline_id)
    before = await years.deadline_for(work.db, body.year_id, body.cluster_id, body.filing.value)
    if before is not None:
        raise Refused("deadline-set-already", deadline=before, filing=body.filing.value)
    grace = body.grace_until or body.due
    dates, moved_from = set_dates(body.due, grace, body.hard_close or grace, body.rest_day_rule)
    fact = DeadlineSet(
        deadline_id=deadline_id,
        year_id=body.year_id,
        cluster_id=body.cluster_id,
        filing=body.filing,
        due=dates.due,
        grace_until=dates.grace_until,
        hard_close=dates.hard_close,
        rest_day_rule=body.rest_day_rule,
        weekday=day_of(dates.due).isoweekday(),
        moved_from=moved_from,
        paper=body.paper,
    )
    work.record(fact, f"deadline:{deadline_id}", correlation=case_id(body.year_id, body.cluster_id))


async def extend_deadline(work: Work, deadline_id: str, body: ExtendDeadline) -> None:
    """Later days, and what they make of filings that came in before: better, or nothing."""
    deadline = await years.deadline(work.db, deadline_id)
    await _runs(work, deadline["cluster_id"], deadline["year_id"])
    await work.expect(f"deadline:{deadline_id}")
    units = tuple(body.unit_ids) if body.unit_ids is not None else None
    grace = body.grace_until or body.due
    close = body.hard_close or grace
    if not body.due <= grace <= close:
        raise Refused("dates-out-of-order", due=body.due, grace_until=grace, hard_close=close)
    wished = Dates(end_of(body.due), end_of(grace), end_of(close))
    for unit_id in units or (None,):
        if unit_id is not None:
            not_of_own(unit_id, await filings.works_for(work.db, work.person, unit_id, today(work)))
        window = await filings.window_for(work.db, deadline_id, unit_id)
        assert window is not None
        extended(window.now, wished)
    where = {"year_id": deadline["year_id"], "cluster_id": deadline["cluster_id"]}
    fact = DeadlineExtended(
        deadline_id=deadline_id,
        **where,
        filing=Filing(deadline["filing"]),
        unit_ids=units,
        due=wished.due,
        grace_until=wished.grace_until,
        hard_close=wished.hard_close,
        reason=body.reason,
        paper=body.paper,
    )
    work.record(fact, f"deadline:{deadline_id}", correlation=case_id(deadline["year_id"], deadline["cluster_id"]))
    await rejudge_filings(work, deadline_id, units, wished, body.reason)


async def rejudge_filings(
    work: Work, deadline_id: str, units: tuple[str, ...] | None, wished: Dates, reason: str
) -> None:
    """What later dates make of filings that came in before: better, or nothing. ``units`` None: those of all."""
    for filing, received in await filings.of_deadline(work.db, deadline_id, units):
        before = await filings.window_for(work.db, deadline_id, filing.unit_id)
        assert before is not None
        assert filing.punctuality is not None
        better = rejudge(filing.punctuality, before.extended_by(wished), received)
        if better is not None:
            await work.guard(filing.subject)
            fact = FilingRejudged(
                filing=filing.subject,
                kind=filing.kind,
                year_id=filing.year_id,
                cluster_id=filing.cluster_id,
                unit_id=filing.unit_id,
                deadline_id=deadline_id,
                was=filing.punctuality,
                punctuality=better,
                reason=reason,
            )
            work.record(fact, filing.subject, correlation=case_id(filing.year_id, filing.unit_id))


async def _runs(work: Work, cluster_id: str, year_id: str) -> None:
    """The standing office of the body above the cluster sets deadlines, or that of the year's lead."""
    cluster = await clusters.one(work.db, cluster_id)
    leads = await clusters.leadership(work.db, cluster_id, year_id)
    if leads is not None and await holds(work, Role.STANDING_OFFICE, leads["lead_unit_id"]):
        return
    await need(work, Role.STANDING_OFFICE, cluster["run_by"])
