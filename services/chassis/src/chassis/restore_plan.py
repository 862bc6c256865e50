"""Which branch a restore takes in and what it leaves, decided purely from what others hold beside the own log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from contracts.envelope import Header, event_hash
from contracts.refusal import Refused

from chassis.facts import Stored
from chassis.positions import Position


@dataclass(frozen=True, slots=True)
class Holder:
    """What one witness holds of the log: up to ``tip``, the same as the own log up to ``common``."""

    name: str
    tip: Position
    common: int
    keeps: bool = False
    """It holds the event that people have named."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The own log stays up to ``common``; what it has beyond is voided; ``sources`` hold what follows, best first."""

    common: int
    sources: tuple[str, ...]


def plan(own: Position, bare: bool, holders: Sequence[Holder], keep: bytes | None, own_keeps: bool) -> Plan:
    """``bare``: nothing was ever accepted here, the log only began. ``keep``: hash that people named, if any, and
    ``own_keeps`` whether it is the own log that holds it.

    Raises Refused ``branches-differ`` when somebody must choose, ``no-such-branch`` when nobody holds what was named.
    """
    ahead = [holder for holder in holders if holder.tip.seq > holder.common]
    goes_on = [holder for holder in ahead if holder.common == own.seq]
    apart = [holder for holder in ahead if holder.common < own.seq]
    if keep is not None and not own_keeps:
        chosen = [holder for holder in ahead if holder.keeps]
        if not chosen:
            raise Refused("no-such-branch", hash=keep.hex())
        common = min(holder.common for holder in chosen)
        return Plan(common, _best([holder for holder in chosen if holder.common == common]))
    if apart and not own_keeps:
        if bare:
            # The log had only begun anew: its first event was told to nobody.
            return Plan(0, _best(apart))
        tips = [f"{holder.name}: {holder.tip.hash.hex()}" for holder in apart]
        raise Refused("branches-differ", tips=[f"ở đây: {own.hash.hex()}", *tips])
    return Plan(own.seq, _best(goes_on))


def _best(holders: Sequence[Holder]) -> tuple[str, ...]:
    return tuple(holder.name for holder in sorted(holders, key=lambda holder: -holder.tip.seq))


def continuing(at: Position, events: Sequence[Stored]) -> list[Stored]:
    """The events that continue a place link by link, their hashes computed anew; what does not chain is left."""
    run: list[Stored] = []
    for event in events:
        sound = event_hash(event.prev, event.epoch, event.seq, event.header, event.data) == event.hash
        if not sound or event.seq != at.seq + 1 or event.prev != at.hash or event.epoch < at.epoch:
            break
        run.append(event)
        at = Position.of(event)
    return run


def whole_writes(events: Sequence[tuple[Stored, Header]]) -> int:
    """How many of these events surely end with a whole write: the last write may go on in events not read yet."""
    if not events:
        return 0
    groups = [len(list(group)) for _, group in groupby(events, key=lambda pair: _write(pair[1]))]
    return len(events) - groups[-1]


def _write(header: Header) -> tuple[str, str] | str:
    told = header.idempotency
    return (told.scope, told.key) if told is not None else header.id


@dataclass(frozen=True, slots=True)
class NotRecovered:
    """Of this epoch nothing from ``from_seq`` on exists any more; ``to_seq``: the last proved to have existed,
    ``from_seq`` - 1 when none was."""

    epoch: int
    from_seq: int
    to_seq: int


def not_recovered(head: Position, proved: Sequence[Position]) -> list[NotRecovered]:
    """One range for the epoch of the head and each later one that somebody had heard of."""
    last_epoch = max([head.epoch, *(at.epoch for at in proved)])
    last_seq = max([head.seq, *(at.seq for at in proved)])
    return [NotRecovered(epoch, head.seq + 1, last_seq) for epoch in range(head.epoch, last_epoch + 1)]
