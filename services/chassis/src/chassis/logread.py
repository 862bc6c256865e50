"""Pages of a log by request: the producer answers from its log, a follower from what it received, byte for byte.

Request, JSON: ``{"log", "after_seq", "limit"}``. Answer, JSON: ``{"log", "head": {"epoch", "seq", "hash"} or null,
"open": whether the producer's gate is, "mark": as head or null, "events": [{"epoch", "seq", "prev", "hash", "header",
"data", "traceparent"}]}``; hashes are hex, header and data are base64 of the bytes that were hashed, ``head`` is the
producer's committed head, ``mark`` a follower's. A page ends at ``limit`` (1,000 at most), at 512 KiB of header and
data, or at the end; one event at least comes if there is one.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import nats.errors
import sqlalchemy as sa
from faststream.nats import NatsBroker
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chassis import gate_record, received, subjects
from chassis import log as logs
from chassis.broker import ask
from chassis.facts import Stored
from chassis.positions import Position

MAX_EVENTS = 1000
MAX_BYTES = 512 * 1024
ASK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Page:
    """Events in order of seq; ``head`` is the producer's, None when a follower answered."""

    events: tuple[Stored, ...]
    head: Position | None
    mark: Position | None = None
    """How far a follower that answered has committed the log."""
    open: bool = True
    """Whether the producer's gate is open; shut, its log may yet be brought back to more than its head says."""


class NobodyHas(Exception):
    """Neither the producer nor any follower known to hold the log gave what was asked for."""


async def own_page(db: AsyncConnection, log: str, after: int, limit: int) -> Page:
    """A page of the own log.

    The gate is read first, then the head: what opens or is committed meanwhile makes the page longer, not wrong.
    """
    gate = await gate_record.look(db)
    head = await logs.head(db)
    events = await _until_full(db, "chassis.log WHERE", log, after, limit)
    return Page(events, Position(head.epoch, head.seq, head.hash), open=gate.open)


async def held_page(db: AsyncConnection, log: str, after: int, limit: int) -> Page:
    """A page of a followed log as it was received."""
    events = await _until_full(db, "chassis.received WHERE log = :log AND", log, after, limit)
    return Page(events, None, await received.mark(db, log))


async def _until_full(db: AsyncConnection, source: str, log: str, after: int, limit: int) -> tuple[Stored, ...]:
    """The database counts the bytes, so that a page of large events is not read a thousand at a time."""
    rows = await db.execute(
        sa.text(
            "SELECT epoch, seq, prev, hash, header, data, traceparent FROM ("
            " SELECT *, sum(length(header) + length(data)) OVER (ORDER BY seq) AS size,"
            " row_number() OVER (ORDER BY seq) AS nr FROM ("
            f" SELECT * FROM {source} seq > :after ORDER BY seq LIMIT :limit) AS next) AS page"
            " WHERE size <= :size OR nr = 1 ORDER BY seq"
        ),
        {"after": after, "limit": max(1, min(limit, MAX_EVENTS)), "size": MAX_BYTES}
        | ({"log": log} if ":log" in source else {}),
    )
    return tuple(Stored(log, *row) for row in rows)


def to_json(log: str, page: Page) -> dict[str, Any]:
    return {
        "log": log,
        "head": page.head.told() if page.head else None,
        "open": page.open,
        "mark": page.mark.told() if page.mark else None,
        "events": [
            {
                "epoch": event.epoch,
                "seq": event.seq,
                "prev": event.prev.hex(),
                "hash": event.hash.hex(),
                "header": b64encode(event.header).decode(),
                "data": b64encode(event.data).decode(),
                "traceparent": event.traceparent,
            }
            for event in page.events
        ],
    }


def from_json(told: dict[str, Any]) -> Page:
    """Raises ValueError for what is no page. Hashes are not checked here."""
    try:
        return Page(
            tuple(_event(str(told["log"]), event) for event in told["events"]),
            Position.heard(told["head"]) if told["head"] else None,
            Position.heard(told["mark"]) if told.get("mark") else None,
            bool(told.get("open", True)),
        )
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"not a page of a log: {wrong!r}") from wrong


def _event(log: str, told: dict[str, Any]) -> Stored:
    return Stored(
        log=log,
        epoch=int(told["epoch"]),
        seq=int(told["seq"]),
        prev=bytes.fromhex(told["prev"]),
        hash=bytes.fromhex(told["hash"]),
        header=b64decode(told["header"]),
        data=b64decode(told["data"]),
        traceparent=told.get("traceparent"),
    )


def answering(
    engine: AsyncEngine, log: str, *, own: bool, veil: Callable[[Stored], Stored] | None = None
) -> Callable[[dict[str, Any]], Any]:
    """The handler of requests for one log: the own one, or one that is followed here; ``veil`` withholds content."""

    async def answer(request: dict[str, Any]) -> dict[str, Any]:
        after, limit = int(request.get("after_seq", 0)), int(request.get("limit", MAX_EVENTS))
        async with engine.connect() as db:
            page = await (own_page if own else held_page)(db, log, after, limit)
        return to_json(log, replace(page, events=tuple(map(veil, page.events))) if veil else page)

    return answer


async def ask_mark(broker: NatsBroker, log: str, holder: str, patience: float) -> Position:
    """How far a follower has committed a log. Raises TimeoutError or nats' NoRespondersError; KeyError, ValueError."""
    site, service = log.split(".")
    request = {"log": log, "after_seq": 2**62, "limit": 1}
    told = await ask(broker, subjects.log_held(site, service, holder), request, patience=patience)
    return Position.heard(told["mark"])


async def ask_page(
    broker: NatsBroker, log: str, holder: str | None, after: int, limit: int, patience: float, *, reader: str = ""
) -> Page:
    """A page from one follower, or (``holder`` None) from the producer, asked as ``reader`` (see ``fetch_page``).
    Raises TimeoutError, nats' NoRespondersError, ValueError."""
    site, service = log.split(".")
    subject = subjects.log_held(site, service, holder) if holder else subjects.log_read(site, service, reader)
    return from_json(await ask(broker, subject, {"log": log, "after_seq": after, "limit": limit}, patience=patience))


async def fetch_page(
    broker: NatsBroker,
    log: str,
    after: int,
    *,
    holders: Iterable[str] = (),
    limit: int = MAX_EVENTS,
    reader: str = "",
) -> Page:
    """Ask the producer, then each of ``holders`` (services that follow the log). Raises ``NobodyHas``.

    ``reader`` is the own site where it lies below that of the producer. The head of a producer whose gate is shut is
    not told: nobody is to judge by it before people have brought the log back, or have let it go on without.
    """
    site, service = log.split(".")
    request = {"log": log, "after_seq": after, "limit": limit}
    silent = []
    for holder in (None, *holders):
        subject = subjects.log_held(site, service, holder) if holder else subjects.log_read(site, service, reader)
        try:
            told = await ask(broker, subject, request, patience=ASK_SECONDS)
        except (nats.errors.Error, TimeoutError) as error:
            silent.append(f"{subject}: {type(error).__name__}")
            continue
        try:
            page = from_json(told)
        except ValueError as wrong:
            silent.append(f"{subject}: {wrong}")
            continue
        if not page.open:
            page = replace(page, head=None)
        if page.events or page.head is not None:
            return page
        silent.append(f"{subject}: nothing after {after}" if page.open else f"{subject}: its gate is shut")
    raise NobodyHas("; ".join(silent))
