"""The envelope of every event: the header that is hashed byte for byte, the act behind it, and the hash rule.

Format (fixed; test vectors in ``contracts/vectors/hash.json``)::

    hash = SHA-256( prev ‖ u32 epoch ‖ u64 seq ‖ SHA-256(header) ‖ SHA-256(data) )     big-endian
    prev of seq 1 = SHA-256( "thidua-log-1:" ‖ log name )

Header bytes are one line of UTF-8 JSON without leading or trailing blanks; they are written once and then stored
and sent unchanged. The inner digests let a body be withheld or erased while the chain still verifies.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.values import Identifier, Instant, Means, Paper, Value

MAX_EVENT_BYTES = 256 * 1024
"""Header and data together; append refuses more. A long list goes as several events under one causation id."""

TypeName = Annotated[str, StringConstraints(pattern=r"^[a-z]+\.[a-z][a-z-]*\.v[1-9][0-9]*$")]
"""``<owner>.<event>.v<major>``, e.g. ``registry.report-submitted.v1``. Never changes once published."""

LogName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+\.[a-z]+$")]
"""``<site>.<service>``, e.g. ``vn.registry``."""

Subject = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]*:[A-Za-z0-9][A-Za-z0-9_.@-]{0,160}$")]
"""An aggregate whose state an event changes: ``<kind>:<id>``, e.g. ``report:0198c…``."""


class Act(Value):
    """Whose act it is, who typed it, by what means, and the three dates that every paper-borne act has."""

    whose: Subject
    """The unit or person whose act this is: ``unit:…``, ``person:…`` or ``service:…``."""
    typed_by: Subject
    """Who entered it: ``person:…``, or ``service:…`` for a reaction or a timer."""
    acting_as: str | None = None
    """The office in which the typist acts, where one was named."""
    means: Means = Means.ONLINE
    made: Instant
    received: Instant
    """Deadlines are judged by this instant: taken once, when the whole request has been read, or typed from a paper."""
    recorded: Instant
    paper: Paper | None = None

    @property
    def on_behalf(self) -> bool:
        """True when somebody typed it for a unit (by paper, telephone, meeting): it waits for confirmation."""
        return self.means in (Means.PAPER, Means.TELEPHONE, Means.MEETING)


class Idempotency(Value):
    """The write that produced the event, so that replay restores its stored answer."""

    scope: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    """Token subject and route, or ``reaction`` / ``timer``."""
    key: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    body_hash: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    status: Annotated[int, Field(ge=100, le=599)]


class Header(Value):
    """What is known of an event besides its data. Serialised once; the bytes are what is hashed."""

    id: Identifier
    type: TypeName
    occurred: Instant
    act: Act
    correlation: Identifier
    """The case: everything that belongs to it over months shares this id."""
    causation: str | None = None
    """``<log>:<epoch>:<seq>`` of the event that caused this one, or ``command:<key>``."""
    subjects: Annotated[tuple[Subject, ...], Field(min_length=1)]
    """The aggregates whose state it changes; the first is the one it is about."""
    idempotency: Idempotency | None = None

    def to_bytes(self) -> bytes:
        return self.model_dump_json(exclude_none=True).encode()


def seed_hash(log: str) -> bytes:
    """``prev`` of the first event of a log."""
    return hashlib.sha256(b"thidua-log-1:" + log.encode()).digest()


def event_hash(prev: bytes, epoch: int, seq: int, header: bytes, data: bytes) -> bytes:
    """The chained hash of one event (32 bytes)."""
    return hash_of_digests(prev, epoch, seq, hashlib.sha256(header).digest(), hashlib.sha256(data).digest())


def hash_of_digests(prev: bytes, epoch: int, seq: int, header_digest: bytes, data_digest: bytes) -> bytes:
    """The same from the inner digests alone: verifies an event whose body was withheld or erased."""
    return hashlib.sha256(prev + struct.pack(">IQ", epoch, seq) + header_digest + data_digest).digest()


def well_formed_header(header: bytes) -> bool:
    """One line of UTF-8 JSON without blanks at either end (a courier may strip them and break the hash)."""
    return (
        header[:1] == b"{" and header[-1:] == b"}" and b"\n" not in header and b"\r" not in header and _is_utf8(header)
    )


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
