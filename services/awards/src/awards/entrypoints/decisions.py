"""HTTP: decisions with their numbers and lists."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from chassis.http import Accepted, Asked, Page, Paging, Reading, Routes, Write
from contracts.refusal import Refused
from contracts.values import DecisionId, ProposalId, ShortText, UnitId
from pydantic import Field

from awards.adapters.jsonb import row, rows
from awards.domain.decision import PaperNumber
from awards.entrypoints.views import DecisionView
from awards.handlers import issue_decision

routes = Routes(tags=["decisions"])


class Issue(Write):
    id: DecisionId | None = None
    issuing_body: UnitId
    number: ShortText
    kind: ShortText
    date: datetime.date
    signatory: ShortText
    scan: ShortText | None = None
    proposal_ids: Annotated[tuple[ProposalId, ...], Field(min_length=1, max_length=500)]


@routes.post("/decisions", status_code=201, summary="Ban hành quyết định khen thưởng, số do văn thư cấp")
async def issue(body: Issue, asked: Asked) -> Accepted:
    paper = PaperNumber(body.number, body.kind, body.date, body.signatory, body.scan)
    return await asked.perform(issue_decision.issue, body.id, body.issuing_body, paper, body.proposal_ids)


@routes.get("/decisions", summary="Các quyết định khen thưởng")
async def decisions(reading: Reading, page: Paging, issuing_body: UnitId | None = None) -> Page[DecisionView]:
    found = await rows(
        reading.db,
        "SELECT * FROM decision WHERE decision_id > :after"
        " AND (CAST(:body AS text) IS NULL OR issuing_body = :body) ORDER BY decision_id LIMIT :limit",
        after=page.after or "",
        body=issuing_body,
        limit=page.limit + 1,
    )
    return Page.of([await _view(reading, one) for one in found], page, key=lambda one: one.decision_id)


@routes.get("/decisions/{decision_id}", summary="Một quyết định với danh sách kèm theo")
async def decision(decision_id: DecisionId, reading: Reading) -> DecisionView:
    found = await row(reading.db, "SELECT * FROM decision WHERE decision_id = :id", id=decision_id)
    if found is None:
        raise Refused("not-found", kind="quyết định", id=decision_id)
    reading.etag(await reading.version(f"decision:{decision_id}"))
    return await _view(reading, found)


async def _view(reading: Reading, found: dict[str, Any]) -> DecisionView:
    # A decision is public; but a member recused from a case is not told of it here.
    lines = await rows(
        reading.db,
        "SELECT a.* FROM award a WHERE a.decision_id = :id AND NOT EXISTS (SELECT 1 FROM recusal r"
        " WHERE r.proposal_id = a.proposal_id AND r.person_id = :reader) ORDER BY a.proposal_id",
        id=found["decision_id"],
        reader=reading.person or "",
    )
    awards = [{**one, "recipient": {"kind": one["kind"], "id": one["id"]}} for one in lines]
    return DecisionView.model_validate({**found, "awards": awards})
