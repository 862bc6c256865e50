"""A cluster in its year as registry tells of it, and the people who act, for tests of the running service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from chassis.testing import Trial
from contracts.catalogue import Fact, entry
from contracts.envelope import Act
from contracts.events.registry import (
    ClusterFormed,
    ClusterLeadershipAssumed,
    ClusterMemberJoined,
    EmulationRegistrationSubmitted,
    EmulationYearOpened,
    GrantGiven,
    ReportReceived,
    ReportSubmitted,
    UnitRecorded,
)

from tests.scoring.builders import MEMBERS, SMALL

CLUSTER, YEAR = "cum-bien-gioi-phia-bac", "nam-2024"
OPENING = datetime(2023, 12, 5, 2, 0, tzinfo=timezone.utc)
LEAD, DEPUTY, THIRD = "ldld-cao-bang", "ldld-lao-cai", "ldld-son-la"


def leader(unit: str) -> str:
    """The person who leads a unit."""
    return f"chu-tich-{unit}"


def office(unit: str) -> str:
    return f"thuong-truc-{unit}"


def appraiser(unit: str) -> str:
    return f"tham-dinh-{unit}"


def officer(unit: str) -> str:
    return f"can-bo-{unit}"


def grant(person: str, role: str, unit: str) -> GrantGiven:
    return GrantGiven.model_validate(
        {
            "grant_id": f"quyen-{role}-{unit}"[:64],
            "person_id": person,
            "role": role,
            "unit_id": unit,
            "period": {"starts": "2020-01-01"},
        }
    )


def unit(unit_id: str, parent: str | None, name: str) -> UnitRecorded:
    return UnitRecorded.model_validate(
        {
            **entry(UnitRecorded).example,
            "unit_id": unit_id,
            "parent_id": parent,
            "name": name,
            "code": unit_id,
        }
    )


def the_cluster() -> Iterable[Fact]:
    yield unit("tld", None, "Tổng Liên đoàn Lao động Việt Nam")
    for member in MEMBERS:
        yield unit(member, "tld", f"LĐLĐ tỉnh {member.removeprefix('ldld-')}")
        for person, role in (
            (leader(member), "leader"),
            (office(member), "standing-office"),
            (appraiser(member), "appraiser"),
            (officer(member), "officer"),
        ):
            yield grant(person, role, member)
    yield unit("ldld-ha-noi", "tld", "LĐLĐ thành phố Hà Nội")
    yield grant("nguoi-ha-noi", "leader", "ldld-ha-noi")
    yield EmulationYearOpened.model_validate(
        {
            "year_id": YEAR,
            "label": "Năm thi đua 2024",
            "kind": "calendar",
            "calendar_year": 2024,
            "starts": "2023-12-06",
            "ends": "2025-03-31",
            "tested_registration": True,
        }
    )
    yield ClusterFormed.model_validate(
        {
            "cluster_id": CLUSTER,
            "name": "Cụm Biên giới phía Bắc",
            "kind": "cluster",
            "run_by": "tld",
            "effective": "2011-06-07",
        }
    )
    for member in MEMBERS:
        yield ClusterMemberJoined.model_validate(
            {"cluster_id": CLUSTER, "unit_id": member, "period": {"starts": "2011-06-07"}}
        )
    yield ClusterLeadershipAssumed(
        cluster_id=CLUSTER, year_id=YEAR, lead_unit_id=LEAD, deputy_unit_id=DEPUTY, basis="Bầu tại hội nghị tổng kết"
    )


def lines(a: Any = 100, c: Any = 6, d: int = 0) -> list[dict[str, Any]]:
    """A report on the small table that fills every line."""
    return [
        {"code": "1.1", "actual": str(a), "self_score": "10", "explanation": "Theo sổ theo dõi"},
        {"code": "1.2", "achieved": True, "self_score": "4"},
        {"code": "1.3", "self_score": str(c)},
        {"code": "2.1", "faults": d, "self_score": "10"},
        {"code": "2.2", "actual": "0", "faults": 0},
    ]


def submitted(unit_id: str, reported: list[dict[str, Any]] | None = None, **changes: Any) -> ReportSubmitted:
    return ReportSubmitted.model_validate(
        {
            "report_id": f"bc-{unit_id}",
            "kind": "year",
            "year_id": YEAR,
            "cluster_id": CLUSTER,
            "unit_id": unit_id,
            "revision": 1,
            "lines": reported if reported is not None else lines(),
            "punctuality": "on-time",
            "awaits_confirmation": False,
            **changes,
        }
    )


def received(unit_id: str, revision: int = 1) -> ReportReceived:
    return ReportReceived.model_validate(
        {
            "report_id": f"bc-{unit_id}",
            "kind": "year",
            "year_id": YEAR,
            "cluster_id": CLUSTER,
            "unit_id": unit_id,
            "revision": revision,
            "received_by": LEAD,
        }
    )


def registered(unit_id: str, targets: dict[str, str]) -> EmulationRegistrationSubmitted:
    return EmulationRegistrationSubmitted.model_validate(
        {
            "registration_id": f"dk-{unit_id}",
            "year_id": YEAR,
            "cluster_id": CLUSTER,
            "unit_id": unit_id,
            "targets": [
                {"text": f"Chỉ tiêu {code}", "amount": amount, "code": code} for code, amount in targets.items()
            ],
            "punctuality": "on-time",
            "revision": 1,
            "awaits_confirmation": False,
        }
    )


def act(instant: datetime, unit_id: str, means: str = "online") -> Act:
    return Act(
        whose=f"unit:{unit_id}",
        typed_by=f"person:{officer(unit_id)}",
        means=means,  # type: ignore[arg-type]
        made=instant,
        received=instant,
        recorded=instant,
    )


def card_id(unit_id: str) -> str:
    return f"sc-{YEAR}-{CLUSTER}-{unit_id}"


async def etag_of(trial: Trial, path: str, by: str) -> str:
    answer = await trial.get(path, by=by)
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"]


async def agreed_rubric(trial: Trial, form: str = SMALL, rubric_id: str = "bang-2024", year: str = YEAR) -> None:
    """Drafted by the deputy, agreed by all, frozen."""
    drafted = await trial.post(
        "/rubrics",
        {"id": rubric_id, "cluster_id": CLUSTER, "year_id": year, "drafted_by_unit": DEPUTY, "form": form},
        by=office(DEPUTY),
    )
    assert drafted.status_code == 201, drafted.text
    for member in MEMBERS:
        answer = await trial.post(
            f"/rubrics/{rubric_id}/agreements", {"unit_id": member, "version": 1}, by=leader(member)
        )
        assert answer.status_code == 201, answer.text
    etag = await etag_of(trial, f"/rubrics/{rubric_id}", leader(LEAD))
    frozen = await trial.post(f"/rubrics/{rubric_id}/freezing", by=office(DEPUTY), etag=etag)
    assert frozen.status_code == 200, frozen.text


async def reports_of_all(trial: Trial, **figures: int) -> None:
    """Every member's year report, received; ``figures`` say what each reached (by the last part of its id)."""
    for member in MEMBERS:
        reached = figures.get(member.removeprefix("ldld-").replace("-", "_"), 50)
        await trial.given(submitted(member, lines(reached)), received(member))


async def to_card(trial: Trial, what: str, unit_id: str, body: dict[str, Any], by: str) -> Any:
    """POST to a card with its present ETag."""
    etag = await etag_of(trial, f"/scorecards/{card_id(unit_id)}", leader(LEAD))
    return await trial.post(f"/scorecards/{card_id(unit_id)}/{what}", body, by=by, etag=etag)
