"""Units of the union over time: every change cites a decision and a date of effect."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from contracts.catalogue import Fact, event
from contracts.values import Paper, ShortText, Text, UnitId, Value

UnitCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-zĐđ][0-9A-Za-zĐđ./_-]{0,31}$")]
"""The code a unit bears in the federation's own lists."""


class Level(StrEnum):
    """Where a unit stands in the union."""

    NATIONAL = "national"
    PROVINCE = "province"
    DISTRICT = "district"
    SECTOR = "sector"
    COMMUNE = "commune"
    GRASSROOTS = "grassroots"
    DEPARTMENT = "department"
    """A department inside a body (ban, phòng)."""


class UnitKind(StrEnum):
    """What a unit is."""

    FEDERATION = "federation"
    SECTOR_UNION = "sector-union"
    INDUSTRIAL_ZONE_UNION = "industrial-zone-union"
    COMMUNE_UNION = "commune-union"
    GRASSROOTS_UNION = "grassroots-union"
    DEPARTMENT = "department"
    OUTSIDE_BODY = "outside-body"
    """A body without a login: People's Committee, emulation board, bloc run by others."""


class Contacts(Value):
    """How a unit is reached. Addresses of the office, never of a person."""

    address: ShortText | None = None
    telephone: ShortText | None = None
    email: ShortText | None = None


_DECISION = {"number": "215-QĐ/TLĐ", "date": "1951-08-15", "issuer": "Tổng Liên đoàn Lao động Việt Nam"}


class _Unit(Fact):
    unit_id: UnitId
    code: UnitCode
    name: ShortText
    level: Level
    kind: UnitKind
    parent_id: UnitId | None = None
    """None for the root and for outside bodies."""
    province: ShortText | None = None
    """The territory the unit lies in, as named on ``effective``; a second view beside the tree."""
    contacts: Contacts | None = None
    effective: date
    """First day of its existence, or the first day known here."""


@event(
    "registry.unit-recorded.v1",
    aggregate="unit",
    public=True,
    example={
        "unit_id": "ldld-cao-bang",
        "code": "LDLD-04",
        "name": "Liên đoàn Lao động tỉnh Cao Bằng",
        "level": "province",
        "kind": "federation",
        "parent_id": "tld",
        "province": "Cao Bằng",
        "contacts": {"address": "Phường Hợp Giang, thành phố Cao Bằng", "email": "ldld@caobang.example"},
        "effective": "2010-01-01",
        "source": "Danh sách đơn vị trực thuộc của Tổng Liên đoàn",
    },
)
class UnitRecorded(_Unit):
    """A unit that existed already is entered into the system."""

    source: ShortText | None = None
    decision: Paper | None = None


@event(
    "registry.unit-established.v1",
    aggregate="unit",
    public=True,
    example={
        "unit_id": "cd-kcn-cao-bang",
        "code": "CD-KCN-04",
        "name": "Công đoàn các Khu công nghiệp tỉnh Cao Bằng",
        "level": "district",
        "kind": "industrial-zone-union",
        "parent_id": "ldld-cao-bang",
        "province": "Cao Bằng",
        "effective": "2024-03-01",
        "decision": {"number": "88-QĐ/LĐLĐ", "date": "2024-02-20", "issuer": "LĐLĐ tỉnh Cao Bằng"},
    },
)
class UnitEstablished(_Unit):
    """A unit comes into being by a decision."""

    decision: Paper


@event(
    "registry.unit-renamed.v1",
    aggregate="unit",
    public=True,
    example={
        "unit_id": "cd-kcn-cao-bang",
        "name": "Công đoàn các Khu kinh tế, khu công nghiệp tỉnh Cao Bằng",
        "code": None,
        "effective": "2024-09-01",
        "decision": {"number": "131-QĐ/LĐLĐ", "date": "2024-08-15"},
    },
)
class UnitRenamed(Fact):
    """A unit bears another name (and another code, if one is given) from a day on."""

    unit_id: UnitId
    name: ShortText
    code: UnitCode | None = None
    effective: date
    decision: Paper


@event(
    "registry.unit-moved.v1",
    aggregate="unit",
    public=True,
    example={
        "unit_id": "cdcs-benh-vien-tinh-cao-bang",
        "parent_id": "cd-y-te-cao-bang",
        "effective": "2024-05-01",
        "decision": {"number": "102-QĐ/LĐLĐ", "date": "2024-04-22"},
    },
)
class UnitMoved(Fact):
    """A unit stands under another parent from a day on."""

    unit_id: UnitId
    parent_id: UnitId
    province: ShortText | None = None
    """The territory, where the move changes it too."""
    effective: date
    decision: Paper


@event(
    "registry.unit-closed.v1",
    aggregate="unit",
    public=True,
    example={
        "unit_id": "ldld-huyen-thong-nong",
        "effective": "2020-03-01",
        "successors": ["ldld-huyen-ha-quang"],
        "reason": "Sáp nhập huyện Thông Nông vào huyện Hà Quảng",
        "decision": {"number": "60-QĐ/LĐLĐ", "date": "2020-02-25"},
    },
)
class UnitClosed(Fact):
    """A unit ceases; ``effective`` is the first day without it. People decide who inherits its history."""

    unit_id: UnitId
    effective: date
    successors: tuple[UnitId, ...] = ()
    reason: Text | None = None
    decision: Paper


@event(
    "registry.unit-contacts-changed.v1",
    aggregate="unit",
    example={
        "unit_id": "ldld-cao-bang",
        "contacts": {"address": "Số 12 phố Cũ, phường Hợp Giang, Cao Bằng", "telephone": "0206 385 0000"},
        "effective": "2024-06-01",
    },
)
class UnitContactsChanged(Fact):
    """A unit is reached otherwise from a day on."""

    unit_id: UnitId
    contacts: Contacts
    effective: date
