"""Single messages of a stream by request, without a consumer: what a gate and a restore look up in it."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

from nats.aio.client import Client

from chassis.facts import Stored
from chassis.wire import NotAnEvent, from_headers

NOT_FOUND = 404


class StreamTrouble(Exception):
    """The stream answered with an error that is not *there is no such message*."""


async def last_event(client: Client, stream: str, subjects: str, patience: float) -> tuple[int, Stored] | None:
    """The last event on the subjects with its number in the stream; None when the stream has none, or is not there.

    Raises TimeoutError or nats' NoRespondersError while JetStream does not answer.
    """
    return await _read(client, stream, {"last_by_subj": subjects}, patience)


async def event_at(client: Client, stream: str, number: int, patience: float) -> tuple[int, Stored] | None:
    """The event that stands under a number of the stream; None when nothing stands there, or what is no event."""
    return await _read(client, stream, {"seq": number}, patience)


async def _read(client: Client, stream: str, asked: dict[str, Any], patience: float) -> tuple[int, Stored] | None:
    answer = await client.request(f"$JS.API.STREAM.MSG.GET.{stream}", json.dumps(asked).encode(), timeout=patience)
    told = json.loads(answer.data)
    if error := told.get("error"):
        if error.get("code") == NOT_FOUND:
            return None
        raise StreamTrouble(f"{stream}: {error.get('description')}")
    message = told["message"]
    try:
        event = from_headers(_headers(b64decode(message.get("hdrs", ""))), b64decode(message.get("data", "")))
    except NotAnEvent:
        return None
    return int(message["seq"]), event


def _headers(raw: bytes) -> dict[str, str]:
    """As the client reads them from a delivered message: UTF-8, blanks at the ends taken away."""
    lines = raw.decode().split("\r\n")[1:]
    return {name: value.strip() for name, found, value in (line.partition(":") for line in lines) if found}
