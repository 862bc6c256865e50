"""A simulated service: where it stands, whom it follows, what it does by itself, its database and running copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chassis.facts import Stored
from chassis.positions import Position

from tests.simulation.courier import Consumer
from tests.simulation.database import Database
from tests.simulation.deeds import DEED, told
from tests.simulation.restoring import Shell
from tests.simulation.running import Copy


@dataclass(frozen=True, slots=True)
class Reaction:
    """Answers each deed of ``log`` once. ``needs``: not before the deed's own cause stands in the table of that log."""

    name: str
    log: str
    needs: str | None = None

    def takes(self, event: Stored) -> bool:
        return told(event).type == DEED


@dataclass
class Service:
    log: str
    site: str
    destinations: tuple[str, ...]
    """Streams that its relay fills."""
    follows: Mapping[str, Consumer]
    """Durable consumer by followed log."""
    reactions: tuple[Reaction, ...]
    database: Database
    copies: dict[int, Copy] = field(default_factory=dict)
    backups: list[Database] = field(default_factory=list)
    head_file: Position | None = None
    """Outside the data directory: how far the log had come when it was looked at last."""
    shut: bool = False
    """The gate is shut: it answers questions, and nothing is recorded or moved."""
    restore: Shell | None = None
    """The restore that runs, in a process that may die."""
    hours_off: int = 0
    """How wrong the clock of its machine is."""
    newer: frozenset[bytes] = frozenset()
    """Events that a newer version of its code reads and accepts."""

    def refuses(self, event: Stored) -> bool:
        """Whether its code, as it is now, says no to an event that it can read."""
        return told(event).nature == "refused" and event.hash not in self.newer

    def is_poison(self, event: Stored) -> bool:
        return told(event).nature != "sound" and event.hash not in self.newer

    @property
    def at_work(self) -> bool:
        return bool(self.copies)
