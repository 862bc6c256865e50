"""A unit's card: appraised by others, reviewed on request, scored by the council, finalised once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from contracts.events.scoring import (
    AppraisedLine,
    CouncilScored,
    LineEntry,
    ReviewAnswer,
    ReviewedLine,
    ReviewOutcome,
    ScoreAppraised,
    ScoreLayer,
    ScoreReviewAnswered,
    ScoreReviewRequested,
)
from contracts.refusal import Refused
from contracts.values import Points

from scoring.domain.clusters import ClusterYear
from scoring.domain.engine import CardInput, CardScore, Entry, score_cluster
from scoring.domain.entries import check_entry, entry_of
from scoring.domain.form import Form
from scoring.domain.numbers import to_points


@dataclass(frozen=True)
class OpenReview:
    review_id: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """A card as it stands: what everybody entered, and how far it has come."""

    scorecard_id: str
    unit_id: str
    cluster: ClusterYear
    entered: CardInput
    claimed: Mapping[str, Points] = field(default_factory=dict)
    """Self-scores that the unit typed, by code."""
    report_id: str | None = None
    report_contested: bool = False
    appraised: bool = False
    review_until: datetime | None = None
    """Until when the unit may ask for a review; None before the first appraisal."""
    open_review: OpenReview | None = None
    finalized: bool = False

    def where(self) -> dict[str, str]:
        """The four ids that every fact of a card carries."""
        return {
            "scorecard_id": self.scorecard_id,
            "unit_id": self.unit_id,
            "cluster_id": self.cluster.cluster_id,
            "year_id": self.cluster.year_id,
        }


@dataclass(frozen=True)
class Appraiser:
    """For which unit somebody appraises, and the units he works in himself."""

    unit_id: str
    works_in: frozenset[str] = frozenset()


def appraise(form: Form, card: Card, lines: Sequence[AppraisedLine], appraiser: Appraiser) -> ScoreAppraised:
    """Lines changed by appraisal, with the points before and after.

    Raises ``scorecard-finalized``, ``appraises-own-unit``, ``not-the-appraiser``, and what ``changed_lines`` raises.
    """
    _may_touch(card, appraiser)
    return ScoreAppraised(
        **card.where(),
        lines=changed_lines(form, card, ScoreLayer.APPRAISED, lines),
        appraiser_unit_id=appraiser.unit_id,
    )


def score_by_council(form: Form, card: Card, lines: Sequence[AppraisedLine], council: Appraiser) -> CouncilScored:
    """The council's or conference's own say on lines; it comes after appraisal (``not-appraised``)."""
    _may_touch(card, council)
    if not card.appraised:
        raise Refused("not-appraised", scorecard=card.scorecard_id, unit=card.unit_id)
    if not lines:
        raise Refused("no-lines", scorecard=card.scorecard_id)
    return CouncilScored(
        **card.where(),
        lines=changed_lines(form, card, ScoreLayer.COUNCIL, lines),
        council_unit_id=council.unit_id,
    )


def request_review(
    card: Card, form: Form, review_id: str, lines: Sequence[ReviewedLine], received: datetime
) -> ScoreReviewRequested:
    """Raises ``scorecard-finalized``, ``not-appraised``, ``review-open``, ``review-window-closed``, ``line-twice``,
    ``unknown-criterion``."""
    _not_final(card)
    if card.review_until is None:
        raise Refused("not-appraised", scorecard=card.scorecard_id, unit=card.unit_id)
    if card.open_review is not None:
        raise Refused("review-open", scorecard=card.scorecard_id, review=card.open_review.review_id)
    if received > card.review_until:
        raise Refused("review-window-closed", until=card.review_until.isoformat(), received=received.isoformat())
    _known_once(form, [line.code for line in lines])
    return ScoreReviewRequested(**card.where(), review_id=review_id, lines=tuple(lines), until=card.review_until)


def answer_review(
    form: Form, card: Card, review_id: str, answers: Sequence[ReviewAnswer], appraiser: Appraiser
) -> ScoreReviewAnswered:
    """Every line of the request is answered, no other. A line upheld repeats nothing but the reason.

    Raises ``no-such-review``, ``review-lines-differ``, and what appraising raises.
    """
    _may_touch(card, appraiser)
    if card.open_review is None or card.open_review.review_id != review_id:
        raise Refused("no-such-review", review=review_id, scorecard=card.scorecard_id)
    asked, answered = set(card.open_review.codes), [answer.code for answer in answers]
    if asked != set(answered) or len(answered) != len(asked):
        raise Refused("review-lines-differ", asked=sorted(asked), answered=answered)
    changed = [answer for answer in answers if answer.outcome is ReviewOutcome.CHANGED]
    now = {line.code: line for line in changed_lines(form, card, ScoreLayer.APPRAISED, changed)}
    score = score_cluster(form, {card.unit_id: card.entered})[card.unit_id]
    told = []
    for answer in answers:
        if answer.code in now:
            told.append(answer.model_copy(update={"was": now[answer.code].was, "now": now[answer.code].now}))
        else:
            stands = _points(form, score, answer.code)
            told.append(answer.model_copy(update={"was": stands, "now": stands}))
    return ScoreReviewAnswered(
        **card.where(), review_id=review_id, lines=tuple(told), appraiser_unit_id=appraiser.unit_id
    )


def changed_lines(
    form: Form, card: Card, layer: ScoreLayer, lines: Sequence[AppraisedLine]
) -> tuple[AppraisedLine, ...]:
    """The lines with what they read before and read now.

    Raises ``line-twice``, ``unknown-criterion``, ``criterion-not-assigned``, and what ``check_entry`` raises.
    """
    _known_once(form, [line.code for line in lines])
    before = score_cluster(form, {card.unit_id: card.entered})[card.unit_id]
    for line in lines:
        leaf = form.leaf(line.code)
        assert leaf is not None
        scored = before.line(line.code)
        if scored is not None and not scored.assigned and scored.from_layer is None:
            raise Refused("criterion-not-assigned", code=line.code, unit=card.unit_id)
        check_entry(leaf, line)
    after = score_cluster(form, {card.unit_id: with_entries(card.entered, layer, lines)})[card.unit_id]
    return tuple(
        line.model_copy(update={"was": _points(form, before, line.code), "now": _points(form, after, line.code)})
        for line in lines
    )


def with_entries(entered: CardInput, layer: ScoreLayer, lines: Sequence[LineEntry]) -> CardInput:
    """A card's input with further entries of one layer."""
    added: dict[str, Entry] = {line.code: entry_of(line) for line in lines}
    layers = {**entered.layers, layer: {**entered.layers.get(layer, {}), **added}}
    return CardInput(layers, entered.registered, entered.penalties)


def window_ends(form: Form, received: datetime) -> datetime:
    """Until when a review may be asked for after an appraisal received at an instant."""
    return received + timedelta(days=form.review_days)


def _points(form: Form, score: CardScore, code: str) -> Points | None:
    line = score.line(code)
    if line is None or line.points is None:
        return None
    return to_points(Fraction(line.points), form.places)


def _known_once(form: Form, codes: Sequence[str]) -> None:
    known = {leaf.code for leaf in form.leaves()}
    for position, code in enumerate(codes):
        if code not in known:
            raise Refused("unknown-criterion", code=code, rubric=form.title)
        if code in codes[:position]:
            raise Refused("line-twice", code=code)


def _not_final(card: Card) -> None:
    if card.finalized:
        raise Refused("scorecard-finalized", scorecard=card.scorecard_id, unit=card.unit_id)


def _may_touch(card: Card, appraiser: Appraiser) -> None:
    """Nobody appraises a line of the unit that he acts for or works in; the lead's card is the deputy's."""
    _not_final(card)
    if appraiser.unit_id == card.unit_id or card.unit_id in appraiser.works_in:
        raise Refused("appraises-own-unit", unit=card.unit_id)
    entitled = card.cluster.appraiser_of(card.unit_id)
    if appraiser.unit_id != entitled:
        raise Refused("not-the-appraiser", unit=card.unit_id, appraiser=appraiser.unit_id, entitled=entitled)
