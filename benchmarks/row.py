"""What one measurement is: its name in the table, its aim, and how its figures are brought together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Say = Callable[[str], None]
Figures = dict[str, float]
"""Flat ``name: number``; absolutes end in ``_abs`` (unit in the name, e.g. ``relay_events_per_second_abs``)."""


@dataclass(frozen=True, slots=True)
class Aim:
    """A figure with its aim: ``at least`` or ``at most`` ``bound``."""

    name: str
    means: Literal["at least", "at most"]
    bound: float
    what: str

    def met(self, figure: float) -> bool:
        return figure >= self.bound if self.means == "at least" else figure <= self.bound


@dataclass(frozen=True, slots=True)
class Measurement:
    """One script of the table. ``measure(folder, rounds, say)`` starts what it needs under ``folder``, compares side
    by side ``rounds`` times and returns medians."""

    name: str
    aims: tuple[Aim, ...]
    measure: Callable[[Path, int, Say], Awaitable[Figures]]
