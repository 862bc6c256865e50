"""HTTP: votes of a cluster's conference."""

from __future__ import annotations

from decimal import Decimal

from chassis.http import Accepted, Asked, Reading, ReadingRequest, Routes, Write
from chassis.ids import new_id
from contracts.events.scoring import (
    BallotClosed,
    BallotCountRecorded,
    BallotOpened,
    BallotPurpose,
    BallotWay,
    OptionTally,
)
from contracts.values import BallotId, ClusterId, Denominator, Paper, PersonId, ShortText, Threshold, UnitId, YearId
from pydantic import BaseModel, Field

from scoring.adapters.queries.ballots import ballot_ids, load_ballot
from scoring.domain.ballots import Ballot, reachability
from scoring.entrypoints.sight import must_see
from scoring.handlers.hold_ballots import BallotTerms, Counted, cast_vote, close_ballot, open_ballot, record_count
from scoring.handlers.rights import cluster_today

routes = Routes(tags=["bỏ phiếu của cụm"])

MAJORITY = Threshold(percentage=Decimal(50), denominator=Denominator.ALL, quorum=Decimal("66.67"), strictly_more=True)


class OpenBallot(Write):
    """Everything is fixed here: voters, recused, options, threshold, way."""

    id: BallotId | None = None
    cluster_id: ClusterId
    year_id: YearId
    purpose: BallotPurpose
    title: ShortText = Field(examples=["Suy tôn đơn vị dẫn đầu Cụm năm 2024"])
    electorate: list[UnitId] | None = Field(None, description="Every member, unless said.")
    recused: list[UnitId] = Field(default_factory=list)
    options: list[UnitId] | None = Field(None, description="Every member, unless said; of a tie the tied units.")
    threshold: Threshold = Field(examples=[MAJORITY.model_dump(mode="json")])
    self_vote: bool
    way: BallotWay
    choose: int = Field(1, ge=1)


@routes.post("/ballots", status_code=201, summary="Mở bỏ phiếu: cố định thành phần, ngưỡng, cách thức")
async def post_ballot(body: OpenBallot, asked: Asked) -> Accepted:
    """Refused when even the best possible vote could not reach the threshold."""
    return await asked.perform(
        open_ballot,
        BallotTerms(
            ballot_id=body.id or new_id(),
            cluster_id=body.cluster_id,
            year_id=body.year_id,
            purpose=body.purpose,
            title=body.title,
            electorate=tuple(body.electorate) if body.electorate is not None else None,
            recused=tuple(body.recused),
            options=tuple(body.options) if body.options is not None else None,
            threshold=body.threshold,
            self_vote=body.self_vote,
            way=body.way,
            choose=body.choose,
        ),
    )


class CastVote(Write):
    unit_id: UnitId
    choices: list[UnitId] = Field(default_factory=list)
    abstains: bool = False


@routes.post("/ballots/{ballot_id}/votes", status_code=201, summary="Bỏ phiếu công khai")
async def post_vote(ballot_id: BallotId, body: CastVote, asked: Asked) -> Accepted:
    return await asked.perform(cast_vote, ballot_id, body.unit_id, tuple(body.choices), body.abstains)


class RecordCount(Write):
    """What the tellers' minutes say."""

    present: int = Field(ge=0)
    issued: int = Field(ge=0)
    returned: int = Field(ge=0)
    valid: int = Field(ge=0)
    invalid: int = Field(ge=0)
    counts: list[OptionTally]
    abstentions: int = Field(0, ge=0)
    tellers: list[PersonId] = Field(default_factory=list)
    minutes: Paper


@routes.post("/ballots/{ballot_id}/count", summary="Ghi kết quả kiểm phiếu theo biên bản")
async def post_count(ballot_id: BallotId, body: RecordCount, asked: Asked) -> Accepted:
    counted = Counted(
        present=body.present,
        issued=body.issued,
        returned=body.returned,
        valid=body.valid,
        invalid=body.invalid,
        counts=tuple(body.counts),
        abstentions=body.abstentions,
        tellers=tuple(body.tellers),
        minutes=body.minutes,
    )
    return await asked.perform(record_count, ballot_id, counted)


class CloseBallot(Write):
    present: int | None = Field(
        None, ge=0, description="Attendance at an electronic ballot; without it, those who voted."
    )


@routes.post("/ballots/{ballot_id}/closing", summary="Kết thúc bỏ phiếu và công bố kết quả")
async def post_closing(ballot_id: BallotId, body: CloseBallot, asked: Asked) -> Accepted:
    return await asked.perform(close_ballot, ballot_id, body.present)


class PartView(BaseModel):
    numerator: int
    denominator: int
    required: Decimal
    met: bool
    figures: str


class Reachable(BaseModel):
    """Whether a threshold can be reached at all: what the best possible vote would give."""

    reachable: bool
    quorum: PartView
    approval: PartView
    needed: int | None = Field(description="The fewest votes in favour that suffice when all vote.")


class AskReachable(BaseModel):
    cluster_id: ClusterId
    year_id: YearId
    electorate: list[UnitId] | None = None
    recused: list[UnitId] = Field(default_factory=list)
    threshold: Threshold


@routes.post("/ballots/reachability", summary="Ngưỡng này có thể đạt được không")
async def ask_reachable(body: AskReachable, reading: Reading) -> Reachable:
    """Asked before a ballot is opened; records nothing."""
    cluster = await cluster_today(reading, body.cluster_id, body.year_id)
    electorate = tuple(body.electorate or cluster.members)
    for unit_id in electorate:
        cluster.must_be_member(unit_id)
    return _reachable(
        BallotOpened(
            ballot_id="reachability",
            cluster_id=body.cluster_id,
            year_id=body.year_id,
            purpose=BallotPurpose.LEADING_UNIT,
            title="…",
            electorate=electorate,
            recused=tuple(unit for unit in body.recused if unit in electorate),
            options=electorate,
            threshold=body.threshold,
            self_vote=True,
            way=BallotWay.SHOW_OF_HANDS,
            choose=1,
        )
    )


def _reachable(opened: BallotOpened) -> Reachable:
    found = reachability(opened)
    return Reachable(
        reachable=found.reachable,
        quorum=PartView(**found.quorum.model_dump(), figures=found.quorum.figures),
        approval=PartView(**found.approval.model_dump(), figures=found.approval.figures),
        needed=found.needed,
    )


class BallotView(BaseModel):
    """A ballot; how each member voted is shown once it is closed."""

    id: str
    state: str = Field(description="`open`, `counted` or `closed`")
    opened: BallotOpened
    reachable: Reachable
    voted: list[str] = Field(description="Members who have voted (electronic ballots).")
    votes: dict[str, list[str]] | None = None
    count: BallotCountRecorded | None = None
    result: BallotClosed | None = None


def _view(ballot: Ballot, result: BallotClosed | None) -> BallotView:
    state = "closed" if result is not None else "counted" if ballot.count is not None else "open"
    return BallotView(
        id=ballot.opened.ballot_id,
        state=state,
        opened=ballot.opened,
        reachable=_reachable(ballot.opened),
        voted=sorted(ballot.votes),
        votes={voter: list(choices) for voter, choices in ballot.votes.items()} if result is not None else None,
        count=ballot.count,
        result=result,
    )


@routes.get("/ballots/{ballot_id}", summary="Một cuộc bỏ phiếu")
async def get_ballot(ballot_id: BallotId, reading: Reading) -> BallotView:
    ballot, result = await load_ballot(reading.db, ballot_id)
    cluster = await cluster_today(reading, ballot.opened.cluster_id, ballot.opened.year_id)
    await must_see(reading, cluster, "cuộc bỏ phiếu", ballot_id)
    reading.etag(await reading.version(f"ballot:{ballot_id}"))
    return _view(ballot, result)


@routes.get("/ballots", summary="Các cuộc bỏ phiếu của một cụm trong một năm")
async def get_ballots(cluster_id: ClusterId, year_id: YearId, reading: Reading) -> list[BallotView]:
    await _sees(reading, cluster_id, year_id)
    ids = await ballot_ids(reading.db, cluster_id, year_id)
    return [_view(*await load_ballot(reading.db, ballot_id)) for ballot_id in ids]


async def _sees(reading: ReadingRequest, cluster_id: str, year_id: str) -> None:
    await must_see(reading, await cluster_today(reading, cluster_id, year_id), "cụm", cluster_id)
