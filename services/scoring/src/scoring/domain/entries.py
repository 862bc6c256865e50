"""Entries of one line: the self layer from a received report, and an appraiser's, checked by the line's kind."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from contracts.events.registry.reports import ReportLine
from contracts.events.scoring import EntryState, LineEntry
from contracts.refusal import Refused

from scoring.domain.engine import Entry
from scoring.domain.form import Form, Leaf
from scoring.domain.kinds import Figure, lowest
from scoring.domain.numbers import exact, show


def self_entries(form: Form, lines: Mapping[str, ReportLine]) -> dict[str, Entry]:
    """The self layer of a received report. A figure counts by the table; typed points only where no figure is."""
    found: dict[str, Entry] = {}
    for leaf in form.leaves():
        line = lines.get(leaf.code)
        if line is not None:
            found[leaf.code] = _self_entry(leaf, line)
    return found


def _self_entry(leaf: Leaf, line: ReportLine) -> Entry:
    if line.not_assigned:
        return Entry(EntryState.NOT_ASSIGNED)
    figure = _self_figure(leaf, line)
    typed = exact(line.self_score) if line.self_score is not None else None
    if figure is None and typed is None:
        return Entry(EntryState.EMPTY)
    return Entry(EntryState.GIVEN, figure if figure is not None else Figure(points=typed))


def _self_figure(leaf: Leaf, line: ReportLine) -> Figure | None:
    actual = exact(line.actual) if line.actual is not None else None
    faults = Fraction(line.faults) if line.faults is not None else None
    if leaf.kind == "qualitative":
        if line.achieved is not None:
            return Figure(actual=Fraction(int(line.achieved)))
        return Figure(actual=actual) if actual is not None else None
    if leaf.kind == "deducting" and not leaf.counts_shortfall:
        counted = faults if faults is not None else actual
        return Figure(actual=counted) if counted is not None else None
    if leaf.kind == "plus-minus":
        return Figure(actual=actual, against=faults) if (actual, faults) != (None, None) else None
    if leaf.kind == "direct" and leaf.each is None:
        return None
    return Figure(actual=actual) if actual is not None else None


def entry_of(line: LineEntry) -> Entry:
    """An entry as recorded, exact."""

    def number(value: Any) -> Fraction | None:
        return exact(value) if value is not None else None

    return Entry(
        line.state,
        Figure(number(line.actual), number(line.against), number(line.target), number(line.points)),
    )


def check_entry(leaf: Leaf, line: LineEntry) -> None:
    """Whether an appraiser or a council may say this of a line.

    Raises ``entry-says-nothing``, ``entry-does-not-fit``, ``points-out-of-range``.
    """
    if line.state is EntryState.EMPTY:
        raise Refused("entry-says-nothing", code=leaf.code)
    given = {"actual": line.actual, "against": line.against, "target": line.target, "points": line.points}
    named = [name for name, value in given.items() if value is not None]
    if line.state is not EntryState.GIVEN:
        if named:
            raise Refused("entry-does-not-fit", code=leaf.code, kind=leaf.kind, found=named)
        return
    if not set(named) & {"actual", "against", "points"}:
        raise Refused("entry-says-nothing", code=leaf.code)
    unfit = [
        name
        for name, fits in (
            ("against", leaf.kind == "plus-minus"),
            ("target", leaf.needs_target),
            ("actual", not (leaf.kind == "direct" and leaf.each is None)),
        )
        if name in named and not fits
    ]
    if leaf.kind == "qualitative" and line.actual is not None and line.actual not in (0, 1):
        unfit.append("actual")
    if unfit:
        raise Refused("entry-does-not-fit", code=leaf.code, kind=leaf.kind, found=unfit)
    if line.points is not None:
        points = exact(line.points)
        allowed = lowest(leaf) <= points <= leaf.max_points
        if leaf.kind == "qualitative":
            allowed = points in (0, leaf.max_points)
        if not allowed:
            raise Refused(
                "points-out-of-range",
                code=leaf.code,
                points=show(points),
                floor=show(lowest(leaf)),
                max_points=show(leaf.max_points),
            )
