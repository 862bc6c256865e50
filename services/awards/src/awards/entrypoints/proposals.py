"""HTTP: proposals and their way."""

from __future__ import annotations

from typing import Annotated, Any

from chassis.http import Accepted, Asked, Page, Paging, Reading, Routes, Write
from contracts.events.awards.assessments import CaseOutcome, Code, ConditionCode, ConditionOutcome, TitleCode
from contracts.events.awards.proposals import Basis, Share
from contracts.events.awards.rules import AwardType, Channel, Track
from contracts.values import Identifier, Paper, ProposalId, Recipient, ShortText, Text, UnitId, YearId
from fastapi import Query
from standing import unit_on
from standing.rights import today

from awards.adapters import proposals as stored
from awards.adapters import rule_sets
from awards.adapters.jsonb import row, rows
from awards.adapters.sight import check_sees, hidden_from, reads_everything, visible
from awards.domain.path import papers_needed
from awards.domain.proposal import Status
from awards.entrypoints.views import ProposalView, ProposalWhole, proposal
from awards.handlers import complete_case, forward_proposal, propose, receive_proposal, submit_proposal

routes = Routes(tags=["proposals"])


class Propose(Write):
    id: ProposalId | None = None
    recipient: Recipient
    unit_id: UnitId | None = None
    """The unit of a person."""
    title: TitleCode
    year_id: YearId | None = None
    award_type: AwardType
    track: Track
    channel: Channel
    proposed_by: UnitId
    receiving_unit: UnitId
    route: Code | None = None
    basis: Basis
    shares: tuple[Share, ...] = ()


class Submit(Write):
    letter: Paper | None = None


class Resubmit(Write):
    changes: Text
    shares: tuple[Share, ...] = ()
    letter: Paper | None = None


class Receive(Write):
    register_number: ShortText | None = None


class SendBack(Write):
    reason: Text
    asked_for: tuple[Code, ...] = ()


class Refuse(Write):
    rule: Code
    reason: Text


class Withdraw(Write):
    reason: Text


class Forward(Write):
    to_body: UnitId | None = None
    letter: Paper | None = None
    note: Text | None = None


class Settle(Write):
    condition: ConditionCode
    outcome: ConditionOutcome
    paper: Paper
    reason: Text


class AddPaper(Write):
    item: Code
    name: ShortText | None = None
    paper: Paper
    note: Text | None = None


class Reassess(Write):
    cause: ShortText


@routes.post("/proposals", status_code=201, summary="Lập đề nghị khen thưởng")
async def draw_up(body: Propose, asked: Asked) -> Accepted:
    return await asked.perform(
        propose.draw_up,
        body.id,
        body.recipient,
        body.unit_id,
        body.title,
        body.year_id,
        body.award_type,
        body.track,
        body.channel,
        body.proposed_by,
        body.receiving_unit,
        body.route,
        body.basis,
        body.shares,
    )


@routes.post("/proposals/{proposal_id}/submission", summary="Gửi đề nghị; ngày nhận quyết định bộ quy tắc áp dụng")
async def submit(proposal_id: ProposalId, body: Submit, asked: Asked) -> Accepted:
    return await asked.perform(submit_proposal.submit, proposal_id, body.letter)


@routes.post("/proposals/{proposal_id}/resubmission", summary="Gửi lại đề nghị đã bị trả lại")
async def resubmit(proposal_id: ProposalId, body: Resubmit, asked: Asked) -> Accepted:
    return await asked.perform(submit_proposal.resubmit, proposal_id, body.changes, body.shares, body.letter)


@routes.post("/proposals/{proposal_id}/receipt", summary="Tiếp nhận đề nghị")
async def receive(proposal_id: ProposalId, body: Receive, asked: Asked) -> Accepted:
    return await asked.perform(receive_proposal.receive, proposal_id, body.register_number)


@routes.post("/proposals/{proposal_id}/return", summary="Trả lại để bổ sung, nêu lý do")
async def send_back(proposal_id: ProposalId, body: SendBack, asked: Asked) -> Accepted:
    return await asked.perform(receive_proposal.send_back, proposal_id, body.reason, body.asked_for)


@routes.post("/proposals/{proposal_id}/refusal", summary="Từ chối, nêu quy định và lý do")
async def refuse(proposal_id: ProposalId, body: Refuse, asked: Asked) -> Accepted:
    return await asked.perform(receive_proposal.refuse, proposal_id, body.rule, body.reason)


@routes.post("/proposals/{proposal_id}/withdrawal", summary="Rút đề nghị")
async def withdraw(proposal_id: ProposalId, body: Withdraw, asked: Asked) -> Accepted:
    return await asked.perform(receive_proposal.withdraw, proposal_id, body.reason)


@routes.post("/proposals/{proposal_id}/forwarding", summary="Chuyển bước tiếp theo, hoặc trình cấp khác kèm tờ trình")
async def forward(proposal_id: ProposalId, body: Forward, asked: Asked) -> Accepted:
    return await asked.perform(forward_proposal.forward, proposal_id, body.to_body, body.letter, body.note)


@routes.post("/proposals/{proposal_id}/settlements", summary="Xác định một điều kiện còn chưa rõ bằng văn bản")
async def settle(proposal_id: ProposalId, body: Settle, asked: Asked) -> Accepted:
    return await asked.perform(complete_case.settle, proposal_id, body.condition, body.outcome, body.paper, body.reason)


@routes.post("/proposals/{proposal_id}/dossier", summary="Đưa một văn bản vào hồ sơ")
async def add_paper(proposal_id: ProposalId, body: AddPaper, asked: Asked) -> Accepted:
    return await asked.perform(complete_case.add_paper, proposal_id, body.item, body.name, body.paper, body.note)


@routes.post("/proposals/{proposal_id}/assessment", summary="Xét lại điều kiện vì dữ liệu đã thay đổi")
async def reassess(proposal_id: ProposalId, body: Reassess, asked: Asked) -> Accepted:
    return await asked.perform(complete_case.reassess, proposal_id, body.cause)


@routes.get("/proposals", summary="Các đề nghị được xem")
async def proposals(
    reading: Reading,
    page: Paging,
    year_id: YearId | None = None,
    unit_id: UnitId | None = None,
    title: TitleCode | None = None,
    status: Status | None = None,
    outcome: CaseOutcome | None = None,
    body: UnitId | None = None,
    recipient_id: Annotated[Identifier | None, Query(description="Person or unit that is proposed.")] = None,
    case: Annotated[Identifier | None, Query(description="Correlation id of the journey.")] = None,
) -> Page[ProposalView]:
    wanted: dict[str, Any] = {
        "year_id": year_id,
        "unit_id": unit_id,
        "title": title,
        "status": status,
        "outcome": outcome,
        "body": body,
        "recipient_id": recipient_id,
        "correlation": case,
    }
    chosen = {name: value for name, value in wanted.items() if value is not None}
    condition, values = await visible(reading, reads_everything(reading))
    found = await rows(
        reading.db,
        f"SELECT p.* FROM proposal p WHERE p.proposal_id > :after AND {condition}"
        + "".join(f" AND p.{name} = :{name}" for name in chosen)
        + " ORDER BY p.proposal_id LIMIT :limit",
        after=page.after or "",
        limit=page.limit + 1,
        **values,
        **chosen,
    )
    return Page.of([ProposalView(**proposal(one)) for one in found], page, key=lambda one: one.proposal_id)


@routes.get("/proposals/{proposal_id}", summary="Một đề nghị: đang ở đâu, vì sao, hồ sơ, điều kiện từng mục")
async def one_proposal(proposal_id: ProposalId, reading: Reading) -> ProposalWhole:
    await check_sees(reading, proposal_id, reads_everything(reading))
    found = await row(reading.db, "SELECT * FROM proposal WHERE proposal_id = :id", id=proposal_id)
    assert found is not None
    of = {"id": proposal_id}
    dossier = await rows(reading.db, "SELECT * FROM dossier_item WHERE proposal_id = :id ORDER BY item", **of)
    way = await rows(reading.db, "SELECT * FROM proposal_step WHERE proposal_id = :id ORDER BY at, event_id", **of)
    concluded = await rows(
        reading.db, "SELECT * FROM council_conclusion WHERE proposal_id = :id ORDER BY event_id", **of
    )
    state = stored.of(found, frozenset(one["item"] for one in dossier))
    rules = await rule_sets.by_id(reading.db, state.rule_set_id)
    form = rules.form(state.title)
    body = await unit_on(reading.db, state.body, today(reading))
    stages = rules.stages_of(state.channel, state.track, body.level) if body is not None else ()
    needed = papers_needed(state, rules, form, stages, None) if form is not None else ()
    hidden = await hidden_from(reading)
    shown = [double for double in found["doubles"] if double.get("proposal_id") not in hidden]
    reading.etag(await reading.version(f"proposal:{proposal_id}"))
    papers = [
        {"item": one.code, "name": one.name, "before": one.before, "there": one.code in state.dossier} for one in needed
    ]
    more = {"dossier": dossier, "needed": papers, "way": way, "conclusions": concluded}
    return ProposalWhole.model_validate({**proposal({**found, "doubles": shown}), **more})
