"""The faults, one module a family; each function does one, sees its effect, ends it, and says what it did and when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from chaos.world import World


@dataclass(frozen=True)
class Done:
    """A fault whose effect was seen: in words, and when it ended (s, Unix); healing runs from there."""

    what: str
    ended: float


@dataclass(frozen=True)
class Kind:
    """A kind of fault. ``touches``: parts of the site that no other fault may touch meanwhile."""

    name: str
    inflict: Callable[[World, Random], Awaitable[Done]]
    touches: frozenset[str]
    times: int = 3
    together: str = ""
    """Faults of one such family may be under way at once on the same parts, if not on the same log (``of_log``)."""
    seconds: float = 60.0
    """A fault that takes longer to show or to end counts as not seen."""

    def beside(self, other: Kind) -> bool:
        """Whether both may be under way at once."""
        common = self.touches & other.touches
        if self.together and self.together == other.together:
            common = frozenset(part for part in common if part.startswith(_LOG))
        return not common


_LOG = "log of "


def of_log(service: str) -> str:
    """The part of the site that the log of a service is."""
    return _LOG + service


ALL = frozenset({"registry", "scoring", "awards", "notify", "nats", "postgres"})
