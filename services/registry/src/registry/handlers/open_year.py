"""An emulation year is opened with its own dates."""

from __future__ import annotations

from datetime import date

from chassis.http import Write
from chassis.work import Work
from contracts.events.registry import EmulationYearOpened, Year, YearKind
from contracts.refusal import Refused
from contracts.values import ShortText, YearId
from pydantic import Field
from standing import Role, units_of

from registry.adapters import years
from registry.domain.years import openable


class OpenYear(Write):
    id: YearId | None = Field(None, examples=["nam-2024"])
    label: ShortText = Field(examples=["Năm thi đua 2024"])
    kind: YearKind
    calendar_year: Year
    starts: date = Field(examples=["2023-12-06"])
    ends: date = Field(description="First day after it.", examples=["2025-03-31"])
    tested_registration: bool = Field(
        True, description="Whether registrations of this year are looked at when awards are considered."
    )
    begun_on_paper: bool = False


async def open_year(work: Work, body: OpenYear) -> None:
    """Whoever runs clusters somewhere may open a year; which of them a cluster uses is said by its deadlines."""
    runners = {Role.ADMINISTRATOR, Role.STANDING_OFFICE}
    if not await units_of(work, runners):
        raise Refused("not-entitled", role=sorted(runners), unit="*")
    year_id = body.id or work.new_id()
    exists = await years.found(work.db, year_id) is not None
    openable(year_id, exists, body.starts, body.ends, body.calendar_year)
    fact = EmulationYearOpened(year_id=year_id, **body.model_dump(exclude={"id", "act"}))
    work.record(fact, f"year:{year_id}", correlation=year_id)
