"""What happens to a unit's card: appraisal, council, review asked and answered, finalisation."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.work import Work
from contracts.case import case_id
from contracts.events.scoring import AppraisedLine, ReviewAnswer, ReviewedLine
from contracts.refusal import Refused
from standing import Role

from scoring.adapters.queries.cards import load_cards
from scoring.adapters.queries.clusters import place_of_card
from scoring.adapters.queries.results import exists
from scoring.adapters.queries.rubrics import FrozenRubric, load_frozen
from scoring.domain import scorecards
from scoring.domain.finalizing import finalize
from scoring.domain.scorecards import Card
from scoring.handlers.rights import APPRAISERS, OFFICE, appraiser_for, cluster_today, speaks_for


async def appraise(work: Work, card_id: str, lines: Sequence[AppraisedLine]) -> None:
    """By the appraisers of the unit that looks at this card; no lines: everything is as the unit says."""
    card, frozen = await _load(work, card_id)
    appraiser = await appraiser_for(work, card.cluster, card.unit_id, APPRAISERS)
    _record(work, card, scorecards.appraise(frozen.form, card, lines, appraiser))


async def score_by_council(work: Work, card_id: str, lines: Sequence[AppraisedLine]) -> None:
    """What the cluster's council or conference says over the appraisal, entered by the office."""
    card, frozen = await _load(work, card_id)
    council = await appraiser_for(work, card.cluster, card.unit_id, OFFICE)
    _record(work, card, scorecards.score_by_council(frozen.form, card, lines, council))


async def request_review(work: Work, card_id: str, review_id: str, lines: Sequence[ReviewedLine]) -> None:
    """By the unit itself, or entered for it from what it sent."""
    card, frozen = await _load(work, card_id)
    if await exists(work.db, "review", review_id):
        raise Refused("id-taken", kind="đề nghị xem xét lại điểm", id=review_id)
    await speaks_for(work, card.cluster, card.unit_id, {Role.OFFICER, Role.LEADER})
    fact = scorecards.request_review(card, frozen.form, review_id, lines, work.act.received)
    _record(work, card, fact)


async def answer_review(work: Work, card_id: str, review_id: str, lines: Sequence[ReviewAnswer]) -> None:
    card, frozen = await _load(work, card_id)
    appraiser = await appraiser_for(work, card.cluster, card.unit_id, APPRAISERS)
    _record(work, card, scorecards.answer_review(frozen.form, card, review_id, lines, appraiser))


async def finalize_card(work: Work, card_id: str, cause: str, empty_lines_reason: str | None) -> None:
    """Closes the card with its whole report, on the frozen table that counts now."""
    card, frozen = await _load(work, card_id)
    by = await appraiser_for(work, card.cluster, card.unit_id, OFFICE)
    await work.guard(f"rubric:{frozen.rubric_id}")
    fact = finalize(
        frozen.form,
        card,
        frozen.rubric_id,
        frozen.hash,
        by=by,
        cause=cause,
        empty_lines_reason=empty_lines_reason,
        now=work.now,
    )
    _record(work, card, fact)


async def _load(work: Work, card_id: str) -> tuple[Card, FrozenRubric]:
    await work.expect(f"scorecard:{card_id}")
    place = await place_of_card(work.db, card_id)
    cluster = await cluster_today(work, place.cluster_id, place.year_id)
    cluster.must_be_member(place.unit_id)
    frozen = await load_frozen(work.db, place.cluster_id, place.year_id)
    cards = await load_cards(work.db, cluster, frozen)
    return cards[place.unit_id].card, frozen


def _record(work: Work, card: Card, fact: object) -> None:
    work.record(
        fact,  # type: ignore[arg-type]
        f"scorecard:{card.scorecard_id}",
        correlation=case_id(card.cluster.year_id, card.unit_id),
    )
