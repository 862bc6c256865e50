"""A span as it is kept and shown, and its JSON form (the API's, and the dump's)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Link(NamedTuple):
    """Another span that this one has to do with, usually in another trace. Ids in hex."""

    trace_id: str
    span_id: str


class Moment(NamedTuple):
    """Something that happened inside a span: an exception, a note. UTC nanoseconds."""

    at_ns: int
    name: str
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of work of one service. Ids are lower-case hex, times UTC nanoseconds of the sender."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    kind: str
    service: str
    site: str
    process: str
    """Whose clock the times are of: host and process where the sender says so, else the service."""
    start_ns: int
    end_ns: int
    failed: bool = False
    message: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()
    links: tuple[Link, ...] = ()
    size: int = 0
    """Bytes it came in as: what the store's bound counts."""

    @property
    def duration_ns(self) -> int:
        return max(0, self.end_ns - self.start_ns)

    def to_json(self) -> dict[str, Any]:
        return {
            "trace_id": self.trace_id,
            "span_id": self.span_id,
            "parent_id": self.parent_id,
            "name": self.name,
            "kind": self.kind,
            "service": self.service,
            "site": self.site,
            "process": self.process,
            "start_ns": self.start_ns,
            "end_ns": self.end_ns,
            "failed": self.failed,
            "message": self.message,
            "attributes": self.attributes,
            "moments": [moment._asdict() for moment in self.moments],
            "links": [link._asdict() for link in self.links],
            "size": self.size,
        }

    @staticmethod
    def from_json(given: dict[str, Any]) -> Span:
        """The span of ``to_json``; other members are ignored. KeyError or TypeError when it is not one."""
        return Span(
            trace_id=given["trace_id"],
            span_id=given["span_id"],
            parent_id=given["parent_id"],
            name=given["name"],
            kind=given["kind"],
            service=given["service"],
            site=given["site"],
            process=given["process"],
            start_ns=int(given["start_ns"]),
            end_ns=int(given["end_ns"]),
            failed=given["failed"],
            message=given["message"],
            attributes=given["attributes"],
            moments=tuple(Moment(**moment) for moment in given["moments"]),
            links=tuple(Link(**link) for link in given["links"]),
            size=given["size"],
        )
