"""The world of awards' tests: two provinces under TLĐ, an outside body, people with grants, both rule sets in force."""

from __future__ import annotations

from datetime import date, datetime, timezone
from importlib.resources import files
from typing import Any

from chassis.testing import Trial
from contracts.catalogue import Fact
from contracts.events.registry.clusters import ClusterFormed, ClusterLeadershipAssumed
from contracts.events.registry.people import GrantGiven, PostAssumed, RatingRecorded
from contracts.events.registry.registrations import EmulationRegistrationAccepted, EmulationRegistrationSubmitted
from contracts.events.registry.units import UnitRecorded
from contracts.events.registry.years import EmulationYearOpened
from contracts.events.scoring import RankingFinalized

AT = datetime(2025, 1, 6, 2, 0, tzinfo=timezone.utc)
YEAR, CLUSTER = "nam-2024", "cum-bien-gioi-phia-bac"
TLD, CAO_BANG, LAO_CAI, SON_LA = "tld", "ldld-cao-bang", "ldld-lao-cai", "ldld-son-la"
UBND, CDCS = "ubnd-cao-bang", "cdcs-benh-vien-cao-bang"
DAO = {"kind": "person", "id": "nguyen-thi-dao"}
BOSS = "tld-thuong-truc"
SEATS = [f"uy-vien-{n}" for n in range(1, 10)]
MOVEMENT_COUNCIL, AGENCY_COUNCIL = "hd-tld", "hd-co-quan-cao-bang"


def paper(number: str = "05/TTr-LĐLĐ", day: str = "2025-01-05") -> dict[str, str]:
    return {"number": number, "date": day, "issuer": "LĐLĐ tỉnh Cao Bằng"}


def _unit(unit_id: str, name: str, level: str, parent: str | None, kind: str = "federation") -> UnitRecorded:
    return UnitRecorded(
        unit_id=unit_id,
        code=unit_id.upper()[:32],
        name=name,
        level=level,
        kind=kind,
        parent_id=parent,
        effective=date(2010, 1, 1),
    )


def grant(person_id: str, role: str, unit_id: str) -> GrantGiven:
    return GrantGiven(
        grant_id=f"g-{person_id}-{role}-{unit_id}"[:64],
        person_id=person_id,
        role=role,
        unit_id=unit_id,
        period={"starts": "2024-01-01"},
    )


def registration(unit_id: str, *persons: str) -> list[Fact]:
    of = {"registration_id": f"dk-{unit_id}", "year_id": YEAR, "cluster_id": CLUSTER, "unit_id": unit_id}
    titles = [{"recipient": {"kind": "person", "id": person}, "title": "cstd-co-so"} for person in persons]
    return [
        EmulationRegistrationSubmitted(**of, titles=titles, revision=1, awaits_confirmation=False),
        EmulationRegistrationAccepted(**of, revision=1),
    ]


def rated(kind: str, of: str, year: int, rating: str) -> RatingRecorded:
    return RatingRecorded(
        rating_id=f"xl-{of}-{year}",
        subject={"kind": kind, "id": of},
        year=year,
        rating=rating,
        source="Quyết định xếp loại",
    )


def ranking(**places: str) -> RankingFinalized:
    """``ranking(ldld_lao_cai="leading")``."""
    hash_ = "0" * 64
    return RankingFinalized(
        ranking_id="xep-hang-2024",
        cluster_id=CLUSTER,
        year_id=YEAR,
        rubric_id="bang-tieu-chi-2024",
        rubric_hash=hash_,
        rows=[
            {"unit_id": unit.replace("_", "-"), "rank": nr, "classification": how}
            for nr, (unit, how) in enumerate(places.items(), 1)
        ],
        rule={},
        digest=hash_,
    )


def facts() -> list[Fact]:
    """What registry said before any award was thought of."""
    people = [
        ("can-bo-cao-bang", "officer", CAO_BANG),
        ("thuong-truc-cao-bang", "standing-office", CAO_BANG),
        ("chu-tich-cao-bang", "leader", CAO_BANG),
        ("van-thu-cao-bang", "clerk", CAO_BANG),
        ("can-bo-lao-cai", "officer", LAO_CAI),
        (BOSS, "standing-office", TLD),
        ("tld-chu-tich", "leader", TLD),
        ("tld-van-thu", "clerk", TLD),
        ("can-bo-benh-vien", "officer", CDCS),
        ("van-hanh", "operations", TLD),
    ]
    return [
        _unit(TLD, "Tổng Liên đoàn Lao động Việt Nam", "national", None),
        _unit(CAO_BANG, "Liên đoàn Lao động tỉnh Cao Bằng", "province", TLD),
        _unit(LAO_CAI, "Liên đoàn Lao động tỉnh Lào Cai", "province", TLD),
        _unit(SON_LA, "Liên đoàn Lao động tỉnh Sơn La", "province", TLD),
        _unit(UBND, "Ủy ban nhân dân tỉnh Cao Bằng", "province", None, "outside-body"),
        _unit(CDCS, "Công đoàn Bệnh viện tỉnh Cao Bằng", "grassroots", CAO_BANG, "grassroots-union"),
        *(grant(*one) for one in people),
        EmulationYearOpened(
            year_id=YEAR,
            label="Năm thi đua 2024",
            kind="calendar",
            calendar_year=2024,
            starts=date(2023, 12, 6),
            ends=date(2025, 3, 31),
            tested_registration=True,
        ),
        ClusterFormed(
            cluster_id=CLUSTER, name="Cụm Biên giới phía Bắc", kind="cluster", run_by=TLD, effective=date(2011, 6, 7)
        ),
        ClusterLeadershipAssumed(
            cluster_id=CLUSTER,
            year_id=YEAR,
            lead_unit_id=CAO_BANG,
            deputy_unit_id=LAO_CAI,
            basis="Bầu tại Hội nghị tổng kết Cụm",
        ),
        PostAssumed(
            post_id="post-dao",
            person_id=DAO["id"],
            unit_id=CAO_BANG,
            post="Chuyên viên",
            direct_worker=False,
            period={"starts": "2018-01-01"},
        ),
        *registration(CAO_BANG, DAO["id"]),
        *registration(LAO_CAI),
    ]


def rule_text(name: str) -> str:
    return (files("awards") / "rule_sets" / f"{name}.yaml").read_text(encoding="utf-8")


async def done(
    trial: Trial, path: str, body: dict[str, Any] | None = None, *, by: str = BOSS, etag: str | None = None
) -> dict[str, Any]:
    """POST that must succeed; the answer."""
    answer = await trial.post(path, body, by=by, etag=etag)
    assert answer.status_code in (200, 201), answer.text
    told: dict[str, Any] = answer.json()
    return told


async def refused(
    trial: Trial, path: str, body: dict[str, Any] | None = None, *, by: str = BOSS, etag: str | None = None
) -> dict[str, Any]:
    """POST that must be refused and record nothing; the problem, with its rule as ``rule_code``."""
    before = len(await trial.events())
    answer = await trial.post(path, body, by=by, etag=etag)
    assert answer.status_code >= 400, answer.text
    assert len(await trial.events()) == before
    problem: dict[str, Any] = answer.json()
    code = problem["type"].removeprefix("urn:thidua:problem:")
    assert problem["title"] != code, "no words for it"
    return {**problem, "rule_code": code}


async def read(trial: Trial, path: str, *, by: str = BOSS, **query: Any) -> Any:
    answer = await trial.get(path, by=by, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def etag(trial: Trial, path: str, *, by: str = BOSS) -> str:
    answer = await trial.get(path, by=by)
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"]


async def change(
    trial: Trial, proposal_id: str, verb: str, body: dict[str, Any] | None = None, *, by: str = BOSS
) -> dict[str, Any]:
    """One act on a proposal in its present version, by somebody who may do it."""
    return await done(
        trial,
        f"/proposals/{proposal_id}/{verb}",
        body,
        by=by,
        etag=await etag(trial, f"/proposals/{proposal_id}", by=by),
    )


async def cannot(
    trial: Trial, proposal_id: str, verb: str, body: dict[str, Any] | None = None, *, by: str = BOSS
) -> dict[str, Any]:
    tag = await etag(trial, f"/proposals/{proposal_id}", by=by)
    return await refused(trial, f"/proposals/{proposal_id}/{verb}", body, by=by, etag=tag)


async def enact_rules(trial: Trial) -> None:
    for name in ("luat-06-2022", "quy-che-cong-doan"):
        await done(trial, "/rule-sets", {"yaml": rule_text(name)})


def council(council_id: str, unit_id: str, track: str, members: int = 9, **more: Any) -> dict[str, Any]:
    return {
        "id": council_id,
        "unit_id": unit_id,
        "name": f"Hội đồng {council_id}",
        "track": track,
        "members": [{"person_id": seat, "office": "Ủy viên"} for seat in SEATS[:members]],
        "threshold": {"percentage": "70", "denominator": "present", "quorum": "66.6"},
        "thresholds": {"cstd-cap-tinh": {"percentage": "90", "denominator": "all", "quorum": "66.6"}},
        "in_office": {"starts": "2024-01-01"},
        "decision": paper("03-QĐ/LĐLĐ", "2024-01-02"),
        **more,
    }


def of_dao(proposal_id: str = "dn-dao", **more: Any) -> dict[str, Any]:
    """Nguyễn Thị Đào for Chiến sĩ thi đua cấp tỉnh, on the apparatus track, to UBND over her federation."""
    return {
        "id": proposal_id,
        "recipient": DAO,
        "unit_id": CAO_BANG,
        "title": "cstd-cap-tinh",
        "year_id": YEAR,
        "award_type": "comprehensive",
        "track": "apparatus",
        "channel": "authority",
        "proposed_by": CAO_BANG,
        "receiving_unit": CAO_BANG,
        "basis": {"kind": "year", "text": "Thành tích năm 2024"},
        **more,
    }


async def give_history(trial: Trial, *years: int) -> None:
    """Chiến sĩ thi đua cơ sở in these years, and a provincial initiative."""
    for year in years:
        await done(
            trial,
            "/history",
            {
                "id": f"ks-dao-{year}",
                "recipient": DAO,
                "unit_id": CAO_BANG,
                "title": "cstd-co-so",
                "year": year,
                "decision": paper(f"{year - 1980}-QĐ/LĐLĐ", f"{year}-12-28"),
                "source": "Sổ theo dõi khen thưởng",
            },
        )
    await done(
        trial,
        "/achievements",
        {
            "id": "sk-dao",
            "recipient": DAO,
            "unit_id": CAO_BANG,
            "kind": "initiative",
            "scope": "province",
            "year": 2023,
            "name": "Số hóa sổ theo dõi đoàn viên",
            "paper": paper("112-QĐ/UBND", "2023-11-30"),
            "source": "Quyết định công nhận",
        },
    )


async def to_council(trial: Trial, proposal_id: str, body: str = CAO_BANG, by: str = "thuong-truc-cao-bang") -> None:
    """Received, with its papers, forwarded to the council of the body."""
    await change(trial, proposal_id, "receipt", {"register_number": "17"}, by=by)
    for item in ("bao-cao-thanh-tich", "giay-chung-nhan-sang-kien"):
        name = "Báo cáo thành tích" if item == "bao-cao-thanh-tich" else "Giấy chứng nhận"
        await change(trial, proposal_id, "dossier", {"item": item, "name": name, "paper": paper("12/BC")}, by=by)
    await change(trial, proposal_id, "forwarding", by=by)
    await change(trial, proposal_id, "forwarding", by=by)


async def vote(
    trial: Trial, council_id: str, proposal_id: str, voters: list[str], choice: str = "for", by: str = BOSS
) -> str:
    """A ballot opened, voted on openly and closed; its id."""
    ballot = f"bp-{proposal_id}"
    await done(
        trial,
        f"/councils/{council_id}/ballots",
        {"id": ballot, "proposal_id": proposal_id, "way": "electronic-open"},
        by=by,
    )
    for voter in voters:
        await done(trial, f"/ballots/{ballot}/votes", {"choice": choice}, by=voter)
    await done(trial, f"/ballots/{ballot}/closing", by=by, etag=await etag(trial, f"/ballots/{ballot}", by=by))
    return ballot


async def concluded(
    trial: Trial, council_id: str, proposal_id: str, title: str, voters: list[str], by: str = BOSS
) -> None:
    """A favourable conclusion on an open vote."""
    ballot = await vote(trial, council_id, proposal_id, voters, by=by)
    one = {"proposal_id": proposal_id, "recommendation": "approve", "title": title, "ballot_id": ballot}
    await done(
        trial,
        f"/councils/{council_id}/conclusions",
        {"conclusions": [one], "minutes": paper("03/BB-HĐ", "2025-01-06")},
        by=by,
    )
