"""What a reader sees of a filing: where it stands, what was handed in, who typed it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from contracts.events.registry import Filing, Punctuality, RegisteredTitle, ReportKind, ReportLine, Target
from contracts.values import Means, Paper
from pydantic import BaseModel, Field

from registry.domain.filings import State


class AcceptedLateView(BaseModel):
    accepted_by: str
    reason: str
    paper: Paper
    penalty_kept: bool


class FilingView(BaseModel):
    id: str
    year_id: str
    cluster_id: str
    unit_id: str
    state: State
    revision: int
    punctuality: Punctuality | None
    deadline_id: str | None
    first_received: datetime
    received: datetime
    means: Means
    typed_by: str
    awaits_confirmation: bool = Field(description="Nhập hộ – chờ đơn vị xác nhận.")
    confirmed: datetime | None
    contest: str | None = Field(description="Why the unit contests what was typed for it.")
    returned: str | None = Field(description="Why it was returned.")
    taken_by: str | None = Field(description="Unit whose standing office received or returned it.")
    accepted_late: AcceptedLateView | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        told = {**row["content"], **row, "id": row["subject"].partition(":")[2]}
        if row["kind"] != Filing.REGISTRATION.value:
            told["kind"] = row["kind"].removesuffix("-report")
        return cls.model_validate({name: told[name] for name in cls.model_fields if name in told})


class RegistrationView(FilingView):
    targets: list[Target] = Field(default_factory=list)
    titles: list[RegisteredTitle] = Field(default_factory=list)


class ReportView(FilingView):
    kind: ReportKind
    lines: list[ReportLine]
    narrative: str | None = None


class RevisionView(BaseModel):
    revision: int
    received: datetime
    content: dict[str, Any]
