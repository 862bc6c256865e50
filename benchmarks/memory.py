"""What memory each process holds for itself, and how much more of it late than early."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

FLOOR = 4 * 1024**2
"""Bytes: whoever holds less counts as holding so much. A backend of PostgreSQL has one to three MB and takes half of
one more when it first meets a statement; one that takes five bytes more with each of a million events is seen."""

Held = Mapping[int, int]
"""Bytes by the number of the process."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Of one process of a part: mean bytes over the first tenth of the events, and over the last."""

    part: str
    title: str
    first: float
    last: float

    @property
    def ratio(self) -> float:
        return max(self.last, FLOOR) / max(self.first, FLOOR)


def held(pid: int) -> dict[int, int]:
    """Of a process and of those it started, their anonymous memory (heap, stacks); what a fork left shared is shared
    out (``Pss_Anon``).

    Not counted: PostgreSQL's shared buffers, of which RSS has all that a backend ever touched, and private memory
    those that it alone touched; nor pages of programs, which would make growth look smaller.
    """
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        taken = {pid: next(int(line.split()[1]) * 1024 for line in rollup if line.startswith("Pss_Anon:"))}
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (OSError, StopIteration):
        return {}  # it has just ended
    for child in children:
        taken |= held(int(child))
    return taken


def _title(pid: int) -> str:
    """What a process calls itself."""
    try:
        said = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").split()
    except OSError:
        return "ended"
    return " ".join(said)[:60]


def growths(part: str, samples: Sequence[tuple[int, Held]], events: int) -> list[Growth]:
    """Of each process that lived through the first and the last tenth of the events; ``samples``: how far it was, and
    what was held."""
    first = [taken for at, taken in samples if at <= events * 0.1]
    last = [taken for at, taken in samples if at >= events * 0.9]
    stayed = {pid for one in first for pid in one} & {pid for one in last for pid in one}
    return [Growth(part, _title(pid), _mean(first, pid), _mean(last, pid)) for pid in sorted(stayed)]


def worst_of_each(found: Iterable[Growth]) -> dict[str, Growth]:
    """Of each part, the process that grew most."""
    return {one.part: one for one in sorted(found, key=lambda growth: growth.ratio)}


def _mean(samples: Sequence[Held], pid: int) -> float:
    return mean([one[pid] for one in samples if pid in one])
