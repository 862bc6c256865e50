"""Which faults come when: waves of faults that do not touch one another's parts, drawn from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from chaos.faults import Kind

AT_ONCE = 4


def waves(kinds: Sequence[Kind], chance: Random) -> list[list[Kind]]:
    """Every kind as often as it says, in waves of at most four; the same seed draws the same waves."""
    waiting = [kind for kind in kinds for _ in range(kind.times)]
    chance.shuffle(waiting)
    drawn: list[list[Kind]] = []
    while waiting:
        wave: list[Kind] = []
        for kind in list(waiting):
            if len(wave) < AT_ONCE and not any(kind.touches & other.touches for other in wave):
                wave.append(kind)
                waiting.remove(kind)
        drawn.append(wave)
    chance.shuffle(drawn)
    return drawn
