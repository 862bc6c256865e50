"""Keeps the traces of the last hours in memory, within bounds, oldest out first; safe between threads."""

from __future__ import annotations

import gzip
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock

from thidua.traces.spans import Span
from thidua.traces.waterfall import clock_skew

SPAN_OVERHEAD = 600
"""Bytes that a span takes in memory beyond what it came in as, roughly."""


@dataclass
class Kept:
    """One trace: its spans by id, in the order of arrival."""

    first_seen: float
    spans: dict[str, Span] = field(default_factory=dict)
    size: int = 0
    dropped: int = 0
    """Spans beyond the bound of one trace: counted, not kept."""


@dataclass(frozen=True)
class Summary:
    """One line of the list of traces; nanoseconds, corrected for skew as the waterfall is."""

    trace_id: str
    name: str
    service: str
    start_ns: int
    duration_ns: int
    spans: int
    failed: int
    services: tuple[str, ...]


class Store:
    """Spans by trace. ``keep_seconds`` counts from a trace's first span; bytes are as received plus
    overhead.
    """

    def __init__(
        self,
        max_spans: int = 200_000,
        max_bytes: int = 256 * 1024 * 1024,
        max_spans_of_a_trace: int = 2_000,
        keep_seconds: float = 6 * 3600,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._max_spans = max_spans
        self._max_bytes = max_bytes
        self._max_of_a_trace = max_spans_of_a_trace
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._lock = RLock()
        self._traces: dict[str, Kept] = {}
        self._linking: defaultdict[str, set[str]] = defaultdict(set)
        self.span_count = 0
        self.byte_count = 0

    def add(self, spans: Iterable[Span]) -> None:
        """Keep these spans; one that is already here (an exporter sent it twice) is not taken again."""
        now = self._clock()
        with self._lock:
            for span in spans:
                kept = self._traces.setdefault(span.trace_id, Kept(now))
                if span.span_id in kept.spans:
                    continue
                if len(kept.spans) >= self._max_of_a_trace:
                    kept.dropped += 1
                    continue
                cost = span.size + SPAN_OVERHEAD
                kept.spans[span.span_id] = span
                kept.size += cost
                self.span_count += 1
                self.byte_count += cost
                for link in span.links:
                    if link.trace_id != span.trace_id:
                        self._linking[link.trace_id].add(span.trace_id)
            self._forget_old()

    def _forget_old(self) -> None:
        horizon = self._clock() - self._keep_seconds
        while self._traces:
            oldest = next(iter(self._traces))
            kept = self._traces[oldest]
            within = self.span_count <= self._max_spans and self.byte_count <= self._max_bytes
            if within and kept.first_seen >= horizon:
                return
            self._forget(oldest, kept)

    def _forget(self, trace_id: str, kept: Kept) -> None:
        del self._traces[trace_id]
        self.span_count -= len(kept.spans)
        self.byte_count -= kept.size
        for span in kept.spans.values():
            for link in span.links:
                linking = self._linking.get(link.trace_id)
                if linking is not None:
                    linking.discard(trace_id)
                    if not linking:
                        del self._linking[link.trace_id]

    def trace(self, trace_id: str) -> list[Span]:
        """The spans of a trace, in order of arrival; empty when it is not (or no longer) here."""
        with self._lock:
            self._forget_old()
            kept = self._traces.get(trace_id)
            return list(kept.spans.values()) if kept else []

    def dropped(self, trace_id: str) -> int:
        """How many spans of this trace were not kept because it has too many."""
        with self._lock:
            kept = self._traces.get(trace_id)
            return kept.dropped if kept else 0

    def linked_from(self, trace_id: str) -> list[str]:
        """The traces here that name this one as a cause (a reminder, a ranking), sorted."""
        with self._lock:
            return sorted(self._linking.get(trace_id, ()))

    def find(self, prefix: str) -> list[str]:
        """The ids of traces that begin so: people copy the first digits."""
        with self._lock:
            self._forget_old()
            if prefix in self._traces:
                return [prefix]
            return [trace_id for trace_id in self._traces if trace_id.startswith(prefix)]

    def services(self) -> list[str]:
        with self._lock:
            return sorted({span.service for kept in self._traces.values() for span in kept.spans.values()})

    def recent(self, service: str = "", min_ms: float = 0, text: str = "", limit: int = 100) -> list[Summary]:
        """The latest traces first: those that ``service`` took part in, that took ``min_ms`` or longer, and
        that hold ``text`` in a name or an attribute or begin with it."""
        wanted = text.strip().casefold()
        found: list[Summary] = []
        with self._lock:
            self._forget_old()
            for trace_id in reversed(self._traces):
                spans = list(self._traces[trace_id].spans.values())
                summary = summarise(trace_id, spans)
                if service and service not in summary.services:
                    continue
                if summary.duration_ns < min_ms * 1e6:
                    continue
                if wanted and not trace_id.startswith(wanted) and not any(_holds(span, wanted) for span in spans):
                    continue
                found.append(summary)
                if len(found) >= limit:
                    break
        return sorted(found, key=lambda summary: summary.start_ns, reverse=True)

    def dump(self, path: Path) -> None:
        """Write all traces, one span a line (JSONL, gzip), to be read after the process ended."""
        with self._lock:
            spans = [span for kept in self._traces.values() for span in kept.spans.values()]
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(path.name + ".part")
        with gzip.open(half, "wt", encoding="utf-8", compresslevel=4) as lines:
            for span in spans:
                lines.write(json.dumps(span.to_json(), ensure_ascii=False, separators=(",", ":")) + "\n")
        half.replace(path)

    def load(self, path: Path) -> int:
        """Add the spans of a dump; they count as seen when they ended. Returns how many lines were read.

        Raises ValueError naming the line that is not a span; nothing is added then.
        """
        spans: list[Span] = []
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    spans.append(Span.from_json(json.loads(line)))
                except (ValueError, KeyError, TypeError) as error:
                    raise ValueError(f"{path}, line {number}: not a span ({error})") from error
        with self._lock:
            for span in spans:
                self._traces.setdefault(span.trace_id, Kept(span.end_ns / 1e9))
            self._traces = dict(sorted(self._traces.items(), key=lambda item: item[1].first_seen))
            self.add(spans)
        return len(spans)


def summarise(trace_id: str, spans: list[Span]) -> Summary:
    """What the list shows of a trace: named by its earliest span without a parent here."""
    by_id = {span.span_id: span for span in spans}
    skew = clock_skew(spans, by_id)
    starts = {span.span_id: span.start_ns + skew.get(span.process, 0) for span in spans}
    ordered = sorted(spans, key=lambda span: starts[span.span_id])
    root = next((span for span in ordered if span.parent_id not in by_id), ordered[0])
    start = starts[ordered[0].span_id]
    end = max(starts[span.span_id] + span.duration_ns for span in spans)
    services = tuple(dict.fromkeys(span.service for span in ordered))
    failed = sum(span.failed for span in spans)
    return Summary(trace_id, root.name, root.service, start, end - start, len(spans), failed, services)


def _holds(span: Span, wanted: str) -> bool:
    return wanted in span.name.casefold() or any(wanted in str(value).casefold() for value in span.attributes.values())
