"""Spans of one trace → the rows of its waterfall, for the page, the JSON and the command line. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from thidua.traces.spans import Span


@dataclass(frozen=True)
class Row:
    """One line: a span, or in its place a parent that never came (``span`` is None). Times in nanoseconds."""

    span_id: str
    span: Span | None
    depth: int
    offset_ns: int
    """Start, counted from the start of the trace, after correction for skew."""
    duration_ns: int
    skew_ns: int = 0
    """By how much the sender's clock was found to be behind, and the row was moved."""
    children: int = 0
    last: bool = True
    """No sibling follows below."""
    guides: tuple[bool, ...] = ()
    """For each level above: does a line run on downwards past this row?"""

    @property
    def missing(self) -> bool:
        return self.span is None


@dataclass(frozen=True)
class Waterfall:
    """All rows, depth first, siblings by start. ``start_ns`` is the UTC instant of offset 0."""

    trace_id: str
    rows: tuple[Row, ...]
    start_ns: int
    duration_ns: int

    @property
    def spans(self) -> int:
        return sum(not row.missing for row in self.rows)

    @property
    def services(self) -> tuple[str, ...]:
        """In the order in which they come into play."""
        return tuple(dict.fromkeys(row.span.service for row in self.rows if row.span))

    @property
    def failed(self) -> int:
        return sum(row.span.failed for row in self.rows if row.span)


def waterfall(spans: Sequence[Span]) -> Waterfall:
    """Lay out one trace.

    A parent that is not here gets a row of its own above its children. Parents in a circle (a broken sender)
    are cut at the earliest span, so that every span has exactly one row.
    """
    if not spans:
        return Waterfall("", (), 0, 0)
    by_id = {span.span_id: span for span in spans}
    skew = clock_skew(list(by_id.values()), by_id)

    def start_of(span: Span) -> int:
        return span.start_ns + skew.get(span.process, 0)

    ordered = sorted(by_id.values(), key=lambda span: (start_of(span), span.span_id))
    children: defaultdict[str | None, list[Span]] = defaultdict(list)
    for span in ordered:
        children[span.parent_id].append(span)
    tops: list[tuple[int, str, Span | None]] = [(start_of(span), span.span_id, span) for span in children[None]]
    absent = {span.parent_id for span in ordered if span.parent_id and span.parent_id not in by_id}
    tops += [(start_of(children[parent][0]), parent, None) for parent in absent]

    reached: set[str] = set()
    zero = start_of(ordered[0])

    def descend(top: str, span: Span | None) -> Iterator[Row]:
        # A stack, not recursion: a trace may be deeper than Python's call stack.
        stack: list[tuple[str, Span | None, int, bool, tuple[bool, ...]]] = [(top, span, 0, True, ())]
        while stack:
            span_id, here, depth, last, guides = stack.pop()
            if here is not None:
                reached.add(span_id)
            below = [child for child in children[span_id] if child.span_id not in reached]
            reached.update(child.span_id for child in below)
            under = (*guides, not last) if depth else ()
            for place, child in reversed(list(enumerate(below, 1))):
                stack.append((child.span_id, child, depth + 1, place == len(below), under))
            if here is not None:
                moved = skew.get(here.process, 0)
                offset, length = start_of(here) - zero, here.duration_ns
            else:
                moved = 0
                offset = start_of(below[0]) - zero
                length = max(start_of(child) + child.duration_ns for child in below) - zero - offset
            yield Row(span_id, here, depth, offset, length, moved, len(below), last, guides)

    rows: list[Row] = []
    for _, top, span_or_none in sorted(tops, key=lambda item: item[:2]):
        rows.extend(descend(top, span_or_none))
    for span in ordered:
        if span.span_id not in reached:
            rows.extend(descend(span.span_id, span))
    end = max(row.offset_ns + row.duration_ns for row in rows)
    return Waterfall(ordered[0].trace_id, tuple(rows), zero, end)


def clock_skew(spans: Sequence[Span], by_id: dict[str, Span]) -> dict[str, int]:
    """How many nanoseconds to add to the clock of each process so that nothing starts before what caused it.

    The least such corrections, found by relaxing every step from one process to another; true clocks that are
    merely offset settle within as many rounds as there are processes. Within one process the clock is
    believed.
    """
    steps = [
        (parent, span)
        for span in spans
        if span.parent_id and (parent := by_id.get(span.parent_id)) and parent.process != span.process
    ]
    skew: dict[str, int] = {}
    for _ in {span.process for span in spans}:
        settled = True
        for parent, span in steps:
            early = (parent.start_ns + skew.get(parent.process, 0)) - (span.start_ns + skew.get(span.process, 0))
            if early > 0:
                skew[span.process] = skew.get(span.process, 0) + early
                settled = False
        if settled:
            break
    return skew
