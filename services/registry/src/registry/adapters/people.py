"""Reads persons: entries, particulars, posts and offices, likely doubles; keeps the particulars outside every log."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.adapters.rows import row, rows
from registry.domain.names import plain, sort_key, tidy
from registry.domain.people import Entry

_KEPT = ["name", "birth_date", "sex", "member_card", "citizen_number", "email", "telephone"]


async def entry(db: AsyncConnection, person_id: str) -> Entry | None:
    found = await row(db, "SELECT person_id, joined_into FROM person WHERE person_id = :person_id", person_id=person_id)
    return Entry(**found) if found else None


async def known(db: AsyncConnection, person_ids: set[str]) -> set[str]:
    """Those of some ids that name a person, joined ones left out."""
    found = await rows(
        db,
        "SELECT person_id FROM person WHERE person_id = ANY(:ids) AND joined_into IS NULL",
        ids=sorted(person_ids),
    )
    return {one["person_id"] for one in found}


async def joined_into(db: AsyncConnection, person_id: str) -> int:
    """How many ids were joined into a person's."""
    found = await row(db, "SELECT count(*) AS n FROM person WHERE joined_into = :person_id", person_id=person_id)
    return found["n"] if found else 0


async def with_number(db: AsyncConnection, member_card: str | None, citizen_number: str | None, but: str) -> list[str]:
    """Other persons who bear a member card or citizen number."""
    found = await rows(
        db,
        "SELECT person_id FROM particulars WHERE (member_card = :card OR citizen_number = :citizen)"
        " AND person_id <> :but ORDER BY person_id",
        card=member_card,
        citizen=citizen_number,
        but=but,
    )
    return [one["person_id"] for one in found]


async def keep(db: AsyncConnection, person_id: str, told: dict[str, Any]) -> None:
    """Write a person's particulars, whole; names in one way of writing, with their sort key."""
    values = {name: told.get(name) for name in _KEPT}
    values["name"] = tidy(str(values["name"]))
    columns = [*values, "sort_key", "plain_name"]
    await db.execute(
        sa.text(
            f"INSERT INTO particulars (person_id, {', '.join(columns)})"
            f" VALUES (:person_id, {', '.join(':' + name for name in columns)}) ON CONFLICT (person_id) DO UPDATE"
            f" SET {', '.join(f'{name} = excluded.{name}' for name in columns)}"
        ),
        {
            **values,
            "sort_key": sort_key(str(values["name"])),
            "plain_name": plain(str(values["name"])),
            "person_id": person_id,
        },
    )


_PERSON = (
    "SELECT p.person_id, p.joined_into, d.name, d.sort_key, d.birth_date, d.sex, d.member_card, d.citizen_number,"
    " d.email, d.telephone FROM person p LEFT JOIN particulars d ON d.person_id = p.person_id"
)


async def one(db: AsyncConnection, person_id: str) -> dict[str, Any]:
    """A person with particulars. Raises ``not-found``."""
    found = await row(db, _PERSON + " WHERE p.person_id = :person_id", person_id=person_id)
    if found is None:
        raise Refused("not-found", kind="người", id=person_id)
    return found


async def by_ids(db: AsyncConnection, ids: list[str]) -> list[dict[str, Any]]:
    """Persons of some ids, in the Vietnamese order of names."""
    return await rows(
        db, _PERSON + " WHERE p.person_id = ANY(:ids) ORDER BY d.sort_key NULLS LAST, p.person_id", ids=ids
    )


async def found_by(
    db: AsyncConnection,
    *,
    member_card: str | None = None,
    citizen_number: str | None = None,
    name: str | None = None,
    birth_date: date | None = None,
    unit_id: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Persons by number, else by name (tones and case do not matter), birth date, unit of a post; by given name."""
    conditions = {
        "member_card": ("d.member_card = :member_card", member_card),
        "citizen_number": ("d.citizen_number = :citizen_number", citizen_number),
        "name": ("d.plain_name LIKE '%' || :name || '%'", plain(name) if name else None),
        "birth_date": ("d.birth_date = :birth_date", birth_date),
        "unit_id": (
            "EXISTS (SELECT 1 FROM post t WHERE t.person_id = p.person_id AND t.unit_id = :unit_id)",
            unit_id,
        ),
    }
    chosen = {key: pair for key, pair in conditions.items() if pair[1] is not None}
    where = "".join(f" AND {condition}" for condition, _ in chosen.values())
    return await rows(
        db,
        _PERSON + " WHERE p.joined_into IS NULL AND (coalesce(d.sort_key, '~') || '|' || p.person_id) > :after"
        f"{where} ORDER BY coalesce(d.sort_key, '~') || '|' || p.person_id LIMIT :limit",
        after=after or "",
        limit=limit,
        **{key: value for key, (_, value) in chosen.items()},
    )


async def doubles(db: AsyncConnection, person_id: str) -> list[dict[str, Any]]:
    """Who may be the same human being: alike in name without tones, and in birth date or a unit of a post.

    An unknown birth date speaks neither for nor against. Those kept apart by a person are not shown again.
    """
    return await rows(
        db,
        _PERSON + " JOIN particulars me ON me.person_id = :person_id WHERE p.person_id <> :person_id"
        " AND p.joined_into IS NULL AND d.plain_name = me.plain_name AND (d.birth_date = me.birth_date"
        " OR ((d.birth_date IS NULL OR me.birth_date IS NULL) AND EXISTS (SELECT 1 FROM post a JOIN post b"
        "  ON a.unit_id = b.unit_id WHERE a.person_id = p.person_id AND b.person_id = :person_id)))"
        " AND NOT EXISTS (SELECT 1 FROM persons_apart x WHERE x.one = least(p.person_id, :person_id)"
        "  AND x.other = greatest(p.person_id, :person_id)) ORDER BY d.sort_key, p.person_id",
        person_id=person_id,
    )


async def posts(db: AsyncConnection, person_id: str) -> list[dict[str, Any]]:
    return await rows(
        db, "SELECT * FROM post WHERE person_id = :person_id ORDER BY starts, post_id", person_id=person_id
    )


async def offices(db: AsyncConnection, person_id: str) -> list[dict[str, Any]]:
    return await rows(
        db,
        "SELECT * FROM office WHERE person_id = :person_id ORDER BY starts, office_id",
        person_id=person_id,
    )


async def units_of_person(db: AsyncConnection, person_id: str) -> list[str]:
    """Units in which a person holds or held a post."""
    found = await rows(
        db,
        "SELECT DISTINCT unit_id FROM post WHERE person_id = :person_id ORDER BY unit_id",
        person_id=person_id,
    )
    return [one["unit_id"] for one in found]


async def units_of_grants(db: AsyncConnection, person_id: str, day: date) -> list[str]:
    """Units on which a person's grants stand on a day or will stand."""
    found = await rows(
        db,
        "SELECT DISTINCT unit_id FROM grant_given WHERE person_id = :person_id"
        " AND (ends IS NULL OR :day < ends) ORDER BY unit_id",
        person_id=person_id,
        day=day,
    )
    return [one["unit_id"] for one in found]
