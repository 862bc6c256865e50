"""Whom a copy asks, and as whom; what followers say of the own log is kept as they say it."""

from __future__ import annotations

from typing import Any

import pytest
from chassis import beacon, forks, logread, subjects
from chassis.facts import Stored
from chassis.inquiry import Inquiry
from chassis.log import read_page
from chassis.positions import Position

from tests.chassis.delivery import awake, form, one
from tests.chassis.sample import sample_service
from tests.support.databases import DatabaseMaker


async def test_a_site_below_asks_for_the_log_of_the_site_above_under_its_own_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    async def answers(_broker: object, subject: str, _request: object, **_: Any) -> dict[str, Any]:
        asked.append(subject)
        return logread.to_json("vn.registry", logread.Page((), Position.start("vn.registry")))

    monkeypatch.setattr(logread, "ask", answers)
    inquiry = Inquiry(None, "tinh-ban.scoring", subjects.LOCAL, {"vn.registry": "tinh-ban"}.__getitem__)  # type: ignore[arg-type]
    await inquiry.produced("vn.registry", 0)
    assert asked == [subjects.log_read("vn", "registry", "tinh-ban")]
    assert asked[0] != subjects.log_read("vn", "registry")


def test_an_event_that_is_withheld_is_shown_on_its_branch_by_receipt_and_hash_alone() -> None:
    event = Stored("vn.registry", 2, 7, b"p" * 32, b"h" * 32, b"d" * 32, b"d" * 32, None)
    assert event.withheld
    assert forks.receipt_of(event) == {"key": "vn.registry:2:7", "hash": (b"h" * 32).hex(), "type": "withheld"}


async def test_a_follower_that_has_gone_back_holds_no_more_than_it_says_now(make_database: DatabaseMaker) -> None:
    async with awake(sample_service(), await make_database("registry")) as running:
        await form(running, ("cum-a", "A"), ("cum-b", "B"))
        async with running.engine.connect() as db:
            first, last = [Position.of(event) for event in (await read_page(db, running.log, 0))[-2:]]
        for said in (last, first):
            assert await beacon.keep_mark(running.engine, "vn.scoring", said)
            assert await one(running, "SELECT seq FROM chassis.follower_mark") == said.seq
        stray = Position(first.epoch, first.seq, b"x" * 32)
        assert not await beacon.keep_mark(running.engine, "vn.scoring", stray)
