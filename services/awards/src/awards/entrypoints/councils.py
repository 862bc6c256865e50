"""HTTP: councils, recusals, ballots and conclusions."""

from __future__ import annotations

from typing import Annotated, Any

from ballots.counts import HandsCount, PaperCount
from ballots.threshold import reachable
from chassis.http import Accepted, Asked, Page, Paging, Reading, Routes, Write
from contracts.events.awards.assessments import TitleCode
from contracts.events.awards.councils import (
    Conclusion,
    CouncilBallotOpened,
    CouncilBallotWay,
    CouncilChoice,
    CouncilMember,
)
from contracts.events.awards.rules import Track
from contracts.refusal import Refused
from contracts.values import (
    BallotId,
    CouncilId,
    Paper,
    Period,
    PersonId,
    ProposalId,
    ShortText,
    Text,
    Threshold,
    UnitId,
)
from pydantic import Field

from awards.adapters import councils as stored
from awards.adapters.jsonb import row, rows
from awards.adapters.sight import check_sees, reads_everything
from awards.domain.council import threshold_words, vote_part
from awards.entrypoints.views import BallotView, CouncilView, ReachabilityView
from awards.handlers import council_ballots, councils

routes = Routes(tags=["councils"])


class FormCouncil(Write):
    id: CouncilId | None = None
    unit_id: UnitId
    name: ShortText
    track: Track
    members: Annotated[tuple[CouncilMember, ...], Field(min_length=1)]
    threshold: Threshold
    thresholds: dict[TitleCode, Threshold] = Field(default_factory=dict)
    in_office: Period
    decision: Paper


class Recuse(Write):
    proposal_id: ProposalId
    person_id: PersonId
    reason: Text


class OpenBallot(Write):
    id: BallotId | None = None
    proposal_id: ProposalId
    title: TitleCode | None = None
    """Another form than proposed, where the council considers one."""
    way: CouncilBallotWay
    out_of_reach_acknowledged: bool = False
    """Vote although the threshold cannot be reached."""


class Vote(Write):
    choice: CouncilChoice


class RecordCount(Write):
    paper: PaperCount | None = None
    hands: HandsCount | None = None
    tellers: tuple[PersonId, ...] = ()
    minutes: Paper


class CloseBallot(Write):
    present: Annotated[int, Field(ge=0)] | None = None
    """Attendance of an open vote, where it was taken."""


class Conclude(Write):
    conclusions: Annotated[tuple[Conclusion, ...], Field(min_length=1)]
    minutes: Paper


@routes.post("/councils", status_code=201, summary="Lập hoặc kiện toàn hội đồng thi đua, khen thưởng")
async def form(body: FormCouncil, asked: Asked) -> Accepted:
    return await asked.perform(
        councils.form,
        body.id,
        body.unit_id,
        body.name,
        body.track,
        body.members,
        body.threshold,
        body.thresholds,
        body.in_office,
        body.decision,
    )


@routes.post("/councils/{council_id}/recusals", status_code=201, summary="Ghi thành viên không tham gia một hồ sơ")
async def recuse(council_id: CouncilId, body: Recuse, asked: Asked) -> Accepted:
    return await asked.perform(councils.recuse, council_id, body.proposal_id, body.person_id, body.reason)


@routes.post("/councils/{council_id}/ballots", status_code=201, summary="Mở bỏ phiếu về một hồ sơ")
async def open_ballot(council_id: CouncilId, body: OpenBallot, asked: Asked) -> Accepted:
    return await asked.perform(
        council_ballots.open_ballot,
        council_id,
        body.id,
        body.proposal_id,
        body.title,
        body.way,
        body.out_of_reach_acknowledged,
    )


@routes.post("/ballots/{ballot_id}/votes", status_code=201, summary="Bỏ phiếu")
async def vote(ballot_id: BallotId, body: Vote, asked: Asked) -> Accepted:
    return await asked.perform(council_ballots.cast, ballot_id, body.choice)


@routes.post("/ballots/{ballot_id}/count", summary="Ghi kết quả kiểm phiếu từ biên bản")
async def count(ballot_id: BallotId, body: RecordCount, asked: Asked) -> Accepted:
    counted = body.paper or body.hands
    if counted is None or (body.paper is not None and body.hands is not None):
        raise Refused("one-count-only", ballot=ballot_id)
    return await asked.perform(council_ballots.record_count, ballot_id, counted, body.tellers, body.minutes)


@routes.post("/ballots/{ballot_id}/closing", summary="Kết thúc bỏ phiếu và tính kết quả")
async def close(ballot_id: BallotId, body: CloseBallot, asked: Asked) -> Accepted:
    return await asked.perform(council_ballots.close, ballot_id, body.present)


@routes.post("/councils/{council_id}/conclusions", status_code=201, summary="Ghi kết luận của hội đồng từ biên bản")
async def conclude(council_id: CouncilId, body: Conclude, asked: Asked) -> Accepted:
    return await asked.perform(councils.conclude, council_id, body.conclusions, body.minutes)


@routes.get("/councils", summary="Các hội đồng")
async def list_councils(reading: Reading, page: Paging, unit_id: UnitId | None = None) -> Page[CouncilView]:
    found = await rows(
        reading.db,
        "SELECT * FROM council WHERE council_id > :after AND (CAST(:unit_id AS text) IS NULL OR unit_id = :unit_id)"
        " ORDER BY council_id LIMIT :limit",
        after=page.after or "",
        unit_id=unit_id,
        limit=page.limit + 1,
    )
    return Page.of([await _view(reading, one) for one in found], page, key=lambda one: one.council_id)


@routes.get("/councils/{council_id}", summary="Một hội đồng")
async def council(council_id: CouncilId, reading: Reading) -> CouncilView:
    found = await row(reading.db, "SELECT * FROM council WHERE council_id = :id", id=council_id)
    if found is None:
        raise Refused("not-found", kind="hội đồng", id=council_id)
    reading.etag(await reading.version(f"council:{council_id}"))
    return await _view(reading, found)


async def _view(reading: Reading, found: dict[str, Any]) -> CouncilView:
    seats = await rows(
        reading.db,
        "SELECT person_id, office, unit_id FROM council_seat WHERE council_id = :id ORDER BY number",
        id=found["council_id"],
    )
    words = threshold_words(Threshold.model_validate(found["threshold"]))
    return CouncilView.model_validate({**found, "threshold_words": words, "members": seats})


@routes.get("/councils/{council_id}/reachability", summary="Trước khi bỏ phiếu: có thể đạt tỷ lệ hay không")
async def reachability(
    council_id: CouncilId, reading: Reading, proposal_id: ProposalId, title: TitleCode | None = None
) -> ReachabilityView:
    """Voters, recused and threshold as they would be fixed now."""
    await check_sees(reading, proposal_id, reads_everything(reading))
    found = await stored.load(reading.db, council_id)
    case = await row(reading.db, "SELECT title FROM proposal WHERE proposal_id = :id", id=proposal_id)
    assert case is not None
    recused = await stored.recused(reading.db, council_id, proposal_id)
    threshold = found.threshold_for(title or case["title"])
    said = reachable(found.electorate(recused), threshold)
    return ReachabilityView(
        reachable=said.reachable,
        needed=said.needed,
        quorum=vote_part(said.quorum),
        approval=vote_part(said.approval),
        threshold=threshold,
        threshold_words=threshold_words(threshold),
        recused=len(recused),
    )


@routes.get("/ballots", summary="Các cuộc bỏ phiếu về một hồ sơ")
async def list_ballots(reading: Reading, proposal_id: ProposalId) -> list[BallotView]:
    await check_sees(reading, proposal_id, reads_everything(reading))
    found = await rows(
        reading.db, "SELECT * FROM council_ballot WHERE proposal_id = :id ORDER BY ballot_id", id=proposal_id
    )
    return [await _ballot(reading, one) for one in found]


@routes.get("/ballots/{ballot_id}", summary="Một cuộc bỏ phiếu với kết quả từng phần")
async def ballot(ballot_id: BallotId, reading: Reading) -> BallotView:
    found = await row(reading.db, "SELECT * FROM council_ballot WHERE ballot_id = :id", id=ballot_id)
    if found is None:
        raise Refused("not-found", kind="cuộc bỏ phiếu", id=ballot_id)
    try:
        await check_sees(reading, found["proposal_id"], reads_everything(reading))
    except Refused:
        # The same words as for a ballot that does not exist: its case is not named either.
        raise Refused("not-found", kind="cuộc bỏ phiếu", id=ballot_id) from None
    reading.etag(await reading.version(f"council-ballot:{ballot_id}"))
    return await _ballot(reading, found)


async def _ballot(reading: Reading, found: dict[str, Any]) -> BallotView:
    votes = await rows(
        reading.db,
        "SELECT voter, choice FROM council_vote WHERE ballot_id = :id ORDER BY voter",
        id=found["ballot_id"],
    )
    opened = CouncilBallotOpened.model_validate(found["opened"])
    return BallotView(
        **{**found, "opened": opened},
        threshold_words=threshold_words(opened.threshold),
        votes={vote["voter"]: vote["choice"] for vote in votes},
    )
