"""``make refusals``: wrong things tried against a running site; each is refused in words, and nothing changes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from thidua.cli.session import LOGINS_FILE
from thidua.demo.api import Api
from thidua.demo.chapters import criteria
from thidua.local.addresses import Addresses
from thidua.small_year.play import BALLOT, CLUSTER, FIGURES, RECUSED, YEAR

OPERATOR = "van-hanh"


@dataclass
class Try:
    """One wrong thing: what it is, which problem must answer, and how it is asked."""

    what: str
    problem: str | None
    ask: Callable[[Hand], Awaitable[httpx.Response]]
    events: int = 0
    """How many events it may add: only the first of two equal sends adds any."""


class Hand:
    """Sends raw requests, so that also malformed ones can be tried."""

    def __init__(self, api: Api) -> None:
        self.api = api

    async def send(
        self,
        login: str,
        method: str,
        service: str,
        path: str,
        body: dict[str, Any] | None = None,
        **headers: str,
    ) -> httpx.Response:
        given = {"Authorization": f"Bearer {await self.api.token(login)}", "Idempotency-Key": str(uuid.uuid4())}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.api.request(service, method, path, json=body if method != "GET" else None, headers=given)

    async def heads(self) -> dict[str, int]:
        """Where every log ends: what *nothing changed* is proved by."""
        states = await self.api.states(OPERATOR)
        return {name: state["head"]["seq"] for name, state in states.items()}


def _report(unit: str, kind: str = "year", **more: Any) -> dict[str, Any]:
    lines = [{"code": code, "actual": actual} for code, actual in FIGURES.items()]
    return {"year_id": YEAR, "cluster_id": CLUSTER, "unit_id": unit, "kind": kind, "lines": lines, **more}


async def wrong_rubric(hand: Hand) -> httpx.Response:
    form = (
        criteria.bloc_form().replace("kind: stepped", "kind: bac-thang").replace("max_points: 20", "max_points: hai", 1)
    )
    body = {"cluster_id": CLUSTER, "year_id": YEAR, "drafted_by_unit": "ldld-cao-bang", "form": form}
    return await hand.send("thuong-truc-cao-bang", "POST", "scoring", "/rubrics", body)


async def unknown_unit(hand: Hand) -> httpx.Response:
    body = {"unit_id": "ldld-khong-co", "period": {"starts": "2024-01-01"}}
    return await hand.send("thuong-truc-tld", "POST", "registry", f"/clusters/{CLUSTER}/members", body)


async def after_hard_close(hand: Hand) -> httpx.Response:
    body = _report("ldld-dien-bien", "half-year")
    return await hand.send("can-bo-dien-bien", "POST", "registry", "/reports/bc-6t-dien-bien/submission", body)


async def vote_of_recused(hand: Hand) -> httpx.Response:
    body = {"unit_id": RECUSED, "choices": ["ldld-son-la"]}
    return await hand.send("lanh-dao-dien-bien", "POST", "scoring", f"/ballots/{BALLOT}/votes", body)


async def foreign_province(hand: Hand) -> httpx.Response:
    body = _report("ldld-dien-bien")
    return await hand.send("can-bo-lao-cai", "POST", "registry", "/reports/bc-cua-dien-bien/submission", body)


async def stale_version(hand: Hand) -> httpx.Response:
    path = "/reports/bc-ldld-son-la/submission"
    return await hand.send("can-bo-son-la", "POST", "registry", path, _report("ldld-son-la"), If_Match='"1"')


async def too_large(hand: Hand) -> httpx.Response:
    body = _report("ldld-dien-bien", narrative="x" * 1_200_000)
    return await hand.send("can-bo-dien-bien", "POST", "registry", "/reports/bc-qua-lon/submission", body)


async def show_refusals(addresses: Addresses, folder: Path, console: Console) -> int:
    """Try everything; 0 when each was refused as it should be and nothing changed."""
    logins = json.loads((folder / LOGINS_FILE).read_text(encoding="utf-8"))
    async with Api(addresses, logins) as api:
        hand = Hand(api)
        failed = 0
        for nr, trial in enumerate(tries(), 1):
            before = await hand.heads()
            answer = await trial.ask(hand)
            after = await hand.heads()
            failed += not _shown(console, nr, trial, answer, before, after)
    console.print(
        "\nMọi việc sai đều bị từ chối và không có gì thay đổi." if not failed else f"\n[red]{failed} việc SAI.[/]"
    )
    return 1 if failed else 0


def tries() -> list[Try]:
    key = str(uuid.uuid4())
    year = date.today().year
    campaign = {
        "title": "Xanh, sạch, đẹp – bảo đảm an toàn vệ sinh lao động",
        "span": "drive",
        "scope": "thematic",
        "launched_by": "ldld-son-la",
        "period": {"starts": f"{year}-01-01", "ends": f"{year + 1}-01-01"},
        "goals": ["Nơi làm việc an toàn"],
        "targets": ["100 % doanh nghiệp có công đoàn tham gia"],
        "content": ["Vệ sinh, an toàn nơi làm việc"],
        "measures": ["Tự kiểm tra hằng tháng"],
        "participants": ["Đoàn viên, người lao động"],
    }

    async def first(hand: Hand) -> httpx.Response:
        return await hand.send("can-bo-son-la", "POST", "registry", "/campaigns", campaign, Idempotency_Key=key)

    async def other_body(hand: Hand) -> httpx.Response:
        body = campaign | {"title": "Một tên khác"}
        return await hand.send("can-bo-son-la", "POST", "registry", "/campaigns", body, Idempotency_Key=key)

    return [
        Try("Bảng tiêu chí sai", "rubric-invalid", wrong_rubric),
        Try("Đơn vị không tồn tại", "unknown-unit", unknown_unit),
        Try("Báo cáo sau khi khóa nhận", "report-after-hard-close", after_hard_close),
        Try("Thành viên không tham gia biểu quyết lại bỏ phiếu", "recused-member-votes", vote_of_recused),
        Try("Người của tỉnh khác nộp thay", "not-entitled", foreign_province),
        Try("Sửa trên bản cũ (If-Match)", "precondition-failed", stale_version),
        Try("Nội dung quá lớn", "body-too-large", too_large),
        Try("Gửi với một Idempotency-Key", None, first, events=1),
        Try("Cùng khóa, cùng nội dung: trả lời cũ, không ghi thêm", None, first),
        Try("Cùng khóa, nội dung khác", "idempotency-key-reused", other_body),
    ]


def _shown(
    console: Console, nr: int, trial: Try, answer: httpx.Response, before: dict[str, int], after: dict[str, int]
) -> bool:
    told = answer.json()
    console.print(f"\n[bold]{nr}. {trial.what}[/]  → {answer.status_code}")
    if answer.status_code >= 400:
        console.print(f"   {told['title']}: {told['detail']}")
        console.print(f"   Quy định: {told['rule']}")
        console.print(f"   Cần làm: {told['todo']}")
    else:
        replayed = " (trả lại câu trả lời cũ)" if answer.headers.get("idempotency-replayed") else ""
        console.print(f"   Biên nhận {told['receipt']['log']} số {told['receipt']['last_seq']}{replayed}")
    expected = f"urn:thidua:problem:{trial.problem}" if trial.problem else None
    right = told.get("type") == expected if expected else answer.status_code < 400
    added = after["registry"] + after["scoring"] - before["registry"] - before["scoring"]
    unchanged = added == trial.events
    console.print(
        f"   Đầu các sổ trước/sau: {_heads(before)} / {_heads(after)}" + ("" if unchanged else "  [red]ĐÃ ĐỔI[/]")
    )
    if not right:
        console.print(f"   [red]Lẽ ra phải là {expected}, nhưng là {told.get('type')}[/]")
    return right and unchanged


def _heads(heads: dict[str, int]) -> str:
    return " ".join(f"{name}={seq}" for name, seq in heads.items())
