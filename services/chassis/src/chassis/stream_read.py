"""Single messages of a stream by request, without a consumer: what relay, gate and restore look up in it."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

from nats.aio.client import Client
from nats.js.errors import APIError, NotFoundError

from chassis.facts import Stored
from chassis.wire import NotAnEvent, from_headers

NO_MESSAGE = 10037
"""What the server says when a stream is there but not the message that was asked for."""


async def last_event(client: Client, stream: str, subjects: str, patience: float) -> tuple[int, Stored] | None:
    """The last event on the subjects with its number in the stream; None when the stream has none, or is not there.

    Raises TimeoutError or nats' errors while JetStream does not answer.
    """
    return await _if_there(client, stream, {"last_by_subj": subjects}, patience)


async def event_at(client: Client, stream: str, number: int, patience: float) -> tuple[int, Stored] | None:
    """The event that stands under a number of the stream; None when nothing stands there, or what is no event."""
    return await _if_there(client, stream, {"seq": number}, patience)


async def _if_there(client: Client, stream: str, asked: dict[str, Any], patience: float) -> tuple[int, Stored] | None:
    try:
        return await event_of(client, stream, asked, patience)
    except NotFoundError:
        return None


async def event_of(
    client: Client, stream: str, asked: dict[str, Any], patience: float, domain: str | None = None
) -> tuple[int, Stored] | None:
    """What JetStream gives for a request of its MSG.GET; None when the stream has no such message, or it is no event.

    Raises nats' NotFoundError when there is no such stream, TimeoutError or nats' errors while nobody answers.
    """
    api = f"$JS.{domain}.API" if domain else "$JS.API"
    answer = await client.request(f"{api}.STREAM.MSG.GET.{stream}", json.dumps(asked).encode(), timeout=patience)
    told = json.loads(answer.data)
    if error := told.get("error"):
        if error.get("err_code") == NO_MESSAGE:
            return None
        raise APIError.from_error(error)
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
