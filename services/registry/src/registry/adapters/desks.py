"""Reads in one statement everything that handing in a filing depends on: the hot path of three days in December."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from chassis.statements import Connected, fetch_row
from contracts.events.registry import ClusterKind, Filing, Punctuality
from contracts.refusal import Refused

from registry.domain.deadlines import Dates, Window, in_force
from registry.domain.filings import Desk, Standing, State

_FILING = (
    "f.subject, f.kind, f.state, f.revision, f.punctuality, f.deadline_id AS filed_for, f.awaits_confirmation,"
    " f.contest, f.typed_by"
)

_DESK = f"""
SELECT y.year_id, y.starts, y.ends, c.cluster_id, c.kind AS cluster_kind, c.run_by,
       l.lead_unit_id, l.deputy_unit_id,
       (SELECT n.name FROM unit_name n WHERE n.unit_id = :unit_id AND n.valid @> CAST(:today AS date)) AS unit_name,
       (SELECT a.seq FROM chassis.aggregate a WHERE a.subject = :subject) AS version,
       (SELECT a.seq FROM chassis.aggregate a WHERE a.subject = 'deadline:' || d.deadline_id) AS deadline_version,
       d.deadline_id, d.due, d.grace_until, d.hard_close,
       x.due AS later_due, x.grace_until AS later_grace, x.hard_close AS later_close,
       EXISTS (SELECT 1 FROM cluster_member m WHERE m.cluster_id = c.cluster_id AND m.unit_id = :unit_id
                  AND m.valid @> coalesce(d.due_day, :received)) AS member,
       EXISTS (SELECT 1 FROM filing o WHERE o.subject = :subject AND (o.unit_id, o.cluster_id, o.year_id, o.kind)
                  <> (:unit_id, :cluster_id, :year_id, :kind)) AS id_taken,
       EXISTS (SELECT 1 FROM standing_grant g WHERE g.person_id = :person AND g.unit_id = :unit_id
                  AND g.role IN ('officer', 'leader') AND g.starts <= :today
                  AND (g.ends IS NULL OR :today < g.ends)) AS typed_by_unit,
       {_FILING}
  FROM emulation_year y
  JOIN cluster c ON c.cluster_id = :cluster_id
  LEFT JOIN cluster_leadership l ON l.cluster_id = c.cluster_id AND l.year_id = y.year_id
  LEFT JOIN deadline d ON d.cluster_id = c.cluster_id AND d.year_id = y.year_id AND d.filing = :kind
  LEFT JOIN LATERAL (SELECT max(e.due) AS due, max(e.grace_until) AS grace_until, max(e.hard_close) AS hard_close
                       FROM deadline_extension e
                      WHERE e.deadline_id = d.deadline_id AND (e.unit_id IS NULL OR e.unit_id = :unit_id)) x ON true
  LEFT JOIN filing f ON f.cluster_id = c.cluster_id AND f.year_id = y.year_id AND f.kind = :kind
       AND f.unit_id = :unit_id
 WHERE y.year_id = :year_id
"""


@dataclass(frozen=True, slots=True)
class AtDesk:
    """The desk, what was handed in there before, and whether the typist holds a grant of the unit itself.

    ``version`` and ``deadline_version`` are those of the filing and of its deadline at the moment of reading.
    """

    desk: Desk
    before: Standing | None
    typed_by_unit: bool
    version: int
    deadline_version: int


async def load(
    db: Connected,
    subject: str,
    kind: Filing,
    year_id: str,
    cluster_id: str,
    unit_id: str,
    *,
    person: str | None,
    received: date,
    today: date,
) -> AtDesk:
    """Raises ``unknown-year-or-cluster``, ``filing-id-taken``, and ``already-filed`` under another id."""
    found = await fetch_row(
        db,
        _DESK,
        subject=subject,
        kind=kind.value,
        year_id=year_id,
        cluster_id=cluster_id,
        unit_id=unit_id,
        person=person or "",
        received=received,
        today=today,
    )
    if found is None:
        raise Refused("unknown-year-or-cluster", year=year_id, cluster=cluster_id)
    if found["id_taken"]:
        raise Refused("filing-id-taken", filing=subject)
    if found["subject"] is not None and found["subject"] != subject:
        raise Refused("already-filed", filing=found["subject"], state=found["state"])
    desk = Desk(
        kind=kind,
        year_id=year_id,
        cluster_id=cluster_id,
        unit_id=unit_id,
        unit_name=found["unit_name"] or unit_id,
        year_starts=found["starts"],
        year_ends=found["ends"],
        cluster_kind=ClusterKind(found["cluster_kind"]),
        run_by=found["run_by"],
        member=found["member"],
        lead=found["lead_unit_id"],
        deputy=found["deputy_unit_id"],
        window=_window(found),
    )
    before = None
    if found["subject"] is not None:
        place = {"year_id": year_id, "cluster_id": cluster_id, "unit_id": unit_id}
        before = standing_of({**found, **place, "deadline_id": found["filed_for"]})
    return AtDesk(desk, before, found["typed_by_unit"], found["version"] or 0, found["deadline_version"] or 0)


def _window(found: Mapping[str, Any]) -> Window | None:
    if found["deadline_id"] is None:
        return None
    first = Dates(found["due"], found["grace_until"], found["hard_close"])
    later = [Dates(found["later_due"], found["later_grace"], found["later_close"])] if found["later_due"] else []
    return Window(found["deadline_id"], first, in_force(first, later))


def standing_of(found: Mapping[str, Any]) -> Standing:
    """A row of ``filing`` as the domain sees it."""
    return Standing(
        subject=found["subject"],
        kind=Filing(found["kind"]),
        year_id=found["year_id"],
        cluster_id=found["cluster_id"],
        unit_id=found["unit_id"],
        state=State(found["state"]),
        revision=found["revision"],
        punctuality=Punctuality(found["punctuality"]) if found["punctuality"] else None,
        deadline_id=found["deadline_id"],
        awaits_confirmation=found["awaits_confirmation"],
        contested=found["contest"] is not None,
        typed_by=found["typed_by"],
    )
