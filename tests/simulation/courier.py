"""NATS as the protocol must expect it: streams that acknowledge and lose, consumers that vanish, words in the air."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from chassis.facts import Stored
from chassis.positions import Position
from chassis.relay_steps import Place


@dataclass
class Stream:
    """``messages`` by their place in the stream; a lost tail gives its places to what comes next."""

    name: str
    site: str
    messages: dict[int, Stored] = field(default_factory=dict)
    last: int = 0
    window: dict[bytes, int] = field(default_factory=dict)
    """Message ids remembered for de-duplication, with the place that was given."""
    there: bool = True
    acknowledged: set[bytes] = field(default_factory=set)
    """Everything it ever acknowledged, kept or not: for the promises to look at, not for NATS."""

    def store(self, event: Stored) -> tuple[int, bool]:
        """Its place in the stream, and whether it was not there yet."""
        self.acknowledged.add(event.hash)
        if event.hash in self.window:
            return self.window[event.hash], False
        self.last += 1
        self.messages[self.last] = event
        self.window[event.hash] = self.last
        return self.last, True

    def holds(self, anchor: Place | None, wanted: Position) -> Position | None:
        """As ``relay.stream_end`` asks: ``wanted`` if the anchor stands, else the last event, if that says anything."""
        if anchor is not None:
            there = self.messages.get(anchor.stream_seq)
            if there is not None and there.seq == anchor.seq:
                return wanted
        last = self.messages[max(self.messages)] if self.messages else None
        if last is None or (anchor is not None and last.seq > min(anchor.seq, wanted.seq)):
            return None
        return Position.of(last)

    def vanish(self) -> None:
        """The whole store is gone; what it is made anew from is the logs."""
        self.there, self.messages, self.window, self.last = False, {}, {}, 0

    def lose_tail(self, count: int) -> int:
        """The last block was not on disk. Ids are gathered anew from what is left."""
        lost = sorted(self.messages)[-count:]
        for place in lost:
            del self.messages[place]
        self.last = max(self.messages, default=0)
        self.window = {event.hash: place for place, event in self.messages.items()}
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

    def make_again(self) -> None:
        """Another of the same name, with *new*."""
        self.floor = self.next = self.stream.last

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
