"""The cards of a cluster's year, joined on reading: the self layer from received reports, the rest from the own log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from contracts.events.registry import Filing, Punctuality, Target
from contracts.events.registry.reports import ReportLine
from contracts.events.scoring import AppraisedLine, ScoreFinalized, ScoreLayer
from contracts.values import Points
from sqlalchemy.ext.asyncio import AsyncConnection

from scoring.adapters.queries.rubrics import FrozenRubric
from scoring.domain.clusters import ClusterYear, scorecard_id
from scoring.domain.engine import CardInput, Entry
from scoring.domain.entries import entry_of, self_entries
from scoring.domain.form import Form
from scoring.domain.numbers import exact
from scoring.domain.scorecards import Card, OpenReview, window_ends


@dataclass(frozen=True)
class FilingState:
    """One filing of a unit as far as scoring needs it."""

    subject: str
    kind: str
    state: str
    punctuality: str | None
    awaits: bool
    contested: bool
    means: str
    typed_by: str
    submitted: datetime
    received_revision: int | None
    content: Any
    received_content: Any
    accepted_late: bool
    penalty_kept: bool


@dataclass(frozen=True)
class LoadedCard:
    """A card with the filings that its self layer and penalties come from."""

    card: Card
    filings: Mapping[str, FilingState]
    missed: frozenset[str]
    final: ScoreFinalized | None
    lines: Mapping[str, ReportLine]


async def load_cards(db: AsyncConnection, cluster: ClusterYear, frozen: FrozenRubric) -> dict[str, LoadedCard]:
    """Every member's card, by unit id, on the frozen table."""
    form, of = frozen.form, {"cluster": cluster.cluster_id, "year": cluster.year_id}
    filings = await _filings(db, of)
    missed = await _missed(db, of)
    entries = await _entries(db, of)
    reviews = await _open_reviews(db, of)
    rows = await db.execute(
        sa.text(
            "SELECT unit_id, appraised_at, final::text AS final FROM scorecard"
            " WHERE cluster_id = :cluster AND year_id = :year"
        ),
        of,
    )
    stored = {row.unit_id: row for row in rows}
    return {
        unit_id: _card(
            cluster,
            form,
            unit_id,
            filings.get(unit_id, {}),
            missed.get(unit_id, frozenset()),
            entries.get(unit_id, {}),
            reviews.get(unit_id),
            stored.get(unit_id),
        )
        for unit_id in cluster.members
    }


def _card(
    cluster: ClusterYear,
    form: Form,
    unit_id: str,
    filings: Mapping[str, FilingState],
    missed: frozenset[str],
    entries: Mapping[ScoreLayer, Mapping[str, Entry]],
    review: OpenReview | None,
    stored: Any,
) -> LoadedCard:
    report = filings.get(Filing.YEAR_REPORT.value)
    lines: dict[str, ReportLine] = {}
    if report is not None and report.received_content is not None:
        read = [ReportLine.model_validate(line) for line in report.received_content]
        lines = {line.code: line for line in read}
    appraised_at = stored.appraised_at if stored is not None else None
    card = Card(
        scorecard_id=scorecard_id(cluster.cluster_id, cluster.year_id, unit_id),
        unit_id=unit_id,
        cluster=cluster,
        entered=CardInput(
            layers={ScoreLayer.SELF: self_entries(form, lines), **entries},
            registered=_registered(filings.get(Filing.REGISTRATION.value)),
            penalties=penalties(form, filings, missed),
        ),
        claimed={code: line.self_score for code, line in lines.items() if line.self_score is not None},
        report_id=report.subject.partition(":")[2] if report is not None and lines else None,
        report_contested=report is not None and report.contested,
        appraised=appraised_at is not None,
        review_until=window_ends(form, appraised_at) if appraised_at is not None else None,
        open_review=review,
        finalized=stored is not None and stored.final is not None,
    )
    final = ScoreFinalized.model_validate_json(stored.final) if card.finalized else None
    return LoadedCard(card, filings, missed, final, lines)


def _registered(registration: FilingState | None) -> dict[str, Fraction]:
    """Registered targets by criterion: those accepted, or those handed in as long as they were not returned."""
    if registration is None:
        return {}
    content = registration.received_content
    if content is None and registration.state != "returned":
        content = registration.content
    targets = [Target.model_validate(target) for target in content or ()]
    return {
        target.code: exact(target.amount) for target in targets if target.code is not None and target.amount is not None
    }


def penalties(form: Form, filings: Mapping[str, FilingState], missed: frozenset[str]) -> dict[str, Fraction]:
    """What the table takes off for each filing in grace, late or missing; waived where an officer waived it."""
    found: dict[str, Fraction] = {}
    for kind in Filing:
        filing = filings.get(kind.value)
        how = None
        if filing is None:
            how = "missing" if kind.value in missed else None
        elif filing.accepted_late and not filing.penalty_kept:
            how = None
        elif filing.punctuality == Punctuality.LATE.value:
            how = "late"
        elif filing.punctuality == Punctuality.IN_GRACE.value:
            how = "in-grace"
        if how is not None and form.lateness.get(how):
            found[f"{kind.value}:{how}"] = form.lateness[how]
    return found


async def _filings(db: AsyncConnection, of: dict[str, str]) -> dict[str, dict[str, FilingState]]:
    rows = await db.execute(
        sa.text(
            "SELECT f.unit_id, f.subject, f.kind, f.state, f.punctuality, f.awaits, f.contested, f.means, f.typed_by,"
            " f.submitted, f.received_revision, f.content::text AS content,"
            " f.received_content::text AS received_content, a.subject IS NOT NULL AS accepted_late,"
            " coalesce(a.penalty_kept, true) AS penalty_kept"
            " FROM filing f LEFT JOIN filing_accepted_late a USING (subject)"
            " WHERE f.cluster_id = :cluster AND f.year_id = :year ORDER BY f.submitted, f.subject"
        ),
        of,
    )
    found: dict[str, dict[str, FilingState]] = {}
    for row in rows.mappings():
        fields = dict(row)
        unit_id = fields.pop("unit_id")
        for name in ("content", "received_content"):
            fields[name] = json.loads(fields[name]) if fields[name] is not None else None
        found.setdefault(unit_id, {})[fields["kind"]] = FilingState(**fields)
    return found


async def _missed(db: AsyncConnection, of: dict[str, str]) -> dict[str, frozenset[str]]:
    rows = await db.execute(
        sa.text("SELECT unit_id, kind FROM filing_missed WHERE cluster_id = :cluster AND year_id = :year"), of
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.unit_id, set()).add(row.kind)
    return {unit_id: frozenset(kinds) for unit_id, kinds in found.items()}


async def _entries(db: AsyncConnection, of: dict[str, str]) -> dict[str, dict[ScoreLayer, dict[str, Entry]]]:
    """The newest entry of each line in each layer."""
    rows = await db.execute(
        sa.text(
            "SELECT DISTINCT ON (e.scorecard_id, e.layer, e.code) s.unit_id, e.layer, e.code, e.data::text AS data"
            " FROM line_entry e JOIN scorecard s USING (scorecard_id)"
            " WHERE s.cluster_id = :cluster AND s.year_id = :year"
            " ORDER BY e.scorecard_id, e.layer, e.code, e.turn DESC"
        ),
        of,
    )
    found: dict[str, dict[ScoreLayer, dict[str, Entry]]] = {}
    for row in rows:
        layer = found.setdefault(row.unit_id, {}).setdefault(ScoreLayer(row.layer), {})
        layer[row.code] = entry_of(AppraisedLine.model_validate_json(row.data))
    return found


async def _open_reviews(db: AsyncConnection, of: dict[str, str]) -> dict[str, OpenReview]:
    rows = await db.execute(
        sa.text(
            "SELECT s.unit_id, r.review_id, r.data::text AS data FROM score_review r"
            " JOIN scorecard s USING (scorecard_id)"
            " WHERE s.cluster_id = :cluster AND s.year_id = :year AND r.answer IS NULL"
        ),
        of,
    )
    return {
        row.unit_id: OpenReview(row.review_id, tuple(line["code"] for line in json.loads(row.data)["lines"]))
        for row in rows
    }


@dataclass(frozen=True)
class HistoryEntry:
    """One entry of one line by one layer, as it was made."""

    layer: str
    code: str
    line: AppraisedLine
    by_unit: str
    typed_by: str
    at: datetime
    review_id: str | None

    @property
    def points(self) -> Points | None:
        return self.line.now


async def history_of(db: AsyncConnection, scorecard_id: str) -> list[HistoryEntry]:
    """Every entry ever made on a card, oldest first."""
    rows = await db.execute(
        sa.text(
            "SELECT layer, code, data::text AS data, by_unit, typed_by, at, review_id FROM line_entry"
            " WHERE scorecard_id = :card ORDER BY at, layer, code, turn"
        ),
        {"card": scorecard_id},
    )
    return [
        HistoryEntry(
            row.layer,
            row.code,
            AppraisedLine.model_validate_json(row.data),
            row.by_unit,
            row.typed_by,
            row.at,
            row.review_id,
        )
        for row in rows
    ]
