"""What readers see of how each number of a card arose: layer by layer, and in words."""

from __future__ import annotations

from chassis.http import ReadingRequest
from contracts.events.registry import Filing
from contracts.events.scoring import EntryState, FinalLine, SectionScore
from contracts.values import Evidence, Instant, Points
from pydantic import BaseModel

from scoring.adapters.queries.history import history_of
from scoring.domain.engine import score_cluster
from scoring.entrypoints.score_views import load, report_of
from scoring.words import tell, workings_text


class LayerEntry(BaseModel):
    """What somebody said of a line, when and why."""

    layer: str
    points: Points | None
    by_unit: str
    typed_by: str | None
    at: Instant | None
    reason: str | None
    evidence: list[Evidence]
    review_id: str | None = None


class LineExplanation(BaseModel):
    code: str
    title: str
    points: Points | None
    max_points: Points
    sentences: list[str]
    entries: list[LayerEntry]


class Explanation(BaseModel):
    """How every number of a card arose."""

    scorecard_id: str
    total: Points
    assigned: Points
    percentage: Points
    exact_total: str | None
    lines: list[LineExplanation]
    sections: list[SectionScore]
    penalties: list[str]
    inputs_digest: str


async def explain(reading: ReadingRequest, scorecard_id: str) -> Explanation:
    _, frozen, loaded = await load(reading, scorecard_id)
    unit = loaded.card.unit_id
    score = score_cluster(frozen.form, {unit: loaded.card.entered})[unit]
    told = report_of(loaded, score, frozen)
    history = await history_of(reading.db, scorecard_id)
    filing = loaded.filings.get(Filing.YEAR_REPORT.value)
    lines = []
    for line in told.lines:
        entries = []
        if filing is not None and line.code in loaded.lines:
            reported = loaded.lines[line.code]
            entries.append(
                LayerEntry(
                    layer="self",
                    points=line.self_points,
                    by_unit=unit,
                    typed_by=filing.typed_by,
                    at=filing.submitted,
                    reason=reported.explanation,
                    evidence=list(reported.evidence),
                )
            )
        entries += [
            LayerEntry(
                layer=entry.layer,
                points=entry.points,
                by_unit=entry.by_unit,
                typed_by=entry.typed_by,
                at=entry.at,
                reason=entry.line.reason,
                evidence=list(entry.line.evidence),
                review_id=entry.review_id,
            )
            for entry in history
            if entry.code == line.code
        ]
        lines.append(
            LineExplanation(
                code=line.code,
                title=line.title,
                points=line.final_points,
                max_points=line.max_points,
                sentences=sentences(line),
                entries=entries,
            )
        )
    return Explanation(
        scorecard_id=scorecard_id,
        total=told.total,
        assigned=told.assigned,
        percentage=told.percentage,
        exact_total=told.exact_total,
        lines=lines,
        sections=list(told.sections),
        penalties=[tell(f"penalty-{why.rsplit(':', 1)[-1]}", points=points) for why, points in told.penalties.items()],
        inputs_digest=told.inputs_digest,
    )


def sentences(line: FinalLine) -> list[str]:
    """How one line's points arose, in words."""
    if line.state is not EntryState.GIVEN:
        return [tell(f"state-{line.state.value}")]
    told = [workings_text(line.kind, line.workings)]
    if line.from_layer is not None:
        told.append(tell(f"from-{line.from_layer.value}"))
    if line.claimed is not None and line.self_points is not None and line.claimed != line.self_points:
        told.append(tell("claimed-differs", claimed=line.claimed, points=line.self_points))
    if line.bonus_points is not None:
        told.append(tell("bonus", points=line.bonus_points))
    return told
