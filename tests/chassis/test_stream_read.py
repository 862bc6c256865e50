"""What JetStream answers to a question for one message, and what is made of it by those who ask."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import nats.errors
import pytest
from chassis.positions import Position
from chassis.relay_steps import Place
from chassis.stream_end import stream_end
from chassis.stream_read import event_at, last_event
from nats.aio.client import Client
from nats.js.errors import NotFoundError

START = Position.start("vn.registry")


class Answers:
    """A connection on which each question gets the same answer; it keeps what was asked."""

    def __init__(self, **answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def request(self, subject: str, payload: bytes, **patience: float) -> SimpleNamespace:
        self.asked.append((subject, json.loads(payload)))
        return SimpleNamespace(data=json.dumps(self.answer).encode())


def answering(code: int, err_code: int) -> Client:
    return cast(Client, Answers(error={"code": code, "err_code": err_code, "description": "told by the server"}))


async def test_a_stream_without_the_message_holds_nothing_for_anybody() -> None:
    empty = answering(404, 10037)
    assert await last_event(empty, "loc-registry", "loc.vn.registry.>", 1) is None
    assert await event_at(empty, "loc-registry", 7, 1) is None
    assert await stream_end(empty, "loc", "vn.registry", Place(7, 3), START, 1) is None


async def test_a_stream_that_is_not_there_knows_nothing_for_a_gate_and_is_away_for_a_relay() -> None:
    missing = answering(404, 10059)
    assert await last_event(missing, "loc-registry", "loc.vn.registry.>", 1) is None
    with pytest.raises(NotFoundError):
        await stream_end(missing, "loc", "vn.registry", None, START, 1)


async def test_a_stream_in_trouble_is_silent_as_one_that_does_not_answer() -> None:
    troubled = answering(503, 10008)
    with pytest.raises(nats.errors.Error):
        await last_event(troubled, "loc-registry", "loc.vn.registry.>", 1)


async def test_a_stream_of_another_site_is_asked_in_that_sites_domain() -> None:
    empty = Answers(error={"code": 404, "err_code": 10037, "description": "no message found"})
    await stream_end(cast(Client, empty), "up.caobang", "caobang.registry", Place(7, 3), START, 1, domain="vn")
    subject = "$JS.vn.API.STREAM.MSG.GET.up-caobang-registry"
    assert empty.asked == [
        (subject, {"seq": 7}),
        (subject, {"last_by_subj": "up.caobang.caobang.registry.>"}),
    ]
