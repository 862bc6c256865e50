"""What awards keeps of registry's log: years, registrations, ratings, discipline, posts, clusters, rights."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
import standing
from chassis.facts import Recorded
from chassis.projection import Projection
from contracts.events.registry.campaigns import CampaignLaunched, CampaignReviewed, ReviewResult
from contracts.events.registry.clusters import ClusterFormed, ClusterLeadershipAssumed
from contracts.events.registry.people import (
    CleanRecordStated,
    DisciplineRecorded,
    PersonsJoined,
    PersonsSeparated,
    PostAssumed,
    PostLeft,
    RatingRecorded,
)
from contracts.events.registry.registrations import (
    EmulationRegistrationAccepted,
    EmulationRegistrationReturned,
    EmulationRegistrationSubmitted,
)
from contracts.events.registry.years import EmulationYearOpened
from sqlalchemy.ext.asyncio import AsyncConnection

from awards.adapters import jsonb

from_registry = Projection(
    "registry",
    tables=[
        "emulation_year",
        "registered",
        "rating",
        "discipline",
        "clean_record",
        "post",
        "person_joined",
        "campaign",
        "cluster",
        "cluster_lead",
        *standing.TABLES,
    ],
)
standing.feed(from_registry)


async def _each(db: AsyncConnection, sql: str, rows: list[dict[str, Any]]) -> None:
    await db.execute(sa.text(sql), rows)


@from_registry.on(EmulationYearOpened)
async def year_opened(db: AsyncConnection, facts: list[Recorded[EmulationYearOpened]]) -> None:
    await _each(
        db,
        "INSERT INTO emulation_year (year_id, calendar_year, tested_registration, begun_on_paper)"
        " VALUES (:year_id, :calendar_year, :tested_registration, :begun_on_paper)",
        [
            {
                "year_id": fact.data.year_id,
                "calendar_year": fact.data.calendar_year,
                "tested_registration": fact.data.tested_registration,
                "begun_on_paper": fact.data.begun_on_paper,
            }
            for fact in facts
        ],
    )


@from_registry.on(EmulationRegistrationSubmitted)
async def registration_submitted(db: AsyncConnection, facts: list[Recorded[EmulationRegistrationSubmitted]]) -> None:
    await _each(
        db,
        "INSERT INTO registered (registration_id, year_id, cluster_id, unit_id, state, titles, event_id)"
        " VALUES (:registration_id, :year_id, :cluster_id, :unit_id, 'submitted', CAST(:titles AS jsonb), :event_id)"
        " ON CONFLICT (registration_id) DO UPDATE SET state = excluded.state, titles = excluded.titles,"
        " event_id = excluded.event_id",
        [
            {
                "registration_id": fact.data.registration_id,
                "year_id": fact.data.year_id,
                "cluster_id": fact.data.cluster_id,
                "unit_id": fact.data.unit_id,
                "titles": jsonb.many(fact.data.titles),
                "event_id": fact.header.id,
            }
            for fact in facts
        ],
    )


async def _registration(db: AsyncConnection, facts: list[Recorded[Any]], state: str) -> None:
    await _each(
        db,
        "UPDATE registered SET state = :state, event_id = :event_id WHERE registration_id = :registration_id",
        [{"registration_id": fact.data.registration_id, "state": state, "event_id": fact.header.id} for fact in facts],
    )


@from_registry.on(EmulationRegistrationAccepted)
async def registration_accepted(db: AsyncConnection, facts: list[Recorded[EmulationRegistrationAccepted]]) -> None:
    await _registration(db, facts, "accepted")


@from_registry.on(EmulationRegistrationReturned)
async def registration_returned(db: AsyncConnection, facts: list[Recorded[EmulationRegistrationReturned]]) -> None:
    await _registration(db, facts, "returned")


@from_registry.on(RatingRecorded)
async def rating_recorded(db: AsyncConnection, facts: list[Recorded[RatingRecorded]]) -> None:
    await _each(
        db,
        "INSERT INTO rating (kind, id, year, grade, decision, event_id)"
        " VALUES (:kind, :id, :year, :grade, CAST(:decision AS jsonb), :event_id) ON CONFLICT (kind, id, year)"
        " DO UPDATE SET grade = excluded.grade, decision = excluded.decision, event_id = excluded.event_id",
        [
            {
                "kind": fact.data.subject.kind,
                "id": fact.data.subject.id,
                "year": fact.data.year,
                "grade": fact.data.rating,
                "decision": jsonb.one(fact.data.decision),
                "event_id": fact.header.id,
            }
            for fact in facts
        ],
    )


@from_registry.on(DisciplineRecorded)
async def discipline_recorded(db: AsyncConnection, facts: list[Recorded[DisciplineRecorded]]) -> None:
    await _each(
        db,
        "INSERT INTO discipline (discipline_id, kind, id, date, measure, decision, event_id)"
        " VALUES (:discipline_id, :kind, :id, :date, :measure, CAST(:decision AS jsonb), :event_id)",
        [
            {
                "discipline_id": fact.data.discipline_id,
                "kind": fact.data.subject.kind,
                "id": fact.data.subject.id,
                "date": fact.data.date,
                "measure": fact.data.measure,
                "decision": jsonb.one(fact.data.decision),
                "event_id": fact.header.id,
            }
            for fact in facts
        ],
    )


@from_registry.on(CleanRecordStated)
async def clean_record_stated(db: AsyncConnection, facts: list[Recorded[CleanRecordStated]]) -> None:
    await _each(
        db,
        "INSERT INTO clean_record (statement_id, kind, id, year, paper, event_id)"
        " VALUES (:statement_id, :kind, :id, :year, CAST(:paper AS jsonb), :event_id)",
        [
            {
                "statement_id": fact.data.statement_id,
                "kind": fact.data.subject.kind,
                "id": fact.data.subject.id,
                "year": fact.data.year,
                "paper": jsonb.one(fact.data.paper),
                "event_id": fact.header.id,
            }
            for fact in facts
        ],
    )


@from_registry.on(PostAssumed)
async def post_assumed(db: AsyncConnection, facts: list[Recorded[PostAssumed]]) -> None:
    await _each(
        db,
        "INSERT INTO post (post_id, person_id, unit_id, starts, ends)"
        " VALUES (:post_id, :person_id, :unit_id, :starts, :ends)",
        [
            {
                "post_id": fact.data.post_id,
                "person_id": fact.data.person_id,
                "unit_id": fact.data.unit_id,
                "starts": fact.data.period.starts,
                "ends": fact.data.period.ends,
            }
            for fact in facts
        ],
    )


@from_registry.on(PostLeft)
async def post_left(db: AsyncConnection, facts: list[Recorded[PostLeft]]) -> None:
    await _each(
        db,
        "UPDATE post SET ends = :ends WHERE post_id = :post_id",
        [{"post_id": fact.data.post_id, "ends": fact.data.ends} for fact in facts],
    )


@from_registry.on(PersonsJoined)
async def persons_joined(db: AsyncConnection, facts: list[Recorded[PersonsJoined]]) -> None:
    await _each(
        db,
        "INSERT INTO person_joined (joined_id, kept_id) VALUES (:joined_id, :kept_id)"
        " ON CONFLICT (joined_id) DO UPDATE SET kept_id = excluded.kept_id",
        [{"joined_id": fact.data.joined_id, "kept_id": fact.data.kept_id} for fact in facts],
    )


@from_registry.on(PersonsSeparated)
async def persons_separated(db: AsyncConnection, facts: list[Recorded[PersonsSeparated]]) -> None:
    await _each(
        db,
        "DELETE FROM person_joined WHERE joined_id = :joined_id",
        [{"joined_id": fact.data.joined_id} for fact in facts],
    )


@from_registry.on(CampaignLaunched)
async def campaign_launched(db: AsyncConnection, facts: list[Recorded[CampaignLaunched]]) -> None:
    await _each(
        db,
        "INSERT INTO campaign (campaign_id, title, starts, ends, closed, event_id)"
        " VALUES (:campaign_id, :title, :starts, :ends, false, :event_id)",
        [
            {
                "campaign_id": fact.data.campaign_id,
                "title": fact.data.title,
                "starts": fact.data.period.starts,
                "ends": fact.data.period.ends,
                "event_id": fact.header.id,
            }
            for fact in facts
        ],
    )


@from_registry.on(CampaignReviewed)
async def campaign_reviewed(db: AsyncConnection, facts: list[Recorded[CampaignReviewed]]) -> None:
    closing = [fact for fact in facts if fact.data.result is ReviewResult.CLOSED]
    if closing:
        await _each(
            db,
            "UPDATE campaign SET closed = true, event_id = :event_id WHERE campaign_id = :campaign_id",
            [{"campaign_id": fact.data.campaign_id, "event_id": fact.header.id} for fact in closing],
        )


@from_registry.on(ClusterFormed)
async def cluster_formed(db: AsyncConnection, facts: list[Recorded[ClusterFormed]]) -> None:
    await _each(
        db,
        "INSERT INTO cluster (cluster_id, name, run_by) VALUES (:cluster_id, :name, :run_by)",
        [{"cluster_id": fact.data.cluster_id, "name": fact.data.name, "run_by": fact.data.run_by} for fact in facts],
    )


@from_registry.on(ClusterLeadershipAssumed)
async def leadership_assumed(db: AsyncConnection, facts: list[Recorded[ClusterLeadershipAssumed]]) -> None:
    await _each(
        db,
        "INSERT INTO cluster_lead (cluster_id, year_id, lead_unit_id) VALUES (:cluster_id, :year_id, :lead)"
        " ON CONFLICT (cluster_id, year_id) DO UPDATE SET lead_unit_id = excluded.lead_unit_id",
        [
            {"cluster_id": fact.data.cluster_id, "year_id": fact.data.year_id, "lead": fact.data.lead_unit_id}
            for fact in facts
        ],
    )
