"""Puts together what is known of a recipient: own history, and what registry and scoring said."""

from __future__ import annotations

from datetime import date
from typing import Any

from contracts.events.awards.history import AchievementKind, AchievementScope
from contracts.events.awards.proposals import Share
from contracts.events.registry.people import Grade, Measure
from contracts.events.scoring import Classification
from contracts.values import Paper, Recipient, SubjectKind
from sqlalchemy.ext.asyncio import AsyncConnection

from awards.adapters.jsonb import row, rows
from awards.domain.record import (
    Achievement,
    Campaign,
    CleanYear,
    Discipline,
    Looked,
    Placing,
    Rating,
    Record,
    Registered,
    Registration,
    Source,
    Title,
)


def _source(found: dict[str, Any], paper: str | None = None) -> Source:
    told = found.get(paper) if paper else None
    return Source(found["event_id"], Paper.model_validate(told) if told else None)


async def ids_of(db: AsyncConnection, recipient: Recipient) -> list[str]:
    """A person's id and those that were joined with it."""
    if recipient.kind is SubjectKind.UNIT:
        return [recipient.id]
    found = await rows(
        db,
        "WITH RECURSIVE same(id) AS (SELECT CAST(:id AS text)"
        " UNION SELECT CASE WHEN j.joined_id = s.id THEN j.kept_id ELSE j.joined_id END"
        "   FROM same s JOIN person_joined j ON s.id IN (j.joined_id, j.kept_id))"
        " SELECT id FROM same ORDER BY id",
        id=recipient.id,
    )
    return [one["id"] for one in found]


async def load(
    db: AsyncConnection,
    recipient: Recipient,
    *,
    shares: tuple[Share, ...] = (),
    campaign_id: str | None = None,
    registration: Registration = Registration(Registered.NOT_TESTED),
) -> Record:
    """Everything that the engine may count for a recipient."""
    kind, ids = recipient.kind.value, await ids_of(db, recipient)
    of = "kind = :kind AND id = ANY(:ids)"
    held = await rows(db, f"SELECT * FROM award_held WHERE {of} ORDER BY year, title, event_id", kind=kind, ids=ids)
    done = await rows(
        db,
        "SELECT * FROM achievement WHERE recipient_kind = :kind AND recipient_id = ANY(:ids) ORDER BY year, event_id",
        kind=kind,
        ids=ids,
    )
    rated = await rows(db, f"SELECT * FROM rating WHERE {of} ORDER BY year, id", kind=kind, ids=ids)
    clean = await rows(db, f"SELECT * FROM clean_record WHERE {of} ORDER BY year, statement_id", kind=kind, ids=ids)
    looked = await rows(db, f"SELECT * FROM history_looked WHERE {of} ORDER BY until, event_id", kind=kind, ids=ids)
    return Record(
        recipient=recipient,
        titles=tuple(Title(one["title"], one["year"], _source(one, "decision")) for one in held),
        ratings=tuple(Rating(one["year"], Grade(one["grade"]), _source(one, "decision")) for one in rated),
        achievements=tuple(
            Achievement(
                AchievementKind(one["kind"]),
                AchievementScope(one["scope"]),
                one["year"],
                one["applied"],
                one["name"],
                _source(one, "paper"),
            )
            for one in done
        ),
        placings=await _placings(db, recipient),
        disciplines=await _disciplines(db, kind, ids),
        clean_years=tuple(CleanYear(one["year"], _source(one, "paper")) for one in clean),
        looked=tuple(Looked(one["since"], one["until"], _source(one, "paper")) for one in looked),
        shares=shares,
        campaign=await _campaign(db, campaign_id),
        registration=registration,
    )


async def _placings(db: AsyncConnection, recipient: Recipient) -> tuple[Placing, ...]:
    if recipient.kind is SubjectKind.PERSON:
        return ()
    found = await rows(
        db,
        # The level of the body that runs the cluster, as it last was: levels do not change with a renaming.
        "SELECT p.*, y.calendar_year, c.name, (SELECT u.level FROM standing_unit u WHERE u.unit_id = c.run_by"
        " ORDER BY lower(u.valid) DESC LIMIT 1) AS level FROM cluster_place p"
        " JOIN emulation_year y ON y.year_id = p.year_id LEFT JOIN cluster c ON c.cluster_id = p.cluster_id"
        " WHERE p.unit_id = :unit_id ORDER BY y.calendar_year, p.cluster_id",
        unit_id=recipient.id,
    )
    return tuple(
        Placing(
            one["calendar_year"],
            one["name"] or one["cluster_id"],
            one["level"],
            Classification(one["classification"]),
            _source(one),
        )
        for one in found
    )


async def _disciplines(db: AsyncConnection, kind: str, ids: list[str]) -> tuple[Discipline, ...]:
    """Against the recipient itself, and of a unit against those who held a post in it on that day."""
    found = await rows(
        db,
        "SELECT d.*, false AS of_member FROM discipline d WHERE d.kind = :kind AND d.id = ANY(:ids)"
        " UNION ALL SELECT DISTINCT d.*, true FROM discipline d JOIN post p ON d.kind = 'person'"
        " AND p.person_id = d.id AND p.starts <= d.date AND (p.ends IS NULL OR d.date < p.ends)"
        " WHERE :kind = 'unit' AND p.unit_id = ANY(:ids) ORDER BY date, discipline_id",
        kind=kind,
        ids=ids,
    )
    return tuple(
        Discipline(one["date"].year, Measure(one["measure"]), one["of_member"], _source(one, "decision"))
        for one in found
    )


async def _campaign(db: AsyncConnection, campaign_id: str | None) -> Campaign | None:
    if campaign_id is None:
        return None
    found = await row(db, "SELECT * FROM campaign WHERE campaign_id = :id", id=campaign_id)
    if found is None:
        return None
    return Campaign(found["title"], found["starts"], found["ends"], found["closed"], _source(found))


_NAMED = (
    "EXISTS (SELECT 1 FROM jsonb_array_elements(r.titles) t"
    " WHERE t -> 'recipient' ->> 'kind' = 'person' AND t -> 'recipient' ->> 'id' = ANY(CAST(:ids AS text[])))"
)


async def registration(db: AsyncConnection, recipient: Recipient, unit_id: str, year_id: str | None) -> Registration:
    """What is known of the registration for the year, where the year is tested at all."""
    year = await row(db, "SELECT * FROM emulation_year WHERE year_id = :id", id=year_id) if year_id else None
    if year is None or not year["tested_registration"] or year["begun_on_paper"]:
        return Registration(Registered.NOT_TESTED)
    ids = await ids_of(db, recipient) if recipient.kind is SubjectKind.PERSON else []
    standing_ = await rows(
        db,
        f"SELECT r.*, {_NAMED} AS names_it FROM registered r WHERE r.year_id = :year_id AND r.state <> 'returned'"
        f" AND (r.unit_id = :unit_id OR {_NAMED}) ORDER BY r.registration_id",
        year_id=year_id,
        unit_id=unit_id,
        ids=ids,
    )
    own = [one for one in standing_ if one["unit_id"] == unit_id]
    if recipient.kind is SubjectKind.UNIT:
        return Registration(Registered.YES, _source(own[0])) if own else Registration(Registered.NO)
    for one in standing_:
        if one["names_it"]:
            return Registration(Registered.YES, _source(one))
    return Registration(Registered.UNKNOWN, _source(own[0])) if own else Registration(Registered.NO)


async def calendar_year(db: AsyncConnection, year_id: str) -> int | None:
    found = await row(db, "SELECT calendar_year FROM emulation_year WHERE year_id = :id", id=year_id)
    return found["calendar_year"] if found else None


async def leads_for(db: AsyncConnection, lead: str, member: str, year_id: str) -> bool:
    """Whether a unit leads, in a year, a cluster in which the other one registered or was ranked."""
    found = await row(
        db,
        "SELECT 1 AS yes FROM cluster_lead l WHERE l.year_id = :year_id AND l.lead_unit_id = :lead"
        " AND (EXISTS (SELECT 1 FROM registered r WHERE r.cluster_id = l.cluster_id AND r.year_id = l.year_id"
        "        AND r.unit_id = :member)"
        "   OR EXISTS (SELECT 1 FROM cluster_place p WHERE p.cluster_id = l.cluster_id AND p.year_id = l.year_id"
        "        AND p.unit_id = :member)) LIMIT 1",
        year_id=year_id,
        lead=lead,
        member=member,
    )
    return found is not None


async def works_in(db: AsyncConnection, person_id: str, unit_id: str, day: date) -> bool | None:
    """Whether a person has a post in a unit on a day; None when no post of the person is known at all."""
    found = await rows(db, "SELECT * FROM post WHERE person_id = :id", id=person_id)
    if not found:
        return None
    return any(
        one["unit_id"] == unit_id and one["starts"] <= day and (one["ends"] is None or day < one["ends"])
        for one in found
    )
