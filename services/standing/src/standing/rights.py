"""The one place that answers *may this person do this for that unit today*: a grant on the unit or on one above it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol

import sqlalchemy as sa
from chassis.clock import HANOI
from contracts.events.registry.people import Role
from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection


class Asking(Protocol):
    """What a unit of work and a read have in common."""

    @property
    def db(self) -> AsyncConnection: ...
    @property
    def person(self) -> str | None: ...
    @property
    def now(self) -> datetime: ...


def today(asking: Asking) -> date:
    """The day in Hà Nội on which something is asked: grants and names are dated by it."""
    return asking.now.astimezone(HANOI).date()


# UNION, not UNION ALL: a loop in the tree, however it came about, must not hang a request.
_UP = """
WITH RECURSIVE up(unit_id) AS (
    SELECT CAST(:unit_id AS text)
    UNION
    SELECT u.parent_id FROM up JOIN standing_unit u ON u.unit_id = up.unit_id
     WHERE u.valid @> CAST(:day AS date) AND u.parent_id IS NOT NULL
)
"""
_DOWN = """
WITH RECURSIVE down(unit_id) AS (
    SELECT unnest(CAST(:roots AS text[]))
    UNION
    SELECT u.unit_id FROM down JOIN standing_unit u ON u.parent_id = down.unit_id
     WHERE u.valid @> CAST(:day AS date)
)
"""
_IN_FORCE = "g.starts <= :day AND (g.ends IS NULL OR :day < g.ends)"


def _names(role: Role | Iterable[Role]) -> list[str]:
    return [role.value] if isinstance(role, Role) else sorted(one.value for one in role)


async def holds(asking: Asking, role: Role | Iterable[Role], unit_id: str) -> bool:
    """Whether the person holds (one of) the role(s) today on the unit or on one above it."""
    if asking.person is None:
        return False
    found = await asking.db.execute(
        sa.text(
            _UP + "SELECT 1 FROM standing_grant g JOIN up ON up.unit_id = g.unit_id"
            f" WHERE g.person_id = :person AND g.role = ANY(:roles) AND {_IN_FORCE} LIMIT 1"
        ),
        {"unit_id": unit_id, "day": today(asking), "person": asking.person, "roles": _names(role)},
    )
    return found.first() is not None


async def need(asking: Asking, role: Role | Iterable[Role], unit_id: str) -> None:
    """Raises Refused ``not-entitled`` unless the person holds (one of) the role(s) there."""
    if not await holds(asking, role, unit_id):
        raise Refused("not-entitled", role=_names(role), unit=unit_id)


async def units_of(asking: Asking, role: Role | Iterable[Role]) -> list[str]:
    """The units on which the person's own grants of the role(s) stand today (roots of what they reach)."""
    if asking.person is None:
        return []
    rows = await asking.db.execute(
        sa.text(
            "SELECT DISTINCT g.unit_id FROM standing_grant g"
            f" WHERE g.person_id = :person AND g.role = ANY(:roles) AND {_IN_FORCE} ORDER BY g.unit_id"
        ),
        {"person": asking.person, "roles": _names(role), "day": today(asking)},
    )
    return [row.unit_id for row in rows]


async def persons_roles(asking: Asking) -> list[tuple[str, str]]:
    """Every (role, unit) that the person holds today."""
    if asking.person is None:
        return []
    rows = await asking.db.execute(
        sa.text(
            f"SELECT g.role, g.unit_id FROM standing_grant g WHERE g.person_id = :person AND {_IN_FORCE}"
            " ORDER BY g.role, g.unit_id"
        ),
        {"person": asking.person, "day": today(asking)},
    )
    return [(row.role, row.unit_id) for row in rows]


async def people_holding(db: AsyncConnection, role: Role | Iterable[Role], unit_id: str, day: date) -> list[str]:
    """Persons with a grant of the role(s) on exactly this unit on a day: those to tell, not those above."""
    rows = await db.execute(
        sa.text(
            "SELECT DISTINCT g.person_id FROM standing_grant g"
            f" WHERE g.unit_id = :unit_id AND g.role = ANY(:roles) AND {_IN_FORCE} ORDER BY g.person_id"
        ),
        {"unit_id": unit_id, "roles": _names(role), "day": day},
    )
    return [row.person_id for row in rows]


async def ancestors(db: AsyncConnection, unit_id: str, day: date) -> list[str]:
    """The units above one on a day, nearest first; without the unit itself."""
    rows = await db.execute(sa.text(_UP + "SELECT unit_id FROM up"), {"unit_id": unit_id, "day": day})
    return [row.unit_id for row in rows if row.unit_id != unit_id]


async def under(db: AsyncConnection, roots: Iterable[str], day: date) -> set[str]:
    """Some units and everything below them on a day."""
    rows = await db.execute(sa.text(_DOWN + "SELECT unit_id FROM down"), {"roots": list(roots), "day": day})
    return {row.unit_id for row in rows}


async def roots(db: AsyncConnection, day: date) -> list[str]:
    """Units without a parent on a day: the national federation, and outside bodies."""
    rows = await db.execute(
        sa.text(
            "SELECT unit_id FROM standing_unit WHERE parent_id IS NULL AND valid @> CAST(:day AS date) ORDER BY unit_id"
        ),
        {"day": day},
    )
    return [row.unit_id for row in rows]


async def may_operate(asking: Asking) -> None:
    """Raises Refused unless the person operates the site: holds OPERATIONS or ADMINISTRATOR anywhere."""
    if not await units_of(asking, {Role.OPERATIONS, Role.ADMINISTRATOR}):
        raise Refused("not-entitled", role=["operations"], unit="*")
