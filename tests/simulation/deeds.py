"""Events of the simulated world: real header and data bytes on a real chain; some are poison for who follows them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Literal

from chassis.facts import Stored
from contracts.catalogue import entry
from contracts.envelope import event_hash
from contracts.events.chassis import EpochOpened, EventDiscarded
from contracts.events.registry.clusters import ClusterFormed

Nature = Literal["sound", "refused", "schema", "version", "unreadable"]
"""``refused``: the follower's own code says no; the others cannot be read, ``unreadable`` not even its header."""

DEED = entry(ClusterFormed).type
DISCARD = entry(EventDiscarded).type
OPENED = entry(EpochOpened).type
UNKNOWN = "registry.cluster-formed.v9"
NOBODYS = "(no subject can be read)"
_NOON = datetime(2024, 1, 15, 5, 0, tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class Deed:
    """What a service is about to append: bytes as they will be hashed."""

    id: str
    header: bytes
    data: bytes
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What an event says of itself, read once. ``key`` is the reaction's key, None unless a reaction recorded it."""

    id: str
    type: str
    subjects: tuple[str, ...]
    causation: str | None
    key: str | None
    data: dict[str, object]
    nature: Nature


def deed(
    nr: int,
    service: str,
    subjects: tuple[str, ...],
    *,
    nature: Nature = "sound",
    hours_off: int = 0,
    type_name: str = DEED,
    data: dict[str, object] | None = None,
    causation: str | None = None,
    key: str | None = None,
) -> Deed:
    """``nr`` makes it unlike any other; ``hours_off`` is how wrong the clock is that dates it."""
    at = (_NOON + timedelta(seconds=nr, hours=hours_off)).isoformat().replace("+00:00", "Z")
    who = f"service:{service}"
    header: dict[str, object] = {
        "id": f"deed-{nr}",
        "type": UNKNOWN if nature == "version" else type_name,
        "occurred": at,
        "act": {"whose": who, "typed_by": who, "means": "online", "made": at, "received": at, "recorded": at},
        "correlation": f"case-{nr}",
        "subjects": list(subjects),
    }
    if causation is not None:
        header["causation"] = causation
    if key is not None:
        header["idempotency"] = {"scope": "reaction", "key": key, "body_hash": "0" * 64, "status": 200}
    if nature == "unreadable":
        header["subjects"] = "none"
    body = data or {
        "cluster_id": f"c{nr}",
        "name": nature,
        "kind": "none such" if nature == "schema" else "cluster",
        "run_by": "tld",
        "effective": "2024-01-01",
    }
    return Deed(f"deed-{nr}", json.dumps(header).encode(), json.dumps(body).encode(), subjects)


def reaction_key(reaction: str, event: Stored) -> str:
    """Under which a reaction's facts are recorded: as ``work.for_cause`` has it."""
    return f"{reaction}:{event.key}#{event.hash.hex()[:16]}"


def chained(log: str, epoch: int, after: tuple[int, bytes], deeds: Iterable[Deed]) -> list[Stored]:
    """Continue a log after ``(seq, hash)``."""
    seq, prev = after
    events = []
    for one in deeds:
        seq += 1
        told = event_hash(prev, epoch, seq, one.header, one.data)
        events.append(Stored(log, epoch, seq, prev, told, one.header, one.data, None))
        prev = told
    return events


_read: dict[bytes, Told] = {}


def told(event: Stored) -> Told:
    known = _read.get(event.hash)
    if known is None:
        header, data = json.loads(event.header), json.loads(event.data)
        subjects = header["subjects"]
        name = data.get("name")
        nature: Nature = name if name in ("refused", "schema", "version", "unreadable") else "sound"
        known = _read[event.hash] = Told(
            header["id"],
            header["type"],
            tuple(subjects) if isinstance(subjects, list) else (),
            header.get("causation"),
            (header.get("idempotency") or {}).get("key"),
            data,
            nature,
        )
        if len(_read) > 200_000:
            _read.clear()
            _read[event.hash] = known
    return known


Table = dict[str, tuple[str, ...]]
"""A read model: which events changed each aggregate, in order."""


def enter(table: Table, event: Stored) -> None:
    """What ``apply`` does to a table."""
    about = told(event)
    for subject in about.subjects or (NOBODYS,):
        table[subject] = (*table.get(subject, ()), about.id)
