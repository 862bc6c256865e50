"""Clusters and blocs: members over time, lead and deputy for one emulation year."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from contracts.catalogue import Fact, event
from contracts.values import ClusterId, Paper, Period, ShortText, Text, UnitId, YearId


class ClusterKind(StrEnum):
    CLUSTER = "cluster"
    """Cụm: provinces or sectors beside one another; its lead's standing office receives."""
    BLOC = "bloc"
    """Khối: run by a federation, whose standing office receives."""


@event(
    "registry.cluster-formed.v1",
    aggregate="cluster",
    public=True,
    example={
        "cluster_id": "cum-bien-gioi-phia-bac",
        "name": "Cụm thi đua LĐLĐ các tỉnh biên giới phía Bắc",
        "kind": "cluster",
        "run_by": "tld",
        "effective": "2011-06-07",
        "paper": {
            "number": "01/QCLV",
            "date": "2011-06-07",
            "issuer": "Cụm thi đua LĐLĐ các tỉnh Biên giới phía Bắc",
        },
    },
)
class ClusterFormed(Fact):
    """Units are grouped to emulate one another."""

    cluster_id: ClusterId
    name: ShortText
    kind: ClusterKind
    run_by: UnitId
    """The level above it: runs it, enters late filings of the lead, opens its deadlines."""
    effective: date
    paper: Paper | None = None


@event(
    "registry.cluster-member-joined.v1",
    aggregate="cluster",
    public=True,
    example={
        "cluster_id": "cum-bien-gioi-phia-bac",
        "unit_id": "ldld-cao-bang",
        "period": {"starts": "2011-06-07"},
        "paper": {"number": "650/HD-TLĐ", "date": "2011-04-29"},
    },
)
class ClusterMemberJoined(Fact):
    """A unit is a member from a day on. A unit may be in several clusters at once."""

    cluster_id: ClusterId
    unit_id: UnitId
    period: Period
    paper: Paper | None = None


@event(
    "registry.cluster-member-left.v1",
    aggregate="cluster",
    public=True,
    example={
        "cluster_id": "cum-bien-gioi-phia-bac",
        "unit_id": "ldld-ha-giang",
        "ends": "2025-07-01",
        "reason": "Hợp nhất với Tuyên Quang",
    },
)
class ClusterMemberLeft(Fact):
    """A membership ends; ``ends`` is the first day without it."""

    cluster_id: ClusterId
    unit_id: UnitId
    ends: date
    reason: Text | None = None
    paper: Paper | None = None


@event(
    "registry.cluster-leadership-assumed.v1",
    aggregate="cluster",
    public=True,
    example={
        "cluster_id": "cum-bien-gioi-phia-bac",
        "year_id": "nam-2024",
        "lead_unit_id": "ldld-cao-bang",
        "deputy_unit_id": "ldld-lao-cai",
        "basis": "Bầu tại Hội nghị tổng kết Cụm ngày 05/12/2023",
    },
)
class ClusterLeadershipAssumed(Fact):
    """Lead and deputy of a cluster for one emulation year. A later one for the same year replaces it."""

    cluster_id: ClusterId
    year_id: YearId
    lead_unit_id: UnitId
    deputy_unit_id: UnitId
    basis: Text
    """What it rests on: an election at the conference, an agreement, a decision."""
    paper: Paper | None = None
