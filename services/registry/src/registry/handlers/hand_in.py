"""What handing in a registration and a report have in common: the desk, the rights, the deadline, the late way in."""

from __future__ import annotations

from chassis.http import Write
from chassis.work import Work
from contracts.case import case_id
from contracts.envelope import Act
from contracts.events.registry import Filing, FilingAcceptedLate
from contracts.values import ClusterId, Paper, Text, UnitId, YearId
from pydantic import BaseModel, ConfigDict, Field
from standing import Role, holds, need
from standing.rights import today

from registry.adapters import desks, filings
from registry.domain.deadlines import day_of
from registry.domain.filings import Admitted, Desk, Handover, admit, not_of_own, receiver


class OfUnit(Write):
    """Whose filing it is, in which cluster's year."""

    year_id: YearId = Field(examples=["nam-2024"])
    cluster_id: ClusterId = Field(examples=["cum-bien-gioi-phia-bac"])
    unit_id: UnitId = Field(examples=["ldld-cao-bang"])


class LateAcceptance(BaseModel):
    """Why a filing is accepted after hard close; who does it is known from the token."""

    model_config = ConfigDict(extra="forbid")

    reason: Text = Field(examples=["Mưa lũ, đường bị chia cắt; hồ sơ giấy gửi bằng bưu điện."])
    paper: Paper
    penalty_kept: bool = Field(description="Whether the deduction for lateness still applies.")


async def hand_in(
    work: Work, subject: str, kind: Filing, body: OfUnit, *, accepted_late: bool = False
) -> tuple[Desk, Admitted]:
    """The desk and what the rules say of a filing that arrives there now.

    The unit's own officers file; so does the standing office that takes it in, typing what came on paper, or an
    officer above; then the unit has yet to confirm. Only that standing office accepts late, and never its own unit's.
    """
    at = await desks.load(
        work.reads,
        subject,
        kind,
        body.year_id,
        body.cluster_id,
        body.unit_id,
        person=work.person,
        received=day_of(work.act.received),
        today=today(work),
    )
    typed_at_desk = False
    if accepted_late:
        await need(work, Role.STANDING_OFFICE, receiver(at.desk))
        not_of_own(body.unit_id, await filings.works_for(work.db, work.person, body.unit_id, today(work)))
        typed_at_desk = True
    elif not at.typed_by_unit or work.act.received < work.act.recorded:
        typed_at_desk = await _at_desk(work, at.desk)
        if not at.typed_by_unit and not typed_at_desk:
            await need(work, Role.OFFICER, body.unit_id)
    if at.before is not None:
        await work.expect(subject, read=at.version)
    if at.desk.window is not None:
        await work.guard(f"deadline:{at.desk.window.deadline_id}", read=at.deadline_version)
    handover = Handover(work.act.received, work.act.recorded, at.typed_by_unit, typed_at_desk, accepted_late)
    return at.desk, admit(at.desk, handover, at.before)


async def _at_desk(work: Work, desk: Desk) -> bool:
    if desk.lead is None and desk.run_by != desk.unit_id:
        return await holds(work, Role.STANDING_OFFICE, desk.run_by)
    return await holds(work, Role.STANDING_OFFICE, receiver(desk))


def as_the_units(work: Work, unit_id: str) -> Act:
    """A filing is the unit's own act whoever typed it. Returns the act as it was, the typist's own."""
    typed = work.act
    work.act_as(whose=f"unit:{unit_id}")
    return typed


def accept_late(work: Work, subject: str, kind: Filing, body: OfUnit, acceptance: LateAcceptance, act: Act) -> None:
    """Record, beside the filing, who let it in after hard close, why, and on what paper."""
    assert work.person is not None
    work.act = act
    fact = FilingAcceptedLate(
        filing=subject,
        kind=kind,
        year_id=body.year_id,
        cluster_id=body.cluster_id,
        unit_id=body.unit_id,
        accepted_by=work.person,
        **acceptance.model_dump(),
    )
    work.record(fact, subject, correlation=case_id(body.year_id, body.unit_id))
