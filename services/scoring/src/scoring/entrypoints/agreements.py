"""HTTP: the agreements (giao ước thi đua) that members of a cluster sign on a frozen table."""

from __future__ import annotations

from datetime import date

from chassis.http import Accepted, Asked, Reading, Routes, Write
from chassis.ids import new_id
from contracts.events.scoring import EmulationAgreementSigned, Signatory
from contracts.values import ClusterId, Paper, RubricId, ShortText, YearId
from pydantic import Field

from scoring.adapters.queries.results import agreement_by_id, agreements_of
from scoring.handlers.sign_agreement import sign_agreement

routes = Routes(tags=["giao ước thi đua"])


class SignAgreement(Write):
    id: RubricId | None = None
    rubric_id: RubricId
    signatories: list[Signatory] = Field(min_length=1)
    signed_on: date
    place: ShortText
    paper: Paper | None = None


@routes.post("/agreements", status_code=201, summary="Ghi nhận giao ước thi đua đã ký")
async def sign(body: SignAgreement, asked: Asked) -> Accepted:
    return await asked.perform(
        sign_agreement,
        body.id or new_id(),
        body.rubric_id,
        tuple(body.signatories),
        body.signed_on,
        body.place,
        body.paper,
    )


@routes.get("/agreements", summary="Giao ước thi đua của một cụm trong một năm")
async def agreements(cluster_id: ClusterId, year_id: YearId, reading: Reading) -> list[EmulationAgreementSigned]:
    return await agreements_of(reading.db, cluster_id, year_id)


@routes.get("/agreements/{agreement_id}", summary="Một giao ước thi đua")
async def agreement(agreement_id: RubricId, reading: Reading) -> EmulationAgreementSigned:
    found = await agreement_by_id(reading.db, agreement_id)
    reading.etag(await reading.version(f"agreement:{agreement_id}"))
    return found
