"""Reads filings: how one stands, who takes it in, what was handed in, and a cluster's year at a glance."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from contracts.events.registry import ClusterKind
from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.adapters.desks import standing_of
from registry.adapters.rows import row, rows
from registry.domain.deadlines import Dates, Window, in_force
from registry.domain.filings import Desk, Standing

_KINDS = {"registration": "đăng ký thi đua", "report": "báo cáo"}


async def known(db: AsyncConnection, subject: str) -> Standing | None:
    """How a filing stands; None when none is known under that name."""
    found = await row(db, "SELECT * FROM filing WHERE subject = :subject", subject=subject)
    return None if found is None else standing_of(found)


async def standing(db: AsyncConnection, subject: str) -> Standing:
    """Raises ``not-found``."""
    found = await known(db, subject)
    if found is None:
        kind, _, name = subject.partition(":")
        raise Refused("not-found", kind=_KINDS[kind], id=name)
    return found


async def desk_of(db: AsyncConnection, filing: Standing) -> Desk:
    """The desk at which a filing lies now: leadership may have changed since it came in."""
    found = await row(
        db,
        "SELECT y.starts, y.ends, c.kind, c.run_by, l.lead_unit_id, l.deputy_unit_id FROM emulation_year y"
        " JOIN cluster c ON c.cluster_id = :cluster_id LEFT JOIN cluster_leadership l"
        " ON l.cluster_id = c.cluster_id AND l.year_id = y.year_id WHERE y.year_id = :year_id",
        cluster_id=filing.cluster_id,
        year_id=filing.year_id,
    )
    assert found is not None
    return Desk(
        kind=filing.kind,
        year_id=filing.year_id,
        cluster_id=filing.cluster_id,
        unit_id=filing.unit_id,
        unit_name=filing.unit_id,
        year_starts=found["starts"],
        year_ends=found["ends"],
        cluster_kind=ClusterKind(found["kind"]),
        run_by=found["run_by"],
        member=True,
        lead=found["lead_unit_id"],
        deputy=found["deputy_unit_id"],
        window=None,
    )


async def full(db: AsyncConnection, subject: str) -> dict[str, Any] | None:
    """A filing with the content of its latest revision."""
    return await row(
        db,
        "SELECT f.*, r.content FROM filing f JOIN filing_revision r"
        " ON r.subject = f.subject AND r.revision = f.revision WHERE f.subject = :subject",
        subject=subject,
    )


async def listed(
    db: AsyncConnection,
    kinds: list[str],
    clusters: list[str] | None,
    filters: dict[str, str | None],
    after: str | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Filings with their content in order of subject; ``clusters`` None: all of them may be seen."""
    chosen = {name: value for name, value in filters.items() if value is not None}
    where = "".join(f" AND f.{name} = :{name}" for name in chosen)
    if clusters is not None:
        where += " AND f.cluster_id = ANY(:clusters)"
        chosen["clusters"] = clusters  # type: ignore[assignment]
    return await rows(
        db,
        "SELECT f.*, r.content FROM filing f JOIN filing_revision r"
        " ON r.subject = f.subject AND r.revision = f.revision"
        f" WHERE f.kind = ANY(:kinds) AND f.subject > :after{where} ORDER BY f.subject LIMIT :limit",
        kinds=kinds,
        after=after or "",
        limit=limit,
        **chosen,
    )


async def revisions(db: AsyncConnection, subject: str) -> list[dict[str, Any]]:
    """Every revision of a filing as it was handed in."""
    return await rows(
        db,
        "SELECT revision, received, content FROM filing_revision WHERE subject = :subject ORDER BY revision",
        subject=subject,
    )


async def of_deadline(
    db: AsyncConnection, deadline_id: str, unit_ids: tuple[str, ...] | None
) -> list[tuple[Standing, datetime]]:
    """Filings that were judged by a deadline, each with the instant of its first receipt."""
    found = await rows(
        db,
        "SELECT * FROM filing WHERE deadline_id = :deadline_id"
        " AND (CAST(:units AS text[]) IS NULL OR unit_id = ANY(:units)) ORDER BY unit_id",
        deadline_id=deadline_id,
        units=list(unit_ids) if unit_ids is not None else None,
    )
    return [(standing_of(one), one["first_received"]) for one in found]


async def window_for(db: AsyncConnection, deadline_id: str, unit_id: str | None) -> Window | None:
    """A deadline as it stands for a unit; ``unit_id`` None: as it stands for all."""
    found = await row(db, "SELECT * FROM deadline WHERE deadline_id = :id", id=deadline_id)
    if found is None:
        return None
    later = await rows(
        db,
        "SELECT due, grace_until, hard_close FROM deadline_extension WHERE deadline_id = :id"
        " AND (unit_id IS NULL OR unit_id = :unit_id)",
        id=deadline_id,
        unit_id=unit_id,
    )
    first = Dates(found["due"], found["grace_until"], found["hard_close"])
    extensions = [Dates(one["due"], one["grace_until"], one["hard_close"]) for one in later]
    return Window(deadline_id, first, in_force(first, extensions))


_OVERVIEW = """
SELECT d.filing AS kind, d.deadline_id, m.unit_id, f.subject, f.state, f.punctuality, f.revision, f.received,
       f.first_received, f.awaits_confirmation, f.contest, f.accepted_late, q.recorded AS missed,
       greatest(d.due, x.due) AS due, greatest(d.grace_until, x.grace_until) AS grace_until,
       greatest(d.hard_close, x.hard_close) AS hard_close, x.due IS NOT NULL AS extended, d.weekday
  FROM deadline d
  JOIN cluster_member m ON m.cluster_id = d.cluster_id AND m.valid @> d.due_day
  LEFT JOIN LATERAL (SELECT max(e.due) AS due, max(e.grace_until) AS grace_until, max(e.hard_close) AS hard_close
                       FROM deadline_extension e
                      WHERE e.deadline_id = d.deadline_id AND (e.unit_id IS NULL OR e.unit_id = m.unit_id)) x ON true
  LEFT JOIN filing f ON f.cluster_id = d.cluster_id AND f.year_id = d.year_id AND f.kind = d.filing
       AND f.unit_id = m.unit_id
  LEFT JOIN filing_missed q ON q.deadline_id = d.deadline_id AND q.unit_id = m.unit_id
"""


async def overview(db: AsyncConnection, year_id: str, cluster_id: str) -> list[dict[str, Any]]:
    """For each deadline and member: what was filed, or until when it may be."""
    return await rows(
        db,
        _OVERVIEW + " WHERE d.year_id = :year_id AND d.cluster_id = :cluster_id ORDER BY d.due, d.filing, m.unit_id",
        year_id=year_id,
        cluster_id=cluster_id,
    )


async def next_missing(db: AsyncConnection) -> dict[str, Any] | None:
    """The member whose hard close comes first among those who filed nothing and are not recorded as missing."""
    return await row(
        db,
        f"SELECT * FROM ({_OVERVIEW}) AS o WHERE subject IS NULL AND missed IS NULL"
        " ORDER BY hard_close, deadline_id, unit_id LIMIT 1",
    )


async def owing(db: AsyncConnection, deadline_id: str, unit_id: str) -> dict[str, Any] | None:
    """Cluster, year and kind of what a unit still owes under a deadline; None when it owes nothing."""
    return await row(
        db,
        "SELECT d.year_id, d.cluster_id, d.filing FROM deadline d WHERE d.deadline_id = :deadline_id"
        " AND NOT EXISTS (SELECT 1 FROM filing f WHERE f.cluster_id = d.cluster_id AND f.year_id = d.year_id"
        " AND f.kind = d.filing AND f.unit_id = :unit_id) AND NOT EXISTS (SELECT 1 FROM filing_missed q"
        " WHERE q.deadline_id = d.deadline_id AND q.unit_id = :unit_id)",
        deadline_id=deadline_id,
        unit_id=unit_id,
    )


async def works_for(db: AsyncConnection, person: str | None, unit_id: str, day: date) -> bool:
    """Whether a person belongs to a unit on a day: holds a grant, a post or an office of that very unit."""
    found = await row(
        db,
        "SELECT 1 AS yes FROM (SELECT person_id, unit_id, starts, ends FROM standing_grant"
        " UNION ALL SELECT person_id, unit_id, starts, ends FROM post"
        " UNION ALL SELECT person_id, unit_id, starts, ends FROM office) AS t"
        " WHERE person_id = :person AND unit_id = :unit_id AND starts <= :day AND (ends IS NULL OR :day < ends)"
        " LIMIT 1",
        person=person or "",
        unit_id=unit_id,
        day=day,
    )
    return found is not None
