"""One event as it travels over NATS: its place in the log and its bytes, in CloudEvents headers and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from pydantic_core import from_json

from chassis.facts import Stored

Wire: TypeAlias = Stored
"""An event on the wire is the stored row itself: the same place, the same bytes that were hashed."""

_HEADER = "thidua-header"
_WITHHELD = "thidua-withheld"
WITHHELD = "withheld"
"""In place of a type, and in a subject of aggregate and event, where the content is withheld (``withheld.py``)."""


class NotAnEvent(Exception):
    """A message on an event subject that is no event: a header is missing or malformed."""


def to_headers(wire: Wire, stream: str, traceparent: str | None) -> tuple[str, bytes]:
    """Type name and NATS header block of an event: CloudEvents 1.0 attributes, its place in the log, its header whole.

    ``stream`` is the only one that may take it. ``Nats-Msg-Id`` is the hash: with the key as id a second branch of the
    log would be swallowed as a duplicate. Written in one piece, because it is written for every event; what stands in
    a stored header was checked by its model and holds no line break.
    """
    if wire.withheld:
        return WITHHELD, _withheld(wire, stream)
    said = from_json(wire.header)
    told = wire.hash.hex()
    trace = f"traceparent: {traceparent}\r\n" if traceparent else ""
    block = (
        f"NATS/1.0\r\nNats-Expected-Stream: {stream}\r\nNats-Msg-Id: {told}\r\n"
        f"ce-specversion: 1.0\r\nce-id: {wire.log}:{wire.epoch}:{wire.seq}\r\nce-source: urn:thidua:log:{wire.log}\r\n"
        f"ce-type: {said['type']}\r\nce-time: {said['occurred']}\r\nce-subject: {said['subjects'][0]}\r\n"
        f"ce-correlation: {said['correlation']}\r\ncontent-type: application/json\r\n"
        f"{_HEADER}: {wire.header.decode()}\r\nthidua-epoch: {wire.epoch}\r\nthidua-seq: {wire.seq}\r\n"
        f"thidua-prev: {wire.prev.hex()}\r\nthidua-hash: {told}\r\n{trace}\r\n"
    )
    return said["type"], block.encode()


def _withheld(wire: Wire, stream: str) -> bytes:
    """The same for an event of which nothing may be known but its place: no type, no time, no subject, no trace."""
    told = wire.hash.hex()
    return (
        f"NATS/1.0\r\nNats-Expected-Stream: {stream}\r\nNats-Msg-Id: {told}\r\n"
        f"ce-specversion: 1.0\r\nce-id: {wire.key}\r\nce-source: urn:thidua:log:{wire.log}\r\nce-type: {WITHHELD}\r\n"
        f"{_WITHHELD}: {wire.header.hex()}\r\nthidua-epoch: {wire.epoch}\r\nthidua-seq: {wire.seq}\r\n"
        f"thidua-prev: {wire.prev.hex()}\r\nthidua-hash: {told}\r\n\r\n"
    ).encode()


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
            header=bytes.fromhex(headers[_WITHHELD]) if _WITHHELD in headers else headers[_HEADER].encode(),
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
