"""A unit registers targets and titles for the year, for the first time or again; or late, by acceptance."""

from __future__ import annotations

from chassis.work import Work, hot
from contracts.case import case_id
from contracts.events.registry import EmulationRegistrationSubmitted, Filing, RegisteredTitle, Target
from contracts.values import RegistrationId, SubjectKind
from pydantic import Field
from standing.rights import today

from registry.adapters import people, units
from registry.domain import registrations
from registry.domain.filings import Admitted, Desk
from registry.handlers.hand_in import LateAcceptance, OfUnit, accept_late, as_the_units, hand_in


class SubmitRegistration(OfUnit):
    targets: list[Target] = Field(default_factory=list, max_length=200)
    titles: list[RegisteredTitle] = Field(default_factory=list, max_length=2000)


class FirstRegistration(SubmitRegistration):
    id: RegistrationId | None = None


class SubmitRegistrationLate(SubmitRegistration):
    acceptance: LateAcceptance


@hot
async def submit_registration(work: Work, registration_id: str, body: SubmitRegistration) -> None:
    """Raises what ``admit`` and the registration's own rules raise."""
    subject = f"registration:{registration_id}"
    desk, admitted = await hand_in(work, subject, Filing.REGISTRATION, body)
    fact = await _fact(work, registration_id, body, desk, admitted)
    as_the_units(work, body.unit_id)
    work.record(fact, subject, correlation=case_id(body.year_id, body.unit_id))


async def submit_first_registration(work: Work, body: FirstRegistration) -> None:
    """The same under an id that the client chose or that is made here."""
    await submit_registration(work, body.id or work.new_id(), body)


async def accept_registration_late(work: Work, registration_id: str, body: SubmitRegistrationLate) -> None:
    """The standing office types in what arrived after hard close and accepts it, in one act."""
    subject = f"registration:{registration_id}"
    desk, admitted = await hand_in(work, subject, Filing.REGISTRATION, body, accepted_late=True)
    fact = await _fact(work, registration_id, body, desk, admitted)
    act = as_the_units(work, body.unit_id)
    work.record(fact, subject, correlation=case_id(body.year_id, body.unit_id))
    accept_late(work, subject, Filing.REGISTRATION, body, body.acceptance, act)


async def _fact(
    work: Work, registration_id: str, body: SubmitRegistration, desk: Desk, admitted: Admitted
) -> EmulationRegistrationSubmitted:
    persons = registrations.named(body.titles, SubjectKind.PERSON)
    collectives = registrations.named(body.titles, SubjectKind.UNIT)
    return registrations.submitted(
        registration_id,
        desk,
        admitted,
        body.targets,
        body.titles,
        await people.known(work.db, persons) if persons else set(),
        await units.below(work.db, body.unit_id, collectives, today(work)) if collectives else set(),
    )
