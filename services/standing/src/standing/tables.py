"""The unit tree and grants as dated rows, and the SQL by which registry's events change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from chassis.facts import Recorded
from chassis.projection import Projection
from contracts.events.registry.people import GrantGiven, GrantWithdrawn
from contracts.events.registry.units import UnitClosed, UnitEstablished, UnitMoved, UnitRecorded, UnitRenamed
from sqlalchemy.ext.asyncio import AsyncConnection

TABLES = ["standing_life", "standing_name", "standing_parent", "standing_grant"]

# Each attribute has rows of its own: a change that is typed late (a rename of March, entered in June after a move of
# May) then touches that attribute alone and ends where its own next change begins.
SCHEMA = """
CREATE TABLE standing_life (
    unit_id text NOT NULL,
    level   text NOT NULL,
    kind    text NOT NULL,
    valid   daterange NOT NULL,
    PRIMARY KEY (unit_id, valid WITHOUT OVERLAPS)
);
CREATE TABLE standing_name (
    unit_id text NOT NULL,
    code    text NOT NULL,
    name    text NOT NULL,
    valid   daterange NOT NULL,
    PRIMARY KEY (unit_id, valid WITHOUT OVERLAPS)
);
CREATE TABLE standing_parent (
    unit_id   text NOT NULL,
    parent_id text,
    valid     daterange NOT NULL,
    PRIMARY KEY (unit_id, valid WITHOUT OVERLAPS)
);
CREATE INDEX standing_parent_of ON standing_parent (parent_id);
CREATE VIEW standing_unit AS
SELECT l.unit_id, p.parent_id, n.code, n.name, l.level, l.kind, l.valid * n.valid * p.valid AS valid
  FROM standing_life l
  JOIN standing_name n ON n.unit_id = l.unit_id AND n.valid && l.valid
  JOIN standing_parent p ON p.unit_id = l.unit_id AND p.valid && l.valid * n.valid;
CREATE TABLE standing_grant (
    grant_id  text PRIMARY KEY,
    person_id text NOT NULL,
    role      text NOT NULL,
    unit_id   text NOT NULL,
    starts    date NOT NULL,
    ends      date
);
CREATE INDEX standing_grant_person ON standing_grant (person_id);
CREATE INDEX standing_grant_unit ON standing_grant (unit_id, role);
"""


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit as it was on a day."""

    unit_id: str
    parent_id: str | None
    code: str
    name: str
    level: str
    kind: str


def feed(projection: Projection) -> None:
    """Let a projection of registry's log keep these tables."""
    projection.on(UnitRecorded)(_begin)
    projection.on(UnitEstablished)(_begin)
    projection.on(UnitRenamed)(_rename)
    projection.on(UnitMoved)(_move)
    projection.on(UnitClosed)(_close)
    projection.on(GrantGiven)(_give)
    projection.on(GrantWithdrawn)(_withdraw)


async def _begin(db: AsyncConnection, facts: list[Recorded[UnitRecorded]] | list[Recorded[UnitEstablished]]) -> None:
    rows = [
        {
            "unit_id": fact.data.unit_id,
            "parent_id": fact.data.parent_id,
            "code": fact.data.code,
            "name": fact.data.name,
            "level": fact.data.level,
            "kind": fact.data.kind,
            "effective": fact.data.effective,
        }
        for fact in facts
    ]
    for table, columns in _COLUMNS.items():
        names = ", ".join(columns)
        values = ", ".join(f":{column}" for column in columns)
        await db.execute(
            sa.text(
                f"INSERT INTO {table} (unit_id, {names}, valid)"
                f" VALUES (:unit_id, {values}, daterange(:effective, NULL))"
            ),
            rows,
        )


_COLUMNS = {
    "standing_life": ("level", "kind"),
    "standing_name": ("code", "name"),
    "standing_parent": ("parent_id",),
}


async def _change_from(db: AsyncConnection, table: str, unit_id: str, effective: date, **changed: str | None) -> None:
    """From a day on, until the attribute's own next change, other values hold; None keeps what was.

    What held that day ends there. On its very first day the row is replaced: a period of no days cannot be kept.
    """
    columns = _COLUMNS[table]
    kept = ", ".join(columns)
    new = ", ".join(f"coalesce(CAST(:{column} AS text), {column})" for column in columns)
    await db.execute(
        sa.text(
            f"WITH held AS (DELETE FROM {table}"
            "  WHERE unit_id = :unit_id AND valid @> CAST(:effective AS date) RETURNING *),"
            f" earlier AS (INSERT INTO {table} (unit_id, {kept}, valid)"
            f" SELECT unit_id, {kept}, daterange(lower(valid), :effective) FROM held WHERE lower(valid) < :effective)"
            f" INSERT INTO {table} (unit_id, {kept}, valid)"
            f" SELECT unit_id, {new}, daterange(:effective, upper(valid)) FROM held"
        ),
        {column: changed.get(column) for column in columns} | {"unit_id": unit_id, "effective": effective},
    )


async def _rename(db: AsyncConnection, facts: list[Recorded[UnitRenamed]]) -> None:
    for fact in facts:
        said = fact.data
        await _change_from(db, "standing_name", said.unit_id, said.effective, name=said.name, code=said.code)


async def _move(db: AsyncConnection, facts: list[Recorded[UnitMoved]]) -> None:
    for fact in facts:
        await _change_from(db, "standing_parent", fact.data.unit_id, fact.data.effective, parent_id=fact.data.parent_id)


async def _close(db: AsyncConnection, facts: list[Recorded[UnitClosed]]) -> None:
    """The unit's life ends; names and parents beyond it show no more, since the view needs a life."""
    for fact in facts:
        await db.execute(
            sa.text(
                "UPDATE standing_life SET valid = daterange(lower(valid), :effective)"
                " WHERE unit_id = :unit_id AND valid @> CAST(:effective AS date)"
            ),
            {"unit_id": fact.data.unit_id, "effective": fact.data.effective},
        )


async def _give(db: AsyncConnection, facts: list[Recorded[GrantGiven]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO standing_grant (grant_id, person_id, role, unit_id, starts, ends)"
            " VALUES (:grant_id, :person_id, :role, :unit_id, :starts, :ends)"
        ),
        [
            {
                "grant_id": fact.data.grant_id,
                "person_id": fact.data.person_id,
                "role": fact.data.role,
                "unit_id": fact.data.unit_id,
                "starts": fact.data.period.starts,
                "ends": fact.data.period.ends,
            }
            for fact in facts
        ],
    )


async def _withdraw(db: AsyncConnection, facts: list[Recorded[GrantWithdrawn]]) -> None:
    await db.execute(
        sa.text("UPDATE standing_grant SET ends = :ends WHERE grant_id = :grant_id"),
        [{"grant_id": fact.data.grant_id, "ends": fact.data.ends} for fact in facts],
    )


async def units_on(db: AsyncConnection, day: date) -> list[UnitRow]:
    """Every unit as it was on a day, by code."""
    rows = await db.execute(
        sa.text(
            "SELECT unit_id, parent_id, code, name, level, kind FROM standing_unit"
            " WHERE valid @> CAST(:day AS date) ORDER BY code, unit_id"
        ),
        {"day": day},
    )
    return [UnitRow(*row) for row in rows]


async def unit_on(db: AsyncConnection, unit_id: str, day: date) -> UnitRow | None:
    """A unit as it was on a day; None when there was none."""
    row = (
        await db.execute(
            sa.text(
                "SELECT unit_id, parent_id, code, name, level, kind FROM standing_unit"
                " WHERE unit_id = :unit_id AND valid @> CAST(:day AS date)"
            ),
            {"unit_id": unit_id, "day": day},
        )
    ).first()
    return UnitRow(*row) if row else None


async def unit_name(db: AsyncConnection, unit_id: str, day: date) -> str:
    """The name that a unit bore on a day; its id when none is known."""
    unit = await unit_on(db, unit_id, day)
    return unit.name if unit else unit_id
