"""Compares a producer's log with its stream and with each follower: who holds what of it, and who contradicts it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from chassis import subjects
from chassis.facts import Stored
from chassis.stream_read import last_event
from chassis.topology import Topology
from nats.aio.client import Client
from nats.errors import Error

from thidua.proof.chain import Broken, Chain, Link, Place
from thidua.proof.heads import ASK_SECONDS, mark_of, own_page


@dataclass(frozen=True)
class Holding:
    """What one holder of a log's events has of it, and whether that contradicts the producer."""

    holder: str
    at: Place | None
    said: str
    wrong: bool


@dataclass(frozen=True)
class Verdict:
    """What verifying one log found."""

    log: str
    head: Place
    broken: str | None
    """Where the chain itself does not hold."""
    holdings: tuple[Holding, ...]

    @property
    def well(self) -> bool:
        return self.broken is None and not any(holding.wrong for holding in self.holdings)


def compared(chain: Chain, held: Mapping[str, Place | None]) -> tuple[Holding, ...]:
    """Judge what each holder has (None: it did not answer, or has nothing) by a chain that remembers those places."""
    return tuple(_judged(chain, holder, at) for holder, at in held.items())


def _judged(chain: Chain, holder: str, at: Place | None) -> Holding:
    head = chain.end
    if at is None:
        return Holding(holder, at, "không trả lời, không so được", wrong=True)
    if at.seq == 0:
        return Holding(holder, at, f"chưa có gì; còn sau {head.seq} sự kiện", wrong=False)
    if at.seq > head.seq:
        return Holding(
            holder,
            at,
            f"ĐI TRƯỚC sổ gốc {at.seq - head.seq} sự kiện: sổ gốc chỉ tới {head}, có thể đã khôi phục từ bản sao",
            wrong=True,
        )
    own = chain.at[at.seq]
    if own != at:
        return Holding(
            holder,
            at,
            f"NHÁNH KHÁC: giữ {at} băm {at.hash.hex()[:16]}…, sổ gốc có {own} băm {own.hash.hex()[:16]}…",
            wrong=True,
        )
    behind = head.seq - at.seq
    return Holding(holder, at, f"khớp; còn sau {behind} sự kiện" if behind else "khớp tới đầu sổ", wrong=False)


async def verified(client: Client, topology: Topology, service: str) -> Verdict:
    """Chain a running service's log from its seed and compare it with stream and followers. Raises nats' Error."""
    site, log = topology.site, f"{topology.site}.{service}"
    held = await _held(client, topology, service)
    chain = Chain(log, {at.seq for at in held.values() if at})
    page = await own_page(client, site, service, 0)
    if page.head is None:
        raise Error(f"{log}: không cho biết đầu sổ")
    head = Place(page.head.epoch, page.head.seq, page.head.hash)
    try:
        while True:
            for event in page.events:
                if event.seq <= head.seq:
                    chain.add(_link(event))
            if not page.events or chain.end.seq >= head.seq:
                break
            page = await own_page(client, site, service, chain.end.seq)
        if chain.end != head:
            raise Broken(f"{log}: đầu sổ ghi {head}, mà chuỗi kết thúc ở {chain.end}.")
    except Broken as broken:
        return Verdict(log, head, str(broken), ())
    return Verdict(log, head, None, compared(chain, held))


async def _held(client: Client, topology: Topology, service: str) -> dict[str, Place | None]:
    """What stream and followers hold, asked before the producer so that none of them is rightly beyond its head."""
    held: dict[str, Place | None] = {}
    for tree in topology.trees:
        stream = subjects.stream(tree, service)
        try:
            last = await last_event(client, stream, subjects.own_events(tree, topology.site, service), ASK_SECONDS)
        except (Error, TimeoutError):
            held[f"luồng {stream}"] = None
            continue
        held[f"luồng {stream}"] = _place(last[1]) if last else Place(1, 0, b"")
    for follower in topology.followers_of(service):
        try:
            held[follower] = await mark_of(client, topology.site, service, follower)
        except (Error, TimeoutError, ValueError):
            held[follower] = None
    return held


def _place(event: Stored) -> Place:
    return Place(event.epoch, event.seq, event.hash)


def _link(event: Stored) -> Link:
    return Link(
        event.epoch,
        event.seq,
        event.hash,
        hashlib.sha256(event.header).digest(),
        hashlib.sha256(event.data).digest(),
    )
