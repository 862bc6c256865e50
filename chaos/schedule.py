"""Which fault comes next: drawn from a seed, several at once as long as they touch different parts of the site."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from random import Random

from chaos.faults import Kind

AT_ONCE = 6
ALONE = 6
"""A kind that touches so many parts runs alone. Those come first: later there would always be another under way."""


def drawn(kinds: Sequence[Kind], chance: Random) -> list[Kind]:
    """Every kind as often as it says, in an order that the seed decides, those that need all to themselves first.

    Families go next to one another, so that they run together.
    """
    waiting = [kind for kind in kinds for _ in range(kind.times)]
    chance.shuffle(waiting)
    return sorted(waiting, key=lambda kind: (not alone(kind), kind.together if alone(kind) else ""))


def alone(kind: Kind) -> bool:
    """Whether it needs all to itself and its own family."""
    return len(kind.touches) >= ALONE


def next_one(waiting: list[Kind], under_way: Collection[Kind]) -> Kind | None:
    """Take the first that touches nothing that is being broken or heals right now; None when there is no room."""
    if len(under_way) >= AT_ONCE:
        return None
    for nr, kind in enumerate(waiting):
        if all(kind.beside(other) for other in under_way):
            return waiting.pop(nr)
        if alone(kind):
            return None
    return None
