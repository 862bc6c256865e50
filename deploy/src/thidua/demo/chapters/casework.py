"""How a case moves, whichever it is: sent with its papers, through the stages of a body and its council, decided."""

from __future__ import annotations

from typing import Any

from thidua.demo.stage import LEAD, YEAR, Stage, paper

PROVINCE_COUNCIL = "hd-phong-trao-cao-bang"
AGENCY_COUNCIL = "hd-co-quan-cao-bang"
OFFICE, CHAIR, CLERK = "thuong-truc-cao-bang", "lanh-dao-cao-bang", "van-thu-cao-bang"


async def send(stage: Stage, officer: str, case: str, number: str) -> None:
    """The proposing unit puts its papers in and sends the case; the day of receipt chooses the rules."""
    today = stage.time.now.date().isoformat()
    for item in ("to-trinh", "bao-cao-thanh-tich"):
        await stage.by(officer).change(
            "awards", f"/proposals/{case}", "dossier", {"item": item, "paper": paper(number, today)}
        )
    letter = {"letter": paper(number, today)}
    await stage.by(officer).change("awards", f"/proposals/{case}", "submission", letter)


async def at_the_province(
    stage: Stage, case: str, *, council: str = PROVINCE_COUNCIL, recused: str | None = None
) -> None:
    members = 7 if council == AGENCY_COUNCIL else 9
    await through(stage, case, OFFICE, CHAIR, council, members=members, recused=recused)


async def through(
    stage: Stage, case: str, office: str, chair: str, council: str, *, members: int, recused: str | None = None
) -> None:
    """Specialist → head → council (counted by hands, with minutes) → standing committee → signatory."""
    path = f"/proposals/{case}"
    today = stage.time.now.date().isoformat()
    standing = stage.by(office)
    await standing.change("awards", path, "receipt", {})
    await standing.change("awards", path, "forwarding", {"note": "Đã thẩm định hồ sơ."})
    await standing.change("awards", path, "forwarding", {"note": "Trưởng ban thống nhất trình Hội đồng."})
    if recused is not None:
        recusal = {"proposal_id": case, "person_id": recused, "reason": "Người được đề nghị là người thân."}
        await standing.post("awards", f"/councils/{council}/recusals", recusal)
    voters = members - (recused is not None)
    ballot = f"bp-{case}"
    opening = {"id": ballot, "proposal_id": case, "way": "show-of-hands"}
    await standing.post("awards", f"/councils/{council}/ballots", opening)
    minutes = paper(f"BB-{case}", today, "Hội đồng TĐKT")
    hands = {"present": voters, "in_favour": voters - (voters > 3), "against": 0, "abstained": int(voters > 3)}
    await standing.change("awards", f"/ballots/{ballot}", "count", {"hands": hands, "minutes": minutes})
    await standing.change("awards", f"/ballots/{ballot}", "closing", {})
    told = await standing.get("awards", path)
    conclusion = {
        "proposal_id": case,
        "recommendation": "approve",
        "title": told["title"],
        "ballot_id": ballot,
    }
    await standing.post("awards", f"/councils/{council}/conclusions", {"conclusions": [conclusion], "minutes": minutes})
    await standing.change("awards", path, "dossier", {"item": "bien-ban-hoi-dong", "paper": minutes})
    await standing.change("awards", path, "forwarding", {"note": "Hội đồng thông qua."})
    await stage.by(chair).change("awards", path, "forwarding", {"note": "Ban Thường vụ thống nhất."})


async def decide(
    stage: Stage,
    cases: list[str],
    decision: str,
    number: str,
    kind: str,
    *,
    clerk: str = CLERK,
    body: str = LEAD,
    signatory: str = "Bế Quang Huy",
) -> None:
    """The clerk gives the number; one decision with its list."""
    await stage.by(clerk).post(
        "awards",
        "/decisions",
        {
            "id": decision,
            "issuing_body": body,
            "number": f"{number}/QĐ-LĐLĐ" if body == LEAD else f"{number}/QĐ-TLĐ",
            "kind": kind,
            "date": stage.time.now.date().isoformat(),
            "signatory": signatory,
            "proposal_ids": cases,
        },
    )
    await stage.time.rest()


def basis(kind: str, text: str, **more: str) -> dict[str, str]:
    return {"kind": kind, "text": text, **more}


def proposal(
    case: str,
    recipient: dict[str, str],
    title: str,
    award_type: str,
    rests_on: dict[str, str],
    *,
    proposed_by: str,
    unit_id: str | None = None,
    year_id: str | None = YEAR,
    track: str = "movement",
    channel: str = "union",
) -> dict[str, Any]:
    """A proposal drawn up by hand, received by the province."""
    return {
        "id": case,
        "recipient": recipient,
        "unit_id": unit_id,
        "title": title,
        "year_id": year_id,
        "award_type": award_type,
        "track": track,
        "channel": channel,
        "proposed_by": proposed_by,
        "receiving_unit": LEAD,
        "basis": rests_on,
    }
