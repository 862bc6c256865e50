"""A place in a log: what cursors, marks and beacons name."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.envelope import seed_hash

from chassis.facts import Stored


@dataclass(frozen=True, slots=True)
class Position:
    """The event at ``seq`` of ``epoch``, named by its hash; seq 0 with the log's seed hash is *before the first*."""

    epoch: int
    seq: int
    hash: bytes

    @staticmethod
    def start(log: str) -> Position:
        return Position(1, 0, seed_hash(log))

    @staticmethod
    def of(event: Stored) -> Position:
        return Position(event.epoch, event.seq, event.hash)

    def told(self) -> dict[str, object]:
        """As JSON carries it: hash in hex."""
        return {"epoch": self.epoch, "seq": self.seq, "hash": self.hash.hex()}

    @staticmethod
    def heard(told: dict[str, object]) -> Position:
        """From JSON. Raises KeyError, TypeError or ValueError for what is not a position."""
        return Position(int(str(told["epoch"])), int(str(told["seq"])), bytes.fromhex(str(told["hash"])))
