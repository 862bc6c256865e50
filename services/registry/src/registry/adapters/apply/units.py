"""Units as dated rows: existence, name and code, place in the tree, contacts, each with its own history."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import sqlalchemy as sa
from chassis.facts import Recorded
from contracts.events.registry import (
    UnitClosed,
    UnitContactsChanged,
    UnitEstablished,
    UnitMoved,
    UnitRecorded,
    UnitRenamed,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.adapters import jsonb
from registry.adapters.apply.own import own

_HISTORIES = ("unit_name", "unit_place", "unit_contact")

_BEGIN = (
    "INSERT INTO unit_life (unit_id, level, kind, decision, valid) VALUES"
    " (:unit_id, :level, :kind, CAST(:decision AS jsonb), daterange(:effective, NULL))",
    "INSERT INTO unit_name (unit_id, code, name, decision, valid) VALUES"
    " (:unit_id, :code, :name, CAST(:decision AS jsonb), daterange(:effective, NULL))",
    "INSERT INTO unit_place (unit_id, parent_id, province, decision, valid) VALUES"
    " (:unit_id, :parent_id, :province, CAST(:decision AS jsonb), daterange(:effective, NULL))",
    "INSERT INTO unit_contact (unit_id, contacts, valid) VALUES"
    " (:unit_id, CAST(:contacts AS jsonb), daterange(:effective, NULL))",
)


@own.on(UnitRecorded)
@own.on(UnitEstablished)
async def unit_begins(
    db: AsyncConnection, facts: list[Recorded[UnitRecorded]] | list[Recorded[UnitEstablished]]
) -> None:
    rows = [
        {
            "unit_id": fact.data.unit_id,
            "code": fact.data.code,
            "name": fact.data.name,
            "level": fact.data.level.value,
            "kind": fact.data.kind.value,
            "parent_id": fact.data.parent_id,
            "province": fact.data.province,
            "contacts": jsonb.one(fact.data.contacts),
            "decision": jsonb.one(fact.data.decision),
            "effective": fact.data.effective,
        }
        for fact in facts
    ]
    for statement in _BEGIN:
        await db.execute(sa.text(statement), rows)


async def change_from(db: AsyncConnection, table: str, unit_id: str, day: date, changed: dict[str, Any]) -> None:
    """From ``day`` on a unit's row reads otherwise, until the next change that is known already.

    What held on that day ends there and its copy with the change begins; a change on the first day of a row replaces
    it, since a period of no days cannot be kept. Columns given as None keep their value.
    """
    columns = {
        "unit_name": ("code", "name", "decision"),
        "unit_place": ("parent_id", "province", "decision"),
        "unit_contact": ("contacts",),
    }[table]
    casts = {"decision": "jsonb", "contacts": "jsonb"}
    told = ", ".join(
        f"coalesce(CAST(:{name} AS {casts.get(name, 'text')}), {name})" if name in changed else name for name in columns
    )
    listed = ", ".join(columns)
    await db.execute(
        sa.text(
            f"WITH held AS (DELETE FROM {table} WHERE unit_id = :unit_id AND valid @> CAST(:day AS date)"
            " RETURNING *), earlier AS ("
            f" INSERT INTO {table} (unit_id, {listed}, valid)"
            f" SELECT unit_id, {listed}, daterange(lower(valid), :day) FROM held WHERE lower(valid) < :day)"
            f" INSERT INTO {table} (unit_id, {listed}, valid)"
            f" SELECT unit_id, {told}, daterange(:day, upper(valid)) FROM held"
        ),
        {"unit_id": unit_id, "day": day, **changed},
    )


@own.on(UnitRenamed)
async def unit_renamed(db: AsyncConnection, facts: list[Recorded[UnitRenamed]]) -> None:
    for fact in facts:
        changed = {
            "name": fact.data.name,
            "code": fact.data.code,
            "decision": jsonb.one(fact.data.decision),
        }
        await change_from(db, "unit_name", fact.data.unit_id, fact.data.effective, changed)


@own.on(UnitMoved)
async def unit_moved(db: AsyncConnection, facts: list[Recorded[UnitMoved]]) -> None:
    for fact in facts:
        changed = {
            "parent_id": fact.data.parent_id,
            "province": fact.data.province,
            "decision": jsonb.one(fact.data.decision),
        }
        await change_from(db, "unit_place", fact.data.unit_id, fact.data.effective, changed)


@own.on(UnitContactsChanged)
async def unit_contacts_changed(db: AsyncConnection, facts: list[Recorded[UnitContactsChanged]]) -> None:
    for fact in facts:
        changed = {"contacts": jsonb.one(fact.data.contacts)}
        await change_from(db, "unit_contact", fact.data.unit_id, fact.data.effective, changed)


@own.on(UnitClosed)
async def unit_closed(db: AsyncConnection, facts: list[Recorded[UnitClosed]]) -> None:
    for fact in facts:
        told = {"unit_id": fact.data.unit_id, "day": fact.data.effective}
        for table in _HISTORIES:
            await db.execute(
                sa.text(f"DELETE FROM {table} WHERE unit_id = :unit_id AND lower(valid) >= CAST(:day AS date)"),
                told,
            )
            await db.execute(
                sa.text(
                    f"UPDATE {table} SET valid = daterange(lower(valid), :day)"
                    " WHERE unit_id = :unit_id AND valid @> CAST(:day AS date)"
                ),
                told,
            )
        await db.execute(
            sa.text(
                "UPDATE unit_life SET valid = daterange(lower(valid), :day), successors = CAST(:successors AS jsonb),"
                " closing = CAST(:decision AS jsonb) WHERE unit_id = :unit_id"
            ),
            {
                **told,
                "successors": json.dumps(fact.data.successors),
                "decision": jsonb.one(fact.data.decision),
            },
        )
