"""One event as it travels over NATS: its place in the log and its bytes, in CloudEvents headers and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeAlias

from chassis.facts import Stored

Wire: TypeAlias = Stored
"""An event on the wire is the stored row itself: the same place, the same bytes that were hashed."""

_HEADER = "thidua-header"


class NotAnEvent(Exception):
    """A message on an event subject that is no event: a header is missing or malformed."""


def to_headers(wire: Wire) -> dict[str, str]:
    """NATS headers of an event: CloudEvents 1.0 attributes, its place in the log, its header whole.

    ``Nats-Msg-Id`` is the hash: with the key as id a second branch of the log would be
    swallowed as a duplicate.
    """
    said = json.loads(wire.header)
    headers = {
        "Nats-Msg-Id": wire.hash.hex(),
        "ce-specversion": "1.0",
        "ce-id": wire.key,
        "ce-source": f"urn:thidua:log:{wire.log}",
        "ce-type": said["type"],
        "ce-time": said["occurred"],
        "ce-subject": said["subjects"][0],
        "ce-correlation": said["correlation"],
        "content-type": "application/json",
        _HEADER: wire.header.decode(),
        "thidua-epoch": str(wire.epoch),
        "thidua-seq": str(wire.seq),
        "thidua-prev": wire.prev.hex(),
        "thidua-hash": wire.hash.hex(),
    }
    if wire.traceparent:
        headers["traceparent"] = wire.traceparent
    return headers


def from_headers(headers: Mapping[str, str] | None, data: bytes) -> Wire:
    """The event that ``to_headers`` wrote. Raises NotAnEvent; does not check the hash (the follower does)."""
    if not headers:
        raise NotAnEvent("no headers")
    try:
        log, epoch, seq = headers["ce-id"].rsplit(":", 2)
        wire = Wire(
            log=log,
            epoch=int(headers["thidua-epoch"]),
            seq=int(headers["thidua-seq"]),
            prev=bytes.fromhex(headers["thidua-prev"]),
            hash=bytes.fromhex(headers["thidua-hash"]),
            header=headers[_HEADER].encode(),
            data=data,
            traceparent=headers.get("traceparent"),
        )
    except KeyError as missing:
        raise NotAnEvent(f"header {missing.args[0]} is missing") from missing
    except ValueError as wrong:
        raise NotAnEvent(str(wrong)) from wrong
    if (epoch, seq) != (str(wire.epoch), str(wire.seq)):
        raise NotAnEvent(f"ce-id {headers['ce-id']} is not {wire.epoch}:{wire.seq}")
    if len(wire.prev) != 32 or len(wire.hash) != 32:
        raise NotAnEvent("a hash is not 32 bytes")
    return wire
