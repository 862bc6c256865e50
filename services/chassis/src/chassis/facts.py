"""What ``apply`` sees of an event, and how an event becomes bytes and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from contracts.catalogue import Fact
from contracts.envelope import Header, event_hash, hash_of_digests

from contracts import catalogue

F = TypeVar("F", bound=Fact, covariant=True)
DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Recorded(Generic[F]):
    """A fact with its header. ``cause`` is ``<log>:<epoch>:<seq>`` when it was followed, None on the own log:

    ``apply`` runs before append, so the own seq is not known to it and replay cannot depend on it.
    """

    header: Header
    data: F
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """One row of a log or of ``received``: bytes exactly as written once."""

    log: str
    epoch: int
    seq: int
    prev: bytes
    hash: bytes
    header: bytes
    data: bytes
    traceparent: str | None

    @property
    def key(self) -> str:
        return f"{self.log}:{self.epoch}:{self.seq}"

    @property
    def withheld(self) -> bool:
        """Whether header and data are only their digests (``withheld.py``)."""
        return len(self.header) == DIGEST_BYTES

    def hash_fits(self) -> bool:
        """Whether the content, or its digests, give the hash."""
        of = hash_of_digests if self.withheld else event_hash
        return of(self.prev, self.epoch, self.seq, self.header, self.data) == self.hash


@dataclass(frozen=True, slots=True)
class Span:
    """The events that one transaction appended: inclusive seq range and the hash of the last."""

    log: str
    epoch: int
    first_seq: int
    last_seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Appended:
    """What a transaction of this process has just appended: header and data of each event, and where they stand."""

    span: Span
    contents: tuple[tuple[bytes, bytes], ...]
    traceparent: str | None

    def after(self, prev: bytes) -> tuple[Stored, ...] | None:
        """The rows as they stand in the log, if the one before them has the hash ``prev``; else None."""
        events = []
        for seq, (header, data) in enumerate(self.contents, self.span.first_seq):
            hash_ = event_hash(prev, self.span.epoch, seq, header, data)
            events.append(Stored(self.span.log, self.span.epoch, seq, prev, hash_, header, data, self.traceparent))
            prev = hash_
        return tuple(events) if prev == self.span.hash else None


class Unreadable(Exception):
    """An event that today's models cannot read: a schema error or an unknown major version. It is poison."""

    def __init__(self, kind: str, reason: str) -> None:
        self.kind = kind
        self.reason = reason
        super().__init__(reason)


def to_bytes(fact: Fact) -> bytes:
    return fact.model_dump_json(exclude_none=True).encode()


def read(stored: Stored) -> Recorded[Fact]:
    """Decode one stored event. Raises ``Unreadable`` with kind ``version`` or ``schema``."""
    header, model = read_header(stored)
    return Recorded(header, read_data(stored, model), cause=stored.key)


def read_header(stored: Stored) -> tuple[Header, type[Fact]]:
    """The header, and the model that its type names. Raises ``Unreadable``."""
    try:
        header = Header.model_validate_json(stored.header)
    except ValueError as error:
        raise Unreadable("schema", f"header of {stored.key}: {error}") from error
    if not catalogue.known(header.type):
        raise Unreadable("version", f"{header.type} is not in this service's catalogue")
    return header, catalogue.entry(header.type).model


def read_data(stored: Stored, model: type[Fact]) -> Fact:
    """The data as the model reads it. Raises ``Unreadable``."""
    try:
        return model.model_validate_json(stored.data)
    except ValueError as error:
        named = catalogue.entry(model).type
        raise Unreadable("schema", f"data of {stored.key} ({named}): {error}") from error
