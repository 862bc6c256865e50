"""HTTP: registrations of targets and titles."""

from __future__ import annotations

from typing import Annotated

from chassis.http import Accepted, Asked, Page, Paging, Reading, Routes
from contracts.events.registry import (
    EmulationRegistrationAccepted,
    EmulationRegistrationReturned,
    EmulationRegistrationSubmitted,
    FilingConfirmed,
    FilingContested,
)
from contracts.refusal import Refused
from contracts.values import RegistrationId

from registry.adapters import filings
from registry.adapters.sight import clusters_seen, see_cluster
from registry.entrypoints.filing_views import RegistrationView, RevisionView
from registry.entrypoints.shown import LATE, ON_PAPER, shown
from registry.handlers import confirm_filing, submit_registration, take_in

routes = Routes(tags=["đăng ký thi đua"])


@routes.post("/registrations", status_code=201, summary="Đăng ký thi đua")
async def post_registration(
    body: Annotated[
        submit_registration.FirstRegistration,
        shown(
            submit_registration.FirstRegistration,
            EmulationRegistrationSubmitted,
            id="dk-2024-ldld-cao-bang",
        ),
    ],
    asked: Asked,
) -> Accepted:
    """Sau khóa nhận thì bị từ chối; thường trực cụm có thể chấp nhận nộp muộn."""
    return await asked.perform(submit_registration.submit_first_registration, body)


@routes.get("/registrations", summary="Các đăng ký thi đua được xem")
async def get_registrations(
    reading: Reading,
    page: Paging,
    year_id: str | None = None,
    cluster_id: str | None = None,
    unit_id: str | None = None,
) -> Page[RegistrationView]:
    found = await filings.listed(
        reading.db,
        ["registration"],
        await clusters_seen(reading),
        {"year_id": year_id, "cluster_id": cluster_id, "unit_id": unit_id},
        page.after,
        page.limit + 1,
    )
    views = [RegistrationView.of(row) for row in found]
    return Page[RegistrationView].of(views, page, lambda one: f"registration:{one.id}")


@routes.get("/registrations/{registration_id}", summary="Một đăng ký thi đua")
async def get_registration(registration_id: RegistrationId, reading: Reading) -> RegistrationView:
    row = await filings.full(reading.db, f"registration:{registration_id}")
    if row is None:
        raise Refused("not-found", kind="đăng ký thi đua", id=registration_id)
    await see_cluster(reading, row["cluster_id"], "đăng ký thi đua", registration_id)
    reading.etag(await reading.version(row["subject"]))
    return RegistrationView.of(row)


@routes.get("/registrations/{registration_id}/revisions", summary="Các lần nộp của một đăng ký")
async def get_revisions(registration_id: RegistrationId, reading: Reading) -> list[RevisionView]:
    await get_registration(registration_id, reading)
    found = await filings.revisions(reading.db, f"registration:{registration_id}")
    return [RevisionView(**row) for row in found]


@routes.post("/registrations/{registration_id}/submission", summary="Nộp lại đăng ký đã bị trả")
async def submit_again(
    registration_id: RegistrationId,
    body: Annotated[
        submit_registration.SubmitRegistration,
        shown(submit_registration.SubmitRegistration, EmulationRegistrationSubmitted),
    ],
    asked: Asked,
) -> Accepted:
    return await asked.perform(submit_registration.submit_registration, registration_id, body)


@routes.post(
    "/registrations/{registration_id}/late-acceptance",
    status_code=201,
    summary="Nhập và chấp nhận một đăng ký đến sau khóa nhận",
)
async def late(
    registration_id: RegistrationId,
    body: Annotated[
        submit_registration.SubmitRegistrationLate,
        shown(
            submit_registration.SubmitRegistrationLate,
            EmulationRegistrationSubmitted,
            acceptance=LATE,
            act=ON_PAPER,
        ),
    ],
    asked: Asked,
) -> Accepted:
    """Chỉ thường trực tiếp nhận (hoặc cấp trên), nêu lý do và văn bản; vẫn ghi là nộp muộn."""
    return await asked.perform(submit_registration.accept_registration_late, registration_id, body)


@routes.post("/registrations/{registration_id}/acceptance", summary="Chấp nhận đăng ký")
async def accept(
    registration_id: RegistrationId,
    body: Annotated[take_in.TakeIn, shown(take_in.TakeIn, EmulationRegistrationAccepted)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(take_in.accept_registration, registration_id, body)


@routes.post("/registrations/{registration_id}/return", summary="Trả lại đăng ký để bổ sung")
async def send_back(
    registration_id: RegistrationId,
    body: Annotated[take_in.Return, shown(take_in.Return, EmulationRegistrationReturned)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(take_in.return_registration, registration_id, body)


@routes.post("/registrations/{registration_id}/confirmation", summary="Đơn vị xác nhận bản nhập hộ")
async def confirm(
    registration_id: RegistrationId,
    body: Annotated[confirm_filing.Confirm, shown(confirm_filing.Confirm, FilingConfirmed)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(confirm_filing.confirm_filing, f"registration:{registration_id}", body)


@routes.post("/registrations/{registration_id}/contest", summary="Đơn vị không công nhận bản nhập hộ")
async def contest(
    registration_id: RegistrationId,
    body: Annotated[confirm_filing.Contest, shown(confirm_filing.Contest, FilingContested)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(confirm_filing.contest_filing, f"registration:{registration_id}", body)
