"""The cards of a cluster's year, joined on reading: the self layer from received reports, the rest from the own log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from contracts.events.registry import Filing
from contracts.events.registry.reports import ReportLine
from contracts.events.scoring import AppraisedLine, ScoreFinalized, ScoreLayer
from sqlalchemy.ext.asyncio import AsyncConnection

from scoring.adapters.queries.filings import filings_of, missed_of
from scoring.adapters.queries.rubrics import FrozenRubric
from scoring.domain.clusters import ClusterYear, scorecard_id
from scoring.domain.engine import CardInput, Entry
from scoring.domain.entries import entry_of, self_entries
from scoring.domain.filings import FilingState, penalties, registered_targets
from scoring.domain.form import Form
from scoring.domain.scorecards import Card, OpenReview, window_ends


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
    filings = await filings_of(db, cluster.cluster_id, cluster.year_id)
    missed = await missed_of(db, cluster.cluster_id, cluster.year_id)
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
            registered=registered_targets(filings.get(Filing.REGISTRATION.value)),
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
