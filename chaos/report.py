"""The figures of a run: printed as a table, written flat with ``CHAOS_JSON``, and judged."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from chaos.commands import EFFECTS, NOTIFIED
from chaos.world import Healed

LEAST_ACCEPTED = 10_000
LEAST_FAULTS = 100
LEAST_KINDS = 15
LEAST_OF_EACH = 3
ONCE = frozenset({"nats_one_node_of_three", "nats_two_nodes_of_three"})
"""One scenario with a cluster of its own: each once."""


@dataclass
class Result:
    """What came of a run."""

    counts: dict[str, Any]
    healed: list[Healed]
    unseen: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    outward_repeats: int = 0
    forks_injected: Counter[str] = field(default_factory=Counter)
    forks_found: Counter[str] = field(default_factory=Counter)

    def with_other(self, other: Result) -> Result:
        """Both as one."""
        counts = {name: there + other.counts[name] for name, there in self.counts.items()}
        return replace(
            self,
            counts=counts,
            healed=self.healed + other.healed,
            unseen=self.unseen + other.unseen,
            trouble=self.trouble + other.trouble,
        )

    @property
    def by_kind(self) -> Counter[str]:
        return Counter(one.kind for one in self.healed)

    def flat(self) -> dict[str, int | float]:
        """``name: number``, as CHAOS_JSON holds it."""
        seconds = [one.seconds for one in self.healed]
        return {
            **{name: self.counts[name] for name in ("accepted", "lost", "twice", "out_of_order")},
            "forks_injected": self.forks_injected.total(),
            "forks_found": self.forks_found.total(),
            "voided": self.counts["voided"],
            "here_only_lost": self.counts["here_only_lost"],
            "outward_repeats": self.outward_repeats,
            "faults": len(self.healed),
            "kinds": len(self.by_kind),
            **{f"fault_{kind}": times for kind, times in sorted(self.by_kind.items())},
            "heal_p50_s": quantile(seconds, 0.50),
            "heal_p99_s": quantile(seconds, 0.99),
            "heal_max_s": quantile(seconds, 1.0),
        }

    def failures(self, planned: Collection[str] = ()) -> list[str]:
        """Why the run failed, in words; ``planned``: the kinds that a whole run has, each often enough."""
        wrong = list(self.trouble)
        counts = self.counts
        wrong += [f"{name} = {counts[name]}" for name in ("lost", "twice", "out_of_order") if counts[name]]
        if counts["voided"] != counts["voided_alone"]:
            wrong.append(f"voided = {counts['voided']}, the client alone counts {counts['voided_alone']}")
        if counts["here_only_lost"] != counts["here_only_alone"]:
            wrong.append(f"here_only_lost = {counts['here_only_lost']}, the client: {counts['here_only_alone']}")
        if self.forks_found != self.forks_injected:
            wrong.append(f"forks found {dict(self.forks_found)}, injected {dict(self.forks_injected)}")
        wrong += [f"refused: {one['text']}" for one in counts["refused"]]
        if planned:
            if counts["accepted"] < LEAST_ACCEPTED:
                wrong.append(f"only {counts['accepted']} commands were accepted")
            untried = {*EFFECTS, *NOTIFIED} - set(counts["kinds"])
            wrong += [f"no command of the kind {kind} was accepted" for kind in sorted(untried)]
            if len(self.healed) < LEAST_FAULTS or len(self.by_kind) < LEAST_KINDS:
                wrong.append(f"only {len(self.healed)} faults of {len(self.by_kind)} kinds")
            wrong += [
                f"only {times} of {kind}"
                for kind in sorted({*planned, *self.by_kind})
                if (times := self.by_kind[kind]) < (1 if kind in ONCE else LEAST_OF_EACH)
            ]
        return wrong


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all values does not exceed; 0 of none."""
    if not values:
        return 0.0
    return round(sorted(values)[max(0, math.ceil(share * len(values)) - 1)], 2)


def repeats(mail: Path) -> int:
    """Letters that went out more than once under the same message id: beyond the first of each."""
    if not mail.exists():
        return 0
    with mail.open(encoding="utf-8") as lines:
        sent = Counter(json.loads(line)["message_id"] for line in lines)
    return sum(times - 1 for times in sent.values())


def show(console: Console, result: Result) -> None:
    """Faults by kind with their healing, then the counts."""
    table = Table("fault", "times", "healed in, median s", "longest s")
    for kind, times in sorted(result.by_kind.items()):
        seconds = [one.seconds for one in result.healed if one.kind == kind]
        table.add_row(kind, str(times), f"{quantile(seconds, 0.5):.1f}", f"{quantile(seconds, 1):.1f}")
    console.print(table)
    figures = Table("count", "")
    for name, number in result.flat().items():
        if not name.startswith("fault_"):
            figures.add_row(name, str(number))
    console.print(figures)
    for wrong in result.counts["wrong"]:
        console.print(f"[red]{wrong}[/]")
