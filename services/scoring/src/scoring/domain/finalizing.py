"""Closing a card: the whole report of its lines, sections and totals, rounded as the table says, with its digest."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from contracts.events.scoring import FinalLine, ScoreFinalized, ScoreLayer, SectionScore
from contracts.refusal import Refused
from contracts.values import Points

from scoring.domain.engine import CardScore, LineScore, inputs_digest, score_cluster
from scoring.domain.form import Form
from scoring.domain.numbers import as_typed, ratio_text, to_points
from scoring.domain.scorecards import Appraiser, Card


def finalize(
    form: Form,
    card: Card,
    rubric_id: str,
    rubric_hash: str,
    *,
    by: Appraiser,
    cause: str,
    empty_lines_reason: str | None,
    now: datetime,
) -> ScoreFinalized:
    """The final score of a card.

    Raises ``scorecard-finalized``; ``appraises-own-unit`` and ``not-the-appraiser``; ``not-appraised``;
    ``review-open``; ``review-window-open`` while the unit may still ask; ``report-contested``; ``lines-empty`` when
    nobody filled some lines and no reason says why they count as nothing.
    """
    may_finalize(card, by, now)
    score = score_cluster(form, {card.unit_id: card.entered})[card.unit_id]
    if score.unfilled and empty_lines_reason is None:
        raise Refused("lines-empty", scorecard=card.scorecard_id, codes=list(score.unfilled))
    return report(form, card, score, rubric_id, rubric_hash, cause, empty_lines_reason if score.unfilled else None)


def may_finalize(card: Card, by: Appraiser, now: datetime) -> None:
    if card.finalized:
        raise Refused("scorecard-finalized", scorecard=card.scorecard_id, unit=card.unit_id)
    if by.unit_id == card.unit_id or card.unit_id in by.works_in:
        raise Refused("appraises-own-unit", unit=card.unit_id)
    entitled = card.cluster.appraiser_of(card.unit_id)
    if by.unit_id != entitled:
        raise Refused("not-the-appraiser", unit=card.unit_id, appraiser=by.unit_id, entitled=entitled)
    if not card.appraised:
        raise Refused("not-appraised", scorecard=card.scorecard_id, unit=card.unit_id)
    if card.open_review is not None:
        raise Refused("review-open", scorecard=card.scorecard_id, review=card.open_review.review_id)
    if card.review_until is not None and now < card.review_until:
        raise Refused("review-window-open", unit=card.unit_id, until=card.review_until.isoformat())
    if card.report_contested:
        raise Refused("report-contested", unit=card.unit_id, report=card.report_id)


def report(
    form: Form,
    card: Card,
    score: CardScore,
    rubric_id: str,
    rubric_hash: str,
    cause: str,
    empty_lines_reason: str | None = None,
) -> ScoreFinalized:
    """The report of a score as it would be finalised; also what is shown before."""
    places = form.places
    return ScoreFinalized(
        **card.where(),
        rubric_id=rubric_id,
        rubric_hash=rubric_hash,
        report_id=card.report_id,
        cause=cause,
        lines=tuple(final_line(line, card, places) for line in score.lines),
        sections=tuple(
            SectionScore(
                code=section.code,
                title=section.title,
                max_points=as_typed(section.max_points),
                assigned=as_typed(section.assigned),
                sum=to_points(section.sum, places),
                earned=to_points(section.earned, places),
                exact_earned=ratio_text(section.earned),
            )
            for section in score.sections
        ),
        penalties={reason: as_typed(points) for reason, points in score.penalties.items()},
        total=to_points(score.total, places),
        assigned=as_typed(score.assigned),
        percentage=to_points(score.percentage or Fraction(0), places),
        exact_total=ratio_text(score.exact_total),
        exact_percentage=ratio_text(score.exact_percentage) if score.exact_percentage is not None else None,
        empty_lines_reason=empty_lines_reason,
        inputs_digest=inputs_digest(rubric_hash, card.unit_id, card.entered),
    )


def final_line(line: LineScore, card: Card, places: int) -> FinalLine:
    def points(value: Fraction | None) -> Points | None:
        return to_points(value, places) if value is not None else None

    return FinalLine(
        code=line.leaf.code,
        title=line.leaf.title,
        kind=line.leaf.kind,
        max_points=as_typed(line.leaf.max_points),
        state=line.state,
        from_layer=line.from_layer,
        claimed=card.claimed.get(line.leaf.code),
        self_points=points(line.layers.get(ScoreLayer.SELF)),
        appraised_points=points(line.layers.get(ScoreLayer.APPRAISED)),
        council_points=points(line.layers.get(ScoreLayer.COUNCIL)),
        final_points=points(line.points),
        exact_points=ratio_text(line.points) if line.points is not None else None,
        bonus_points=points(line.bonus) if line.bonus else None,
        workings=dict(line.workings),
    )
