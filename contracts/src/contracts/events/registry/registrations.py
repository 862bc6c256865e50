"""Registrations of targets and titles at the beginning of an emulation year."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.catalogue import Fact, event
from contracts.values import (
    Amount,
    ClusterId,
    CriterionCode,
    DeadlineId,
    Recipient,
    RegistrationId,
    ShortText,
    Text,
    UnitId,
    Value,
    YearId,
)

Revision = Annotated[int, Field(ge=1)]
"""1 for the first submission; one more each time it is handed in again after a return."""


class Punctuality(StrEnum):
    """How a filing stands to its deadline, judged by the instant it was received."""

    ON_TIME = "on-time"
    ON_TIME_BY_EXTENSION = "on-time-by-extension"
    """After the first due date, before the extended one."""
    IN_GRACE = "in-grace"
    LATE = "late"
    """After grace, or after hard close and accepted late by an officer."""


class Title(StrEnum):
    """Codes of titles and forms, shared by all services. A code never changes its meaning."""

    LDTT = "ldtt"
    CSTD_CO_SO = "cstd-co-so"
    CSTD_CAP_TINH = "cstd-cap-tinh"
    CSTD_TOAN_QUOC = "cstd-toan-quoc"
    TAP_THE_LDTT = "tap-the-ldtt"
    TAP_THE_LDXS = "tap-the-ldxs"
    CO_THI_DUA_CAP_TINH = "co-thi-dua-cap-tinh"
    """State chain: of UBND tỉnh or TLĐ as a ministry-level body."""
    CO_THI_DUA_CP = "co-thi-dua-cp"
    BANG_KHEN_CAP_TINH = "bang-khen-cap-tinh"
    BANG_KHEN_TLD = "bang-khen-tld"
    CO_TLD = "co-tld"
    BANG_KHEN_LDLD = "bang-khen-ldld"
    CO_LDLD = "co-ldld"
    BANG_KHEN_TTG = "bang-khen-ttg"
    HUAN_CHUONG_LD_3 = "huan-chuong-ld-3"
    HUAN_CHUONG_LD_2 = "huan-chuong-ld-2"
    HUAN_CHUONG_LD_1 = "huan-chuong-ld-1"


class Target(Value):
    """One registered target, with its amount where it can be counted."""

    text: Text
    amount: Amount | None = None
    unit_of_measure: ShortText | None = None
    code: CriterionCode | None = None
    """The criterion of the cluster's table that this target is for, where it is for one."""


class RegisteredTitle(Value):
    """Who strives for which title; persons by id."""

    recipient: Recipient
    title: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)
    """A code, see ``Title``; a body may register titles of its own."""


@event(
    "registry.emulation-registration-submitted.v1",
    aggregate="registration",
    example={
        "registration_id": "dk-2024-ldld-cao-bang",
        "year_id": "nam-2024",
        "cluster_id": "cum-bien-gioi-phia-bac",
        "unit_id": "ldld-cao-bang",
        "targets": [{"text": "Kết nạp mới đoàn viên", "amount": "2500", "unit_of_measure": "đoàn viên"}],
        "titles": [
            {"recipient": {"kind": "unit", "id": "ldld-cao-bang"}, "title": "co-tld"},
            {"recipient": {"kind": "person", "id": "nguyen-thi-dao"}, "title": "cstd-co-so"},
        ],
        "punctuality": "on-time",
        "deadline_id": "han-dk-2024",
        "revision": 1,
        "awaits_confirmation": False,
    },
)
class EmulationRegistrationSubmitted(Fact):
    """A unit registers, for itself and its people, what it strives for this year."""

    registration_id: RegistrationId
    year_id: YearId
    cluster_id: ClusterId
    unit_id: UnitId
    targets: tuple[Target, ...] = ()
    titles: tuple[RegisteredTitle, ...] = ()
    punctuality: Punctuality | None = None
    """None where no deadline was set."""
    deadline_id: DeadlineId | None = None
    revision: Revision
    awaits_confirmation: bool
    """Typed by somebody else for the unit: it waits until the unit confirms or contests it."""


@event(
    "registry.emulation-registration-accepted.v1",
    aggregate="registration",
    example={
        "registration_id": "dk-2024-ldld-cao-bang",
        "year_id": "nam-2024",
        "cluster_id": "cum-bien-gioi-phia-bac",
        "unit_id": "ldld-cao-bang",
        "revision": 1,
        "note": "Đủ chỉ tiêu theo giao ước",
    },
)
class EmulationRegistrationAccepted(Fact):
    """The standing office accepted the registration: the unit counts as registered."""

    registration_id: RegistrationId
    year_id: YearId
    cluster_id: ClusterId
    unit_id: UnitId
    revision: Revision
    received_by: UnitId | None = None
    """The unit whose standing office acted."""
    note: Text | None = None


@event(
    "registry.emulation-registration-returned.v1",
    aggregate="registration",
    example={
        "registration_id": "dk-2024-ldld-son-la",
        "year_id": "nam-2024",
        "cluster_id": "cum-bien-gioi-phia-bac",
        "unit_id": "ldld-son-la",
        "revision": 1,
        "reason": "Chỉ tiêu phát triển đoàn viên thấp hơn giao ước đã ký.",
    },
)
class EmulationRegistrationReturned(Fact):
    """The registration goes back to be completed; the unit may hand it in again."""

    registration_id: RegistrationId
    year_id: YearId
    cluster_id: ClusterId
    unit_id: UnitId
    revision: Revision
    returned_by: UnitId | None = None
    reason: Text
