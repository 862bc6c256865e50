"""The standing office receives, accepts or returns a filing – never one of the unit that the officer works for."""

from __future__ import annotations

from typing import Any

from chassis.http import Write
from chassis.work import Work
from contracts.case import case_id
from contracts.events.registry import (
    EmulationRegistrationAccepted,
    EmulationRegistrationReturned,
    Filing,
    ReportKind,
    ReportReceived,
    ReportReturned,
)
from contracts.values import Text
from pydantic import Field
from standing import Role, need
from standing.rights import today

from registry.adapters import filings
from registry.domain.filings import Standing, not_of_own, receiver, waits_for_desk


class TakeIn(Write):
    note: Text | None = None


class Return(Write):
    reason: Text = Field(examples=["Mục 2.3 chưa có minh chứng."])


async def receive_report(work: Work, report_id: str, body: TakeIn) -> None:
    filing, office = await _at_desk(work, f"report:{report_id}")
    fact = ReportReceived(**_report(filing, report_id), received_by=office, note=body.note)
    work.record(fact, filing.subject, correlation=case_id(filing.year_id, filing.unit_id))


async def return_report(work: Work, report_id: str, body: Return) -> None:
    filing, office = await _at_desk(work, f"report:{report_id}")
    fact = ReportReturned(**_report(filing, report_id), returned_by=office, reason=body.reason)
    work.record(fact, filing.subject, correlation=case_id(filing.year_id, filing.unit_id))


async def accept_registration(work: Work, registration_id: str, body: TakeIn) -> None:
    filing, office = await _at_desk(work, f"registration:{registration_id}")
    fact = EmulationRegistrationAccepted(
        registration_id=registration_id, **_place(filing), received_by=office, note=body.note
    )
    work.record(fact, filing.subject, correlation=case_id(filing.year_id, filing.unit_id))


async def return_registration(work: Work, registration_id: str, body: Return) -> None:
    filing, office = await _at_desk(work, f"registration:{registration_id}")
    fact = EmulationRegistrationReturned(
        registration_id=registration_id, **_place(filing), returned_by=office, reason=body.reason
    )
    work.record(fact, filing.subject, correlation=case_id(filing.year_id, filing.unit_id))


async def _at_desk(work: Work, subject: str) -> tuple[Standing, str]:
    """The filing and the unit for whose standing office the officer acts."""
    filing = await filings.standing(work.db, subject)
    office = receiver(await filings.desk_of(work.db, filing))
    await need(work, Role.STANDING_OFFICE, office)
    not_of_own(filing.unit_id, await filings.works_for(work.db, work.person, filing.unit_id, today(work)))
    await work.expect(subject)
    waits_for_desk(filing)
    return filing, office


def _place(filing: Standing) -> dict[str, Any]:
    return {
        "year_id": filing.year_id,
        "cluster_id": filing.cluster_id,
        "unit_id": filing.unit_id,
        "revision": filing.revision,
    }


def _report(filing: Standing, report_id: str) -> dict[str, Any]:
    kind = ReportKind.YEAR if filing.kind is Filing.YEAR_REPORT else ReportKind.HALF_YEAR
    return {"report_id": report_id, "kind": kind, **_place(filing)}
