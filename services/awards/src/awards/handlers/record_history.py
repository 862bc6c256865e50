"""Record awards from before, achievements, and which years of a recipient were looked through; each from a paper."""

from __future__ import annotations

from chassis.work import Work
from contracts.events.awards.history import (
    AchievementKind,
    AchievementRecorded,
    AchievementScope,
    AwardHistoryRecorded,
    HistoryDeclaredComplete,
)
from contracts.refusal import Refused
from contracts.values import Paper, Recipient, SubjectKind
from standing import Role, need

from awards.adapters import records
from awards.adapters.jsonb import row
from awards.handlers.assessing import day_of
from awards.handlers.cases import unit

_KEEPERS = {Role.STANDING_OFFICE, Role.APPRAISER}


async def _need_keeper(work: Work, recipient: Recipient, unit_id: str | None) -> None:
    """The standing office of the unit, or of the person's unit, or of a level above."""
    of_unit = recipient.id if recipient.kind is SubjectKind.UNIT else unit_id
    if of_unit is None:
        raise Refused("unit-of-person-missing", person=recipient.id)
    await unit(work, of_unit)
    await need(work, _KEEPERS, of_unit)
    if recipient.kind is SubjectKind.PERSON:
        day = day_of(work.now)
        if await records.works_in(work.db, recipient.id, of_unit, day) is False:
            raise Refused("person-of-other-unit", person=recipient.id, unit=of_unit)


def _subject(recipient: Recipient) -> str:
    return f"recipient:{recipient.kind.value}.{recipient.id}"


async def record_award(
    work: Work,
    history_id: str | None,
    recipient: Recipient,
    unit_id: str | None,
    title: str,
    year: int,
    decision: Paper,
    source: str,
) -> None:
    await _need_keeper(work, recipient, unit_id)
    name = history_id or work.new_id()
    if await row(work.db, "SELECT 1 AS yes FROM award_held WHERE origin = 'recorded' AND entry_id = :id", id=name):
        raise Refused("id-taken", kind="lịch sử khen thưởng", id=name)
    fact = AwardHistoryRecorded(
        history_id=name, recipient=recipient, title=title, year=year, decision=decision, source=source
    )
    work.record(fact, _subject(recipient))


async def record_achievement(
    work: Work,
    achievement_id: str | None,
    recipient: Recipient,
    unit_id: str | None,
    kind: AchievementKind,
    scope: AchievementScope,
    year: int,
    applied: bool,
    name: str,
    paper: Paper,
    source: str,
) -> None:
    await _need_keeper(work, recipient, unit_id)
    of = achievement_id or work.new_id()
    if await row(work.db, "SELECT 1 AS yes FROM achievement WHERE achievement_id = :id", id=of):
        raise Refused("id-taken", kind="thành tích", id=of)
    fact = AchievementRecorded(
        achievement_id=of,
        recipient=recipient,
        kind=kind,
        scope=scope,
        year=year,
        applied=applied,
        name=name,
        paper=paper,
        source=source,
    )
    work.record(fact, _subject(recipient))


async def declare_complete(
    work: Work,
    recipient: Recipient,
    unit_id: str | None,
    since: int | None,
    until: int,
    paper: Paper,
    reason: str,
) -> None:
    """Refused ``years-in-disorder`` when the first year comes after the last, or the last has not passed yet."""
    await _need_keeper(work, recipient, unit_id)
    if (since is not None and since > until) or until > work.now.year:
        raise Refused("years-in-disorder", since=since, until=until)
    fact = HistoryDeclaredComplete(recipient=recipient, since=since, until=until, paper=paper, reason=reason)
    work.record(fact, _subject(recipient))
