"""NATS as the protocol must expect it: streams that acknowledge and lose, consumers that vanish, words in the air."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from chassis.facts import Stored
from chassis.positions import Position


@dataclass
class Stream:
    """``messages`` by their place in the stream; a lost tail gives its places to what comes next."""

    name: str
    site: str
    messages: dict[int, Stored] = field(default_factory=dict)
    last: int = 0
    window: set[bytes] = field(default_factory=set)
    """Message ids remembered for de-duplication."""
    acknowledged: set[bytes] = field(default_factory=set)
    """Everything it ever acknowledged, kept or not: for the promises to look at, not for NATS."""

    def store(self, event: Stored) -> None:
        self.acknowledged.add(event.hash)
        if event.hash in self.window:
            return
        self.last += 1
        self.messages[self.last] = event
        self.window.add(event.hash)

    def lose_tail(self, count: int) -> int:
        """The last block was not on disk. Ids are gathered anew from what is left."""
        lost = sorted(self.messages)[-count:]
        for place in lost:
            del self.messages[place]
        self.last = max(self.messages, default=0)
        self.window = {event.hash for event in self.messages.values()}
        return len(lost)

    def lose_one(self, which: int) -> Stored | None:
        if not self.messages:
            return None
        place = sorted(self.messages)[which % len(self.messages)]
        return self.messages.pop(place)

    def forget_ids(self) -> None:
        """The window is over: what comes again is stored again."""
        self.window.clear()


@dataclass
class Consumer:
    """A durable one of policy *all*: what lies above ``floor`` is delivered, again when nobody acknowledges."""

    stream: Stream
    floor: int = 0
    next: int = 0

    @property
    def has_more(self) -> bool:
        return self.stream.last > max(self.floor, self.next)

    def pull(self, count: int) -> list[tuple[int, Stored]]:
        places = [place for place in sorted(self.stream.messages) if place > max(self.floor, self.next)][:count]
        if places:
            self.next = places[-1]
        return [(place, self.stream.messages[place]) for place in places]

    def acknowledge(self, place: int) -> None:
        self.floor = max(self.floor, place)

    def deliver_again(self) -> None:
        self.next = self.floor


@dataclass(frozen=True)
class Word:
    """A beacon or a mark on its way to one service."""

    to: str
    kind: Literal["beacon", "mark"]
    log: str
    at: Position
    said_by: str
