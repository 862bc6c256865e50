"""HTTP: half-year and year reports: draft, submission, receipt, return, confirmation, late acceptance."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from chassis.http import Accepted, Asked, Page, Paging, Reading, Routes
from contracts.events.registry import (
    FilingConfirmed,
    FilingContested,
    ReportKind,
    ReportReceived,
    ReportReturned,
    ReportSubmitted,
)
from contracts.refusal import Refused
from contracts.values import ReportId
from pydantic import BaseModel
from standing import Role, holds, need

from registry.adapters import filings
from registry.adapters.rows import row
from registry.adapters.sight import clusters_seen, see_cluster
from registry.entrypoints.filing_views import ReportView, RevisionView
from registry.entrypoints.shown import LATE, ON_PAPER, shown
from registry.entrypoints.unlogged import keeping
from registry.handlers import confirm_filing, submit_report, take_in

routes = Routes(tags=["báo cáo"])

_WRITERS = {Role.OFFICER, Role.LEADER, Role.STANDING_OFFICE}


class DraftView(BaseModel):
    """A draft as last saved: outside the promise, seen by those who file for the unit only."""

    report_id: str
    saved: datetime
    saved_by: str
    content: submit_report.SubmitReport


@routes.put("/reports/{report_id}/draft", summary="Lưu nháp báo cáo (ngoài sổ sự kiện)")
async def put_draft(
    report_id: ReportId,
    body: Annotated[submit_report.SubmitReport, shown(submit_report.SubmitReport, ReportSubmitted)],
    asked: Asked,
) -> DraftView:
    """Bản nháp chỉ người làm báo cáo của đơn vị xem được; nộp báo cáo gửi lại toàn bộ nội dung."""
    async with keeping(asked) as work:
        await need(work, _WRITERS, body.unit_id)
        kept = await row(work.db, "SELECT unit_id FROM report_draft WHERE report_id = :id", id=report_id)
        if kept is not None and kept["unit_id"] != body.unit_id:
            raise Refused("filing-id-taken", filing=f"report:{report_id}")
        saved_by = work.person or ""
        await work.db.execute(
            sa.text(
                "INSERT INTO report_draft (report_id, year_id, cluster_id, unit_id, content, saved_by, saved) VALUES"
                " (:report_id, :year_id, :cluster_id, :unit_id, CAST(:content AS jsonb), :saved_by, :saved)"
                " ON CONFLICT (report_id) DO UPDATE SET content = excluded.content, saved = excluded.saved,"
                " saved_by = excluded.saved_by"
            ),
            {
                "report_id": report_id,
                "year_id": body.year_id,
                "cluster_id": body.cluster_id,
                "unit_id": body.unit_id,
                "content": body.model_dump_json(exclude_none=True, exclude={"act"}),
                "saved_by": saved_by,
                "saved": work.now,
            },
        )
    return DraftView(report_id=report_id, saved=work.now, saved_by=saved_by, content=body)


@routes.get("/reports/{report_id}/draft", summary="Đọc lại bản nháp")
async def get_draft(report_id: ReportId, reading: Reading) -> DraftView:
    kept = await row(reading.db, "SELECT * FROM report_draft WHERE report_id = :id", id=report_id)
    if kept is None or not await holds(reading, _WRITERS, kept["unit_id"]):
        raise Refused("not-found", kind="bản nháp báo cáo", id=report_id)
    return DraftView(**kept)


@routes.post("/reports/{report_id}/submission", summary="Nộp báo cáo, lần đầu hoặc nộp lại sau khi bị trả")
async def submit(
    report_id: ReportId,
    body: Annotated[submit_report.SubmitReport, shown(submit_report.SubmitReport, ReportSubmitted)],
    asked: Asked,
) -> Accepted:
    """Nộp lại cần If-Match. Bản giấy do cấp trên nhập thì chờ đơn vị xác nhận; hạn nộp xét theo ngày nhận."""
    return await asked.perform(submit_report.submit_report, report_id, body)


@routes.post(
    "/reports/{report_id}/late-acceptance",
    status_code=201,
    summary="Nhập và chấp nhận một báo cáo đến sau khóa nhận",
)
async def late(
    report_id: ReportId,
    body: Annotated[
        submit_report.SubmitReportLate,
        shown(submit_report.SubmitReportLate, ReportSubmitted, acceptance=LATE, act=ON_PAPER),
    ],
    asked: Asked,
) -> Accepted:
    """Chỉ thường trực tiếp nhận (hoặc cấp trên), nêu lý do và văn bản; vẫn ghi là nộp muộn."""
    return await asked.perform(submit_report.accept_report_late, report_id, body)


@routes.get("/reports", summary="Các báo cáo được xem")
async def get_reports(
    reading: Reading,
    page: Paging,
    year_id: str | None = None,
    cluster_id: str | None = None,
    unit_id: str | None = None,
    kind: ReportKind | None = None,
) -> Page[ReportView]:
    kinds = [f"{kind.value}-report"] if kind else [f"{one.value}-report" for one in ReportKind]
    found = await filings.listed(
        reading.db,
        kinds,
        await clusters_seen(reading),
        {"year_id": year_id, "cluster_id": cluster_id, "unit_id": unit_id},
        page.after,
        page.limit + 1,
    )
    views = [ReportView.of(one) for one in found]
    return Page[ReportView].of(views, page, lambda one: f"report:{one.id}")


@routes.get("/reports/{report_id}", summary="Một báo cáo")
async def get_report(report_id: ReportId, reading: Reading) -> ReportView:
    found = await filings.full(reading.db, f"report:{report_id}")
    if found is None:
        raise Refused("not-found", kind="báo cáo", id=report_id)
    await see_cluster(reading, found["cluster_id"], "báo cáo", report_id)
    reading.etag(await reading.version(found["subject"]))
    return ReportView.of(found)


@routes.get("/reports/{report_id}/revisions", summary="Các lần nộp của một báo cáo")
async def get_revisions(report_id: ReportId, reading: Reading) -> list[RevisionView]:
    await get_report(report_id, reading)
    return [RevisionView(**one) for one in await filings.revisions(reading.db, f"report:{report_id}")]


@routes.post("/reports/{report_id}/receipt", summary="Tiếp nhận báo cáo")
async def receive(
    report_id: ReportId,
    body: Annotated[take_in.TakeIn, shown(take_in.TakeIn, ReportReceived)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(take_in.receive_report, report_id, body)


@routes.post("/reports/{report_id}/return", summary="Trả lại báo cáo để bổ sung")
async def send_back(
    report_id: ReportId,
    body: Annotated[take_in.Return, shown(take_in.Return, ReportReturned)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(take_in.return_report, report_id, body)


@routes.post("/reports/{report_id}/confirmation", summary="Đơn vị xác nhận bản nhập hộ")
async def confirm(
    report_id: ReportId,
    body: Annotated[confirm_filing.Confirm, shown(confirm_filing.Confirm, FilingConfirmed)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(confirm_filing.confirm_filing, f"report:{report_id}", body)


@routes.post("/reports/{report_id}/contest", summary="Đơn vị không công nhận bản nhập hộ")
async def contest(
    report_id: ReportId,
    body: Annotated[confirm_filing.Contest, shown(confirm_filing.Contest, FilingContested)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(confirm_filing.contest_filing, f"report:{report_id}", body)
