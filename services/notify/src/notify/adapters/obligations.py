"""What is still owed by whom, joined from what registry and scoring say. Read whenever a reminder is considered."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from contracts.events.notify import ReminderKind
from sqlalchemy.ext.asyncio import AsyncConnection

from notify.domain.reminders import Obligation

# A deadline as it stands for each member that owes it: the latest of each date, extensions for all and for one
# unit together; a unit owes until it has handed something in that was not handed back.
_FILINGS = """
SELECT d.deadline_id, d.cluster_id, d.year_id, d.filing, owed.due, owed.close,
       array_agg(m.unit_id ORDER BY m.unit_id) AS owing,
       array_agg(greatest(owed.known_at, f.handed_back_at) ORDER BY m.unit_id) AS since
  FROM deadline d
  JOIN cluster_member m ON m.cluster_id = d.cluster_id
  LEFT JOIN filing f ON f.cluster_id = d.cluster_id AND f.year_id = d.year_id AND f.filing = d.filing
       AND f.unit_id = m.unit_id
  CROSS JOIN LATERAL (
       SELECT max(dates.due) AS due, max(dates.hard_close) AS close,
              (array_agg(dates.known_at ORDER BY dates.due DESC, dates.known_at))[1] AS known_at
         FROM (SELECT d.due, d.hard_close, d.known_at
               UNION ALL
               SELECT x.due, x.hard_close, x.known_at FROM deadline_extension x
                WHERE x.deadline_id = d.deadline_id AND (x.unit_ids IS NULL OR m.unit_id = ANY (x.unit_ids))) dates
       ) owed
 WHERE daterange(m.starts, m.ends) @> CAST(owed.due AT TIME ZONE 'Asia/Ho_Chi_Minh' AS date)
   AND owed.close > coalesce((SELECT max(at) FROM reminder_round), '-infinity')
   AND f.handed_in IS NOT TRUE
 GROUP BY d.deadline_id, owed.due, owed.close
 ORDER BY d.deadline_id, owed.due
"""

_AGREEMENTS = """
SELECT r.rubric_id, r.cluster_id, r.year_id, r.version, r.title, r.since,
       array_agg(m.unit_id ORDER BY m.unit_id) AS owing
  FROM rubric r
  JOIN cluster_member m ON m.cluster_id = r.cluster_id
   AND daterange(m.starts, m.ends) @> CAST(r.since AT TIME ZONE 'Asia/Ho_Chi_Minh' AS date)
 WHERE NOT r.frozen
   AND NOT EXISTS (SELECT 1 FROM rubric_agreement a
                    WHERE a.rubric_id = r.rubric_id AND a.version = r.version AND a.unit_id = m.unit_id)
 GROUP BY r.rubric_id
 ORDER BY r.rubric_id
"""

_CONFIRMATIONS = """
SELECT subject, filing, cluster_id, year_id, unit_id, awaits_since FROM filing
 WHERE awaits_since IS NOT NULL ORDER BY subject
"""

# Who answers: a cluster's lead, for the lead's own lines the deputy; in a bloc the body that runs it.
_REVIEWS = """
SELECT v.review_id, v.scorecard_id, v.unit_id, v.cluster_id, v.year_id, v.since, c.bloc, c.run_by,
       l.lead_unit_id, l.deputy_unit_id
  FROM score_review v
  JOIN cluster c ON c.cluster_id = v.cluster_id
  LEFT JOIN cluster_leadership l ON l.cluster_id = v.cluster_id AND l.year_id = v.year_id
 WHERE NOT v.answered ORDER BY v.review_id
"""


async def obligations(db: AsyncConnection) -> list[Obligation]:
    """Everything owed as known here; nothing that nobody owes."""
    return [
        *[_filing(row) for row in await db.execute(sa.text(_FILINGS))],
        *[_agreement(row) for row in await db.execute(sa.text(_AGREEMENTS))],
        *[_confirmation(row) for row in await db.execute(sa.text(_CONFIRMATIONS))],
        *[one for row in await db.execute(sa.text(_REVIEWS)) if (one := _review(row)) is not None],
    ]


def _filing(row: Any) -> Obligation:
    return Obligation(
        kind=ReminderKind(row.filing),
        about=f"deadline:{row.deadline_id}",
        owing=dict(zip(row.owing, row.since, strict=True)),
        year_id=row.year_id,
        cluster_id=row.cluster_id,
        due=row.due,
        close=row.close,
        params={"kind": f"word:{row.filing}", "close": f"instant:{row.close.isoformat()}"},
    )


def _agreement(row: Any) -> Obligation:
    return Obligation(
        kind=ReminderKind.AGREEMENT,
        about=f"rubric:{row.rubric_id}",
        owing=dict.fromkeys(row.owing, row.since),
        year_id=row.year_id,
        cluster_id=row.cluster_id,
        since=row.since,
        params={"title": f"text:{row.title}"},
    )


def _confirmation(row: Any) -> Obligation:
    return Obligation(
        kind=ReminderKind.CONFIRMATION,
        about=row.subject,
        owing={row.unit_id: row.awaits_since},
        year_id=row.year_id,
        cluster_id=row.cluster_id,
        since=row.awaits_since,
        params={"kind": f"word:{row.filing}"},
    )


def _review(row: Any) -> Obligation | None:
    order = (row.run_by, row.lead_unit_id, row.deputy_unit_id) if row.bloc else (row.lead_unit_id, row.deputy_unit_id)
    answering = next((one for one in order if one is not None and one != row.unit_id), None)
    if answering is None:
        return None
    return Obligation(
        kind=ReminderKind.SCORE_REVIEW,
        about=f"scorecard:{row.scorecard_id}",
        owing={answering: row.since},
        year_id=row.year_id,
        cluster_id=row.cluster_id,
        since=row.since,
        params={"of": f"unit:{row.unit_id}"},
    )
