"""What readers see of scores: the table of a cluster, one card, and how each of its numbers arose."""

from __future__ import annotations

import asyncio

from chassis.http import ReadingRequest
from contracts.events.registry import Filing
from contracts.events.scoring import FinalLine, ScoreFinalized, SectionScore
from contracts.values import Instant, Points
from pydantic import BaseModel, Field
from standing.rights import today

from scoring.adapters.queries.cards import LoadedCard, load_cards
from scoring.adapters.queries.clusters import place_of_card, unit_names
from scoring.adapters.queries.results import final_ranking
from scoring.adapters.queries.rubrics import FrozenRubric, load_frozen
from scoring.domain.clusters import ClusterYear
from scoring.domain.engine import CardInput, CardScore, score_cluster
from scoring.domain.filings import FilingState
from scoring.domain.finalizing import report
from scoring.domain.form import Form
from scoring.entrypoints.sight import must_see
from scoring.handlers.rights import cluster_today

_MANY_LINES = 2_000


class ReportState(BaseModel):
    """How a unit's year report stands, for everyone who reads its points."""

    state: str = Field(description="`missing`, `submitted`, `received`, `returned` or `contested`")
    report_id: str | None = None
    punctuality: str | None = Field(
        default=None, description="`on-time`, `on-time-by-extension`, `in-grace` or `late`; by the day of receipt"
    )
    accepted_late: bool = False
    past_hard_close: bool = Field(default=False, description="Hard close passed and there was no report.")
    typed_on_behalf: bool = False
    awaits_confirmation: bool = Field(
        default=False, description="Entered for the unit (nhập hộ), not confirmed by it yet."
    )
    received_revision: int | None = None


class CardView(BaseModel):
    """One unit's card: final once closed, before that as it would be if it were closed now."""

    scorecard_id: str
    cluster_id: str
    year_id: str
    unit_id: str
    unit: str
    state: str = Field(description="`open`, `appraised`, `review-requested` or `final`")
    report: ReportState
    appraiser_unit_id: str | None = Field(None, description="Whose appraisers look at this card.")
    review_until: Instant | None = None
    open_review_id: str | None = None
    lines: list[FinalLine]
    sections: list[SectionScore]
    penalties: dict[str, Points]
    total: Points
    assigned: Points
    percentage: Points
    unfilled: list[str] = Field(description="Codes that nobody filled.")
    rubric_id: str
    rubric_hash: str
    inputs_digest: str


class ScoreTable(BaseModel):
    """The table of a cluster's year."""

    cluster_id: str
    year_id: str
    title: str
    rubric_id: str
    rubric_version: int
    rubric_hash: str
    max_points: str
    published: bool
    cards: list[CardView]


async def scores_of(form: Form, cards: dict[str, CardInput]) -> dict[str, CardScore]:
    """A whole cluster's scores; a large one in a thread, so that acks and health checks are not held up."""
    if len(cards) * sum(1 for _ in form.leaves()) > _MANY_LINES:
        return await asyncio.to_thread(score_cluster, form, cards)
    return score_cluster(form, cards)


async def table(reading: ReadingRequest, cluster_id: str, year_id: str) -> ScoreTable:
    cluster = await cluster_today(reading, cluster_id, year_id)
    await must_see(reading, cluster, "bảng điểm của cụm", cluster_id)
    frozen = await load_frozen(reading.db, cluster_id, year_id)
    loaded = await load_cards(reading.db, cluster, frozen)
    scores = await scores_of(frozen.form, {unit: each.card.entered for unit, each in loaded.items()})
    names = await unit_names(reading.db, cluster.members, today(reading))
    return ScoreTable(
        cluster_id=cluster_id,
        year_id=year_id,
        title=frozen.data["title"],
        rubric_id=frozen.rubric_id,
        rubric_version=frozen.version,
        rubric_hash=frozen.hash,
        max_points=frozen.data["max_points"],
        published=await final_ranking(reading.db, cluster_id, year_id) is not None,
        cards=[_card(loaded[unit], scores[unit], frozen, names[unit]) for unit in cluster.members],
    )


async def card(reading: ReadingRequest, scorecard_id: str) -> CardView:
    _, frozen, loaded = await load(reading, scorecard_id)
    unit = loaded.card.unit_id
    score = score_cluster(frozen.form, {unit: loaded.card.entered})[unit]
    names = await unit_names(reading.db, [unit], today(reading))
    return _card(loaded, score, frozen, names[unit])


async def load(reading: ReadingRequest, scorecard_id: str) -> tuple[ClusterYear, FrozenRubric, LoadedCard]:
    place = await place_of_card(reading.db, scorecard_id)
    cluster = await cluster_today(reading, place.cluster_id, place.year_id)
    await must_see(reading, cluster, "phiếu điểm", scorecard_id)
    cluster.must_be_member(place.unit_id)
    frozen = await load_frozen(reading.db, place.cluster_id, place.year_id)
    return cluster, frozen, (await load_cards(reading.db, cluster, frozen))[place.unit_id]


def report_of(loaded: LoadedCard, score: CardScore, frozen: FrozenRubric) -> ScoreFinalized:
    if loaded.final is not None:
        return loaded.final
    return report(frozen.form, loaded.card, score, frozen.rubric_id, frozen.hash, "…")


def _card(loaded: LoadedCard, score: CardScore, frozen: FrozenRubric, name: str) -> CardView:
    subject, told = loaded.card, report_of(loaded, score, frozen)
    chaired = subject.cluster.lead is not None or subject.cluster.is_bloc
    return CardView(
        scorecard_id=subject.scorecard_id,
        cluster_id=subject.cluster.cluster_id,
        year_id=subject.cluster.year_id,
        unit_id=subject.unit_id,
        unit=name,
        state=_state(loaded),
        report=report_state(loaded.filings.get(Filing.YEAR_REPORT.value), loaded.missed),
        appraiser_unit_id=subject.cluster.appraiser_of(subject.unit_id) if chaired else None,
        review_until=subject.review_until,
        open_review_id=subject.open_review.review_id if subject.open_review else None,
        lines=list(told.lines),
        sections=list(told.sections),
        penalties=told.penalties,
        total=told.total,
        assigned=told.assigned,
        percentage=told.percentage,
        unfilled=list(score.unfilled),
        rubric_id=told.rubric_id,
        rubric_hash=told.rubric_hash,
        inputs_digest=told.inputs_digest,
    )


def _state(loaded: LoadedCard) -> str:
    if loaded.card.finalized:
        return "final"
    if loaded.card.open_review is not None:
        return "review-requested"
    return "appraised" if loaded.card.appraised else "open"


def report_state(filing: FilingState | None, missed: frozenset[str]) -> ReportState:
    if filing is None:
        return ReportState(state="missing", past_hard_close=Filing.YEAR_REPORT.value in missed)
    return ReportState(
        state="contested" if filing.contested else filing.state,
        report_id=filing.subject.partition(":")[2],
        punctuality=filing.punctuality,
        accepted_late=filing.accepted_late,
        typed_on_behalf=filing.means in ("paper", "telephone", "meeting"),
        awaits_confirmation=filing.awaits,
        received_revision=filing.received_revision,
    )
