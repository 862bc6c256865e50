"""Persons by id, posts, offices and grants."""

from __future__ import annotations

import sqlalchemy as sa
from chassis.facts import Recorded
from contracts.events.registry import (
    GrantGiven,
    GrantWithdrawn,
    OfficeAssumed,
    OfficeLeft,
    PersonEntered,
    PersonsJoined,
    PersonsKeptApart,
    PersonsSeparated,
    PostAssumed,
    PostLeft,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.adapters import jsonb
from registry.adapters.apply.own import own


@own.on(PersonEntered)
async def person_entered(db: AsyncConnection, facts: list[Recorded[PersonEntered]]) -> None:
    await db.execute(
        sa.text("INSERT INTO person (person_id, entered) VALUES (:person_id, :entered)"),
        [{"person_id": fact.data.person_id, "entered": fact.header.act.recorded} for fact in facts],
    )


@own.on(PersonsJoined)
async def persons_joined(db: AsyncConnection, facts: list[Recorded[PersonsJoined]]) -> None:
    await db.execute(
        sa.text("UPDATE person SET joined_into = :kept_id WHERE person_id = :joined_id"),
        [{"kept_id": fact.data.kept_id, "joined_id": fact.data.joined_id} for fact in facts],
    )


@own.on(PersonsSeparated)
async def persons_separated(db: AsyncConnection, facts: list[Recorded[PersonsSeparated]]) -> None:
    await db.execute(
        sa.text("UPDATE person SET joined_into = NULL WHERE person_id = :joined_id"),
        [{"joined_id": fact.data.joined_id} for fact in facts],
    )


@own.on(PersonsKeptApart)
async def persons_kept_apart(db: AsyncConnection, facts: list[Recorded[PersonsKeptApart]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO persons_apart (one, other, reason) VALUES (:one, :other, :reason)"
            " ON CONFLICT (one, other) DO UPDATE SET reason = excluded.reason"
        ),
        [
            {
                "one": min(fact.data.person_ids),
                "other": max(fact.data.person_ids),
                "reason": fact.data.reason,
            }
            for fact in facts
        ],
    )


@own.on(PostAssumed)
async def post_assumed(db: AsyncConnection, facts: list[Recorded[PostAssumed]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO post (post_id, person_id, unit_id, post, direct_worker, starts, ends, decision) VALUES"
            " (:post_id, :person_id, :unit_id, :post, :direct, :starts, :ends, CAST(:decision AS jsonb))"
        ),
        [
            {
                "post_id": fact.data.post_id,
                "person_id": fact.data.person_id,
                "unit_id": fact.data.unit_id,
                "post": fact.data.post,
                "direct": fact.data.direct_worker,
                "starts": fact.data.period.starts,
                "ends": fact.data.period.ends,
                "decision": jsonb.one(fact.data.decision),
            }
            for fact in facts
        ],
    )


@own.on(PostLeft)
async def post_left(db: AsyncConnection, facts: list[Recorded[PostLeft]]) -> None:
    await db.execute(
        sa.text("UPDATE post SET ends = :ends, reason = :reason WHERE post_id = :id"),
        [{"id": fact.data.post_id, "ends": fact.data.ends, "reason": fact.data.reason} for fact in facts],
    )


@own.on(OfficeAssumed)
async def office_assumed(db: AsyncConnection, facts: list[Recorded[OfficeAssumed]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO office (office_id, person_id, unit_id, office, starts, ends, decision) VALUES"
            " (:office_id, :person_id, :unit_id, :office, :starts, :ends, CAST(:decision AS jsonb))"
        ),
        [
            {
                "office_id": fact.data.office_id,
                "person_id": fact.data.person_id,
                "unit_id": fact.data.unit_id,
                "office": fact.data.office,
                "starts": fact.data.period.starts,
                "ends": fact.data.period.ends,
                "decision": jsonb.one(fact.data.decision),
            }
            for fact in facts
        ],
    )


@own.on(OfficeLeft)
async def office_left(db: AsyncConnection, facts: list[Recorded[OfficeLeft]]) -> None:
    await db.execute(
        sa.text("UPDATE office SET ends = :ends, reason = :reason WHERE office_id = :id"),
        [{"id": fact.data.office_id, "ends": fact.data.ends, "reason": fact.data.reason} for fact in facts],
    )


@own.on(GrantGiven)
async def grant_given(db: AsyncConnection, facts: list[Recorded[GrantGiven]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO grant_given (grant_id, person_id, role, unit_id, starts, ends, delegated_by, paper) VALUES"
            " (:grant_id, :person_id, :role, :unit_id, :starts, :ends, :delegated_by, CAST(:paper AS jsonb))"
        ),
        [
            {
                "grant_id": fact.data.grant_id,
                "person_id": fact.data.person_id,
                "role": fact.data.role.value,
                "unit_id": fact.data.unit_id,
                "starts": fact.data.period.starts,
                "ends": fact.data.period.ends,
                "delegated_by": fact.data.delegated_by,
                "paper": jsonb.one(fact.data.paper),
            }
            for fact in facts
        ],
    )


@own.on(GrantWithdrawn)
async def grant_withdrawn(db: AsyncConnection, facts: list[Recorded[GrantWithdrawn]]) -> None:
    await db.execute(
        sa.text("UPDATE grant_given SET ends = :ends, reason = :reason WHERE grant_id = :id"),
        [{"id": fact.data.grant_id, "ends": fact.data.ends, "reason": fact.data.reason} for fact in facts],
    )
