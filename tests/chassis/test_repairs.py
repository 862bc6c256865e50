"""Restore, forks and rebuild as those who operate a site ask for them: by route and by command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from chassis.restore import alone
from contracts.refusal import Refused
from thidua.cli import session
from thidua.local.nats import EmbeddedNats

from tests.chassis.delivery import at_work_on, awake, caught_up, form, numbered, one, received_as_sent, rows
from tests.chassis.hands import OPERATOR, OUTSIDER, serving, token
from tests.chassis.reader import Mood, reader_service
from tests.chassis.sample import sample_service
from tests.chassis.sites import eventually, site
from tests.chassis.test_forks import parted
from tests.chassis.test_gate import gated, head, judged, opened
from tests.chassis.test_restore import copied
from tests.support.databases import DatabaseMaker

NOWHERE = "5d" * 32
REPAIRS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", "/ops/restoring", None),
    ("POST", "/ops/restoring", {"reason": "thử"}),
    ("GET", "/ops/forks", None),
    ("GET", "/ops/forks/vn.registry", None),
    ("GET", "/ops/voided", None),
    ("POST", "/ops/forks/keeping", {"keep": NOWHERE, "keep_seq": 1, "reason": "thử"}),
    ("POST", "/ops/forks/vn.registry/adopting", {"kept": NOWHERE, "reason": "thử"}),
    ("GET", "/ops/rebuild", None),
    ("POST", "/ops/rebuild", {}),
]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedNats]:
    async with site(tmp_path / "nats") as running:
        yield running


@pytest.fixture
async def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the command finds where a site listens, and with it the operator's token."""
    for name, value in {"DATA": tmp_path, "TOKEN": token(OPERATOR)}.items():
        monkeypatch.setenv(f"THIDUA_{name}", str(value))
    # The console read how wide it is when it was imported, whoever did that.
    monkeypatch.setattr(session.console, "width", 240)
    (tmp_path / "up").mkdir()
    return tmp_path / "up"


async def test_repairs_are_for_who_operates_the_site_and_say_what_is_wrong_with_a_wish(
    make_database: DatabaseMaker, data: Path
) -> None:
    async def forgot(asking: Any) -> None:
        raise Refused("not-entitled", role=["operations"], unit="*")

    async with (
        awake(sample_service(), await make_database("registry")) as registry,
        awake(reader_service(Mood()), await make_database("scoring")) as scoring,
        serving(data, registry, scoring) as hands,
    ):
        for method, path, body in REPAIRS:
            answer = await hands.ask("scoring", method, path, body, by=OUTSIDER)
            assert (answer.status_code, answer.json()["type"][-12:]) == (403, "not-entitled"), (method, path)
        # Nothing happened yet, and without NATS nobody can be asked.
        told = await hands.told("scoring", "/ops/restoring")
        assert told == {"open": True, "findings": [], "silent": [], "runs": [], "not_recovered": []}
        for path in ("/ops/forks", "/ops/voided", "/ops/rebuild"):
            assert await hands.told("scoring", path) == []
        assert await hands.refused("scoring", *REPAIRS[1]) == "not-ready"
        assert await hands.refused("scoring", *REPAIRS[5]) == "not-ready"
        for body in ({}, {"reason": ""}, {"reason": "thử", "keep": "abc"}, {"reason": "thử", "whithout": ["awards"]}):
            assert await hands.refused("scoring", "POST", "/ops/restoring", body) == "invalid"
        assert await hands.refused("scoring", "GET", "/ops/forks/vn.awards") == "not-found"
        assert await hands.refused("scoring", "POST", "/ops/rebuild", {"log": "vn.awards"}) == "unknown-log"
        said = await hands.thidua("log", "fork", "show")
        assert (said.code, "Không có sổ nào bị rẽ nhánh" in said.text) == (0, True), said.text
        said = await hands.thidua("log", "restore", "notify")
        assert (said.code, "Có: registry, scoring" in said.text) == (2, True), said.text
        said = await hands.thidua("rebuild", "scoring", "awards")
        assert (said.code, "giữ sổ vn.scoring, vn.registry" in said.text) == (1, True), said.text

        # A database that was brought back and knows no grants any more: registry still knows who operates the site.
        scoring.service.may_operate, scoring.gate.open = forgot, False
        assert (await hands.ask("scoring", "GET", "/ops/restoring")).status_code == 403
        scoring.settings.registry_url = hands.urls["registry"]
        assert (await hands.told("scoring", "/ops/restoring"))["open"] is False
        assert (await hands.ask("scoring", "GET", "/ops/restoring", by=OUTSIDER)).status_code == 403
        # Once its gate is open its own grants count again.
        scoring.gate.open = True
        assert (await hands.ask("scoring", "GET", "/ops/restoring")).status_code == 403


async def test_a_log_is_restored_by_command_and_the_route_tells_why_how_far_and_what_is_lost(
    server: EmbeddedNats, make_database: DatabaseMaker, data: Path
) -> None:
    database = await make_database("registry")
    async with at_work_on(reader_service(Mood()), await make_database("scoring"), server) as reader:
        async with awake(sample_service(), database) as producer:
            await form(producer, *numbered(3))
        backup = await copied(make_database, database)
        async with at_work_on(sample_service(), database, server) as producer:
            await form(producer, *numbered(4, first=4))
            await caught_up(reader, producer)
        settings = {"followed_by": "scoring,awards", "gate_seconds": 0.5}
        async with (
            judged(sample_service(), backup, server.url, **settings) as producer,
            serving(data, producer) as hands,
        ):
            await gated(producer)
            await eventually(lambda: "nats" not in producer.health)
            told = await hands.told("registry", "/ops/restoring")
            assert not told["open"]
            assert ("behind", "scoring") in [(one["kind"], one["by"]) for one in told["findings"]]
            body = {"id": "cum-moi", "name": "Cụm mới"}
            assert await hands.refused("registry", "POST", "/clusters", body) == "restored-from-backup"

            async with alone(producer):
                assert await hands.refused("registry", *REPAIRS[1]) == "restore-running"
            answer = await hands.ask("registry", *REPAIRS[1])
            assert (answer.status_code, answer.json()["type"][-14:]) == (409, "witness-silent")
            said = await hands.thidua("log", "restore", "registry")
            assert (said.code, "awards" in said.text, "--without" in said.text) == (1, True, True), said.text
            assert (await hands.told("registry", "/ops/restoring"))["runs"] == []

            said = await hands.thidua("log", "restore", "registry", "--without", "awards", "--reason", "cháy máy chủ")
            assert said.code == 0, said.text
            assert "registry: đã lấy lại 4 sự kiện, sổ đã mở để ghi." in said.text
            assert "Không lấy lại được: sổ vn.registry, kỷ 1, từ số 9 trở đi" in said.text
            assert "Đã bỏ qua, không hỏi được: awards." in said.text
            await opened(producer)
            told = await hands.told("registry", "/ops/restoring")
            assert (told["open"], told["findings"]) == (True, [])
            (run,) = told["runs"]
            expected = {"by": f"person:{OPERATOR}", "reason": "cháy máy chủ", "without": ["awards"], "step": "done"}
            assert expected.items() <= run.items()
            assert (run["from_seq"], run["reached_seq"], run["trouble"]) == (4, 8, None)
            lost = {"log": "vn.registry", "epoch": 1, "from_seq": 9, "to_seq": 8, "opened": 2}
            assert told["not_recovered"] == [lost]
            assert await hands.refused("registry", *REPAIRS[1]) == "nothing-to-restore"
            said = await hands.thidua("log", "restore", "registry")
            assert (said.code, "Không có gì phải khôi phục" in said.text) == (1, True), said.text
            assert (await hands.ask("registry", "POST", "/clusters", body)).status_code == 201
            await caught_up(reader, producer)
            assert await received_as_sent(reader, producer)


async def test_a_fork_is_shown_and_decided_by_command_and_what_it_fed_is_rebuilt(
    server: EmbeddedNats, make_database: DatabaseMaker, data: Path
) -> None:
    async with at_work_on(reader_service(Mood()), await make_database("scoring"), server) as reader:
        backup = await parted(make_database, server, reader)
        async with awake(sample_service(), backup) as producer:
            await form(producer, ("cum-b1", "nhánh B"))
            mine = await head(producer)
        async with (
            judged(sample_service(), backup, server.url, followed_by="scoring") as producer,
            serving(data, producer, reader) as hands,
        ):
            await gated(producer)
            await eventually(lambda: "nats" not in {**producer.health, **reader.health})
            theirs = await rows(reader, "SELECT hash FROM chassis.received WHERE seq > 4 ORDER BY seq")
            both = await hands.told("scoring", "/ops/forks/vn.registry")
            assert [one["hash"] for one in both["held"]] == [row.hash.hex() for row in theirs]
            assert [(one["key"], one["hash"]) for one in both["produced"]] == [("vn.registry:1:5", mine.hash.hex())]
            assert both["common"]["seq"] == 4
            said = await hands.thidua("log", "fork", "show")
            assert said.code == 0, said.text
            assert "Hai nhánh giống nhau tới 1:4" in said.text
            for hash in (mine.hash, *(row.hash for row in theirs)):
                assert hash.hex()[:16] in said.text

            nobodys = {"keep": NOWHERE, "keep_seq": 5, "reason": "thử"}
            assert await hands.refused("registry", "POST", "/ops/forks/keeping", nobodys) == "no-such-branch"
            assert (await hands.thidua("log", "fork", "keep", "5d5d", "--reason", "thử")).code == 2
            said = await hands.thidua("log", "fork", "keep", NOWHERE, "--reason", "thử")
            assert (said.code, f"Không có nhánh nào mang mã băm {NOWHERE}" in said.text) == (1, True), said.text
            assert await head(producer) == mine

            said = await hands.thidua("log", "fork", "keep", mine.hash.hex()[:12], "--reason", "nhánh B đúng")
            assert said.code == 0, said.text
            assert "scoring: để riêng 2 sự kiện của nhánh không được giữ, theo tiếp vn.registry." in said.text
            await opened(producer)
            await form(producer, ("cum-b2", "nhánh B"))
            await caught_up(reader, producer)
            for name in ("registry", "scoring"):
                voided = await hands.told(name, "/ops/voided")
                assert [(one["key"], one["hash"]) for one in voided] == [
                    (f"vn.registry:1:{seq}", row.hash.hex()) for seq, row in enumerate(theirs, 5)
                ]
                decided = {"kept": mine.hash.hex(), "reason": "nhánh B đúng", "by": f"person:{OPERATOR}"}
                assert all(decided.items() <= one.items() for one in voided)
            (fork,) = await hands.told("scoring", "/ops/forks")
            assert (fork["log"], fork["kept"]) == ("vn.registry", mine.hash.hex())
            assert fork["decided_at"] is not None
            receipt = await hands.told("registry", "/receipts/vn.registry/1/6")
            assert [one["hash"] for one in receipt["voided"]] == [theirs[1].hash.hex()]
            said = await hands.thidua("log", "fork", "show", "scoring")
            assert "Không có sổ nào bị rẽ nhánh" in said.text

            async with reader.engine.begin() as db:
                await db.execute(sa.text("UPDATE seen SET name = 'sửa tay' WHERE cluster_id = 'cum-b1'"))
            said = await hands.thidua("rebuild", "scoring", "registry")
            assert said.code == 1, said.text
            for words in ("chưa đổi", '(cum-b1,"sửa tay",1)', '(cum-b1,"nhánh B",1)', "--swap-anyway"):
                assert words in said.text
            (last,) = await hands.told("scoring", "/ops/rebuild")
            assert (last["state"], last["asked_by"]) == ("differs", f"person:{OPERATOR}")
            assert await one(reader, "SELECT name FROM seen WHERE cluster_id = 'cum-b1'") == "sửa tay"
            said = await hands.thidua("rebuild", "scoring", "vn.registry", "--swap-anyway")
            assert (said.code, said.text.splitlines()[0]) == (0, "vn.registry: đã đổi sang bảng mới"), said.text
            assert await one(reader, "SELECT name FROM seen WHERE cluster_id = 'cum-b1'") == "nhánh B"
