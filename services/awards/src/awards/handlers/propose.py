"""Draw up a proposal by hand."""

from __future__ import annotations

from datetime import date

from chassis.work import Work
from contracts.events.awards.proposals import Basis, Share
from contracts.events.awards.rules import AwardType, Channel, Track
from contracts.events.registry.units import UnitKind
from contracts.refusal import Refused
from contracts.values import Recipient, SubjectKind
from standing import ancestors, need

from awards.adapters import proposals, records
from awards.domain.proposal import Drawn, propose
from awards.handlers.assessing import Matter, assess_on, day_of
from awards.handlers.cases import PROPOSERS, unit


async def draw_up(
    work: Work,
    proposal_id: str | None,
    recipient: Recipient,
    unit_id: str | None,
    title: str,
    year_id: str | None,
    award_type: AwardType,
    track: Track,
    channel: Channel,
    proposed_by: str,
    receiving_unit: str,
    route: str | None,
    basis: Basis,
    shares: tuple[Share, ...],
) -> None:
    """A person's unit is named; the body proposed to must be known here, an outside one only over the authority."""
    await need(work, PROPOSERS, proposed_by)
    name = proposal_id or work.new_id()
    if await proposals.exists(work.db, name):
        raise Refused("id-taken", kind="đề nghị khen thưởng", id=name)
    await work.guard(f"proposal:{name}")
    of_unit = recipient.id if recipient.kind is SubjectKind.UNIT else unit_id
    if of_unit is None:
        raise Refused("unit-of-person-missing", person=recipient.id)
    await unit(work, of_unit)
    await unit(work, proposed_by)
    day = day_of(work.act.received)
    await _check_own(work, of_unit, proposed_by, year_id, day)
    body = await unit(work, receiving_unit)
    if (body.kind == UnitKind.OUTSIDE_BODY.value) and channel is not Channel.AUTHORITY:
        raise Refused("not-the-next-body", body=body.name)
    if recipient.kind is SubjectKind.PERSON and await records.works_in(work.db, recipient.id, of_unit, day) is False:
        raise Refused("person-of-other-unit", person=recipient.id, unit=of_unit)
    year = await records.calendar_year(work.db, year_id) if year_id is not None else day.year
    if year is None:
        raise Refused("unknown-year", year=year_id)
    drawn = Drawn(
        proposal_id=name,
        recipient=recipient,
        unit_id=of_unit,
        title=title,
        year_id=year_id,
        year=year,
        award_type=award_type,
        track=track,
        channel=channel,
        proposed_by=proposed_by,
        receiving_unit=receiving_unit,
        route=route,
        basis=basis,
        shares=shares,
    )
    assessed = await assess_on(work.db, Matter.drawn(drawn), day, {})
    fact = propose(drawn, day, assessed.assessment, assessed.doubles, drafted=False)
    work.record(fact, f"proposal:{name}", correlation=name)


async def _check_own(work: Work, of_unit: str, proposed_by: str, year_id: str | None, day: date) -> None:
    """A unit proposes itself, its people and those below it; the year's lead also the members of its cluster.

    Refused ``proposes-for-others``.
    """
    if proposed_by in (of_unit, *await ancestors(work.db, of_unit, day)):
        return
    if year_id is None or not await records.leads_for(work.db, proposed_by, of_unit, year_id):
        raise Refused("proposes-for-others", unit=of_unit, proposed_by=proposed_by)
