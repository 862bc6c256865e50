"""HTTP: the score table of a cluster, one card with its four layers, and what is done to it."""

from __future__ import annotations

from chassis.http import Accepted, Asked, Reading, Routes, Write
from chassis.ids import new_id
from contracts.events.scoring import AppraisedLine, ReviewAnswer, ReviewedLine
from contracts.values import ClusterId, Identifier, ScorecardId, ShortText, Text, YearId
from pydantic import Field

from scoring.entrypoints import score_views
from scoring.entrypoints.explanations import Explanation, explain
from scoring.entrypoints.score_views import CardView, ScoreTable
from scoring.handlers.score_cards import (
    answer_review,
    appraise,
    finalize_card,
    request_review,
    score_by_council,
)

routes = Routes(tags=["chấm điểm"])


@routes.get("/scorecards", summary="Bảng điểm của cụm: bốn lớp điểm của từng thành viên")
async def score_table(cluster_id: ClusterId, year_id: YearId, reading: Reading) -> ScoreTable:
    """Members of the cluster see it at any time, everybody once the ranking is final. A report that is typed on
    behalf and not confirmed, late, returned or missing shows as such."""
    return await score_views.table(reading, cluster_id, year_id)


@routes.get("/scorecards/{scorecard_id}", summary="Phiếu điểm của một đơn vị")
async def scorecard(scorecard_id: ScorecardId, reading: Reading) -> CardView:
    reading.etag(await reading.version(f"scorecard:{scorecard_id}"))
    return await score_views.card(reading, scorecard_id)


@routes.get("/scorecards/{scorecard_id}/explanation", summary="Từng con số của phiếu điểm từ đâu mà có")
async def explanation(scorecard_id: ScorecardId, reading: Reading) -> Explanation:
    return await explain(reading, scorecard_id)


class Lines(Write):
    lines: list[AppraisedLine] = Field(
        description="Changed lines, each with its reason; none when all is as the unit says.",
        max_length=400,
    )


@routes.post("/scorecards/{scorecard_id}/appraisal", summary="Thẩm định: mỗi dòng sửa phải có lý do")
async def post_appraisal(scorecard_id: ScorecardId, body: Lines, asked: Asked) -> Accepted:
    return await asked.perform(appraise, scorecard_id, body.lines)


@routes.post("/scorecards/{scorecard_id}/council", summary="Điểm do hội đồng, hội nghị Cụm kết luận")
async def post_council(scorecard_id: ScorecardId, body: Lines, asked: Asked) -> Accepted:
    return await asked.perform(score_by_council, scorecard_id, body.lines)


class ReviewRequest(Write):
    id: Identifier | None = None
    lines: list[ReviewedLine] = Field(min_length=1, max_length=400)


@routes.post(
    "/scorecards/{scorecard_id}/review-requests", status_code=201, summary="Đề nghị xem xét lại điểm từng dòng"
)
async def post_review_request(scorecard_id: ScorecardId, body: ReviewRequest, asked: Asked) -> Accepted:
    return await asked.perform(request_review, scorecard_id, body.id or new_id(), body.lines)


class ReviewAnswers(Write):
    lines: list[ReviewAnswer] = Field(min_length=1, max_length=400)


@routes.post(
    "/scorecards/{scorecard_id}/review-requests/{review_id}/answer", summary="Trả lời đề nghị xem xét lại điểm"
)
async def post_review_answer(
    scorecard_id: ScorecardId, review_id: Identifier, body: ReviewAnswers, asked: Asked
) -> Accepted:
    return await asked.perform(answer_review, scorecard_id, review_id, body.lines)


class Finalisation(Write):
    cause: ShortText = Field(examples=["Kết luận thẩm định ngày 18/12/2024"])
    empty_lines_reason: Text | None = Field(
        None, description="Why lines that nobody filled count as nothing; needed when there are any."
    )


@routes.post("/scorecards/{scorecard_id}/finalisation", summary="Chốt phiếu điểm")
async def post_finalisation(scorecard_id: ScorecardId, body: Finalisation, asked: Asked) -> Accepted:
    return await asked.perform(finalize_card, scorecard_id, body.cause, body.empty_lines_reason)
