"""Which fault comes next: drawn from a seed, several at once as long as they touch different parts of the site."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from random import Random

from chaos.faults import Kind

AT_ONCE = 3


def drawn(kinds: Sequence[Kind], chance: Random) -> list[Kind]:
    """Every kind as often as it says, in an order that the seed decides."""
    waiting = [kind for kind in kinds for _ in range(kind.times)]
    chance.shuffle(waiting)
    return waiting


def next_one(waiting: list[Kind], under_way: Collection[Kind]) -> Kind | None:
    """Take the first that touches nothing that is being broken or heals right now; None when there is no room."""
    taken: frozenset[str] = frozenset().union(*(kind.touches for kind in under_way))
    if len(under_way) >= AT_ONCE:
        return None
    for nr, kind in enumerate(waiting):
        if not kind.touches & taken:
            return waiting.pop(nr)
    return None
