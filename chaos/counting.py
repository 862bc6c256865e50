"""The counts, as a pure function of receipts and databases: what is lost, there twice, out of order, or given up.

Nothing here trusts the product: what may be missing is what people decided (a branch not kept) or what was said
openly (a range that only one database held), and both are compared with what the receipts alone say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from chaos.books import Book, Books
from chaos.commands import EFFECTS, NOTIFIED
from chaos.receipts import Receipt

Place = tuple[int, int]
"""Epoch and seq."""


@dataclass(frozen=True)
class LostRange:
    """What a restore reported as not recovered, and when the database was lost (s, Unix)."""

    log: str
    epoch: int
    first_seq: int
    last_seq: int
    lost_at: float
    centre: Place = (0, 0)
    """The furthest place of the log that another database was known to hold before the loss."""

    def covers(self, receipt: Receipt) -> bool:
        within = self.first_seq <= receipt.last_seq <= self.last_seq
        return receipt.log == self.log and receipt.epoch == self.epoch and within and receipt.at <= self.lost_at


@dataclass(frozen=True)
class Branch:
    """A branch that people did not keep: what the service answered between two instants (s, Unix), above a seq."""

    log: str
    after_seq: int
    began: float
    ended: float
    listed: tuple[str, ...]
    """Hashes of its events, as the product lists them."""

    def bore(self, receipt: Receipt) -> bool:
        """By the receipt alone."""
        return receipt.log == self.log and receipt.last_seq > self.after_seq and self.began <= receipt.at <= self.ended


@dataclass(frozen=True)
class Told:
    """Who follows whom, what restores reported, and what people decided."""

    follows: Mapping[str, Sequence[str]]
    ranges: tuple[LostRange, ...] = ()
    branches: tuple[Branch, ...] = ()

    @classmethod
    def of(cls, order: Mapping[str, Any]) -> Told:
        return cls(
            order["follows"],
            tuple(LostRange(**{**one, "centre": tuple(one["centre"])}) for one in order["ranges"]),
            tuple(Branch(**{**one, "listed": tuple(one["listed"])}) for one in order["branches"]),
        )

    def first_to_take(self, receipt: Receipt) -> LostRange | Branch | None:
        """What took a receipt out of the log, by the receipt alone. What was lost is on no later branch, and what
        stood on a branch not kept is in no later loss."""
        took: list[tuple[float, LostRange | Branch]] = [
            *((one.lost_at, one) for one in self.ranges if one.covers(receipt)),
            *((one.ended, one) for one in self.branches if one.bore(receipt)),
        ]
        return min(took, key=lambda one: one[0])[1] if took else None


@dataclass
class Counts:
    """The figures of a run; each text under ``wrong`` explains one that should not be there."""

    accepted: int = 0
    lost: int = 0
    twice: int = 0
    out_of_order: int = 0
    voided: int = 0
    voided_alone: int = 0
    here_only_lost: int = 0
    here_only_alone: int = 0
    kinds: list[str] = field(default_factory=list)
    """Kinds of commands of which at least one was accepted."""
    wrong: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        return {**vars(self), "wrong": self.wrong[:50]}


def count(receipts: Sequence[Receipt], books: Books, told: Told) -> Counts:
    """Compare every receipt with every database."""
    counts = Counts(accepted=len(receipts), kinds=sorted({receipt.kind for receipt in receipts if receipt.kind}))
    present, gone = _split(receipts, books)
    _judge_gone(counts, receipts, gone, told)
    _in_every_follower(counts, present, books, told.follows)
    _effects(counts, present, books)
    _twice(counts, receipts, books)
    _order(counts, present, books)
    return counts


def without_loss(
    stopped: Iterable[Mapping[str, Any]], ranges: Sequence[LostRange], branches: Sequence[Branch]
) -> list[Mapping[str, Any]]:
    """Of the stories that a service did not let go on (``service``, ``at``), those before which it had lost nothing."""
    since = [(one.log, one.lost_at) for one in ranges] + [(one.log, one.began or one.ended) for one in branches]
    return [
        one for one in stopped if not any(log.endswith(f".{one['service']}") and at <= one["at"] for log, at in since)
    ]


def _split(receipts: Iterable[Receipt], books: Books) -> tuple[list[Receipt], list[Receipt]]:
    """Receipts whose whole range stands in the producer's log with the hash that was told, and the others."""
    rows = {name: {row.seq: row for row in book.log} for name, book in books.items()}
    present: list[Receipt] = []
    gone: list[Receipt] = []
    for receipt in receipts:
        found = [rows[receipt.service].get(seq) for seq in receipt.seqs]
        last = found[-1]
        there = last is not None and (last.epoch, last.hash) == (receipt.epoch, receipt.hash)
        keys_fit = all(row is not None and row.key == receipt.key for row in found)
        (present if there and keys_fit else gone).append(receipt)
    return present, gone


def _judge_gone(counts: Counts, receipts: Sequence[Receipt], gone: Sequence[Receipt], told: Told) -> None:
    """What the product says of losses, beside what is really gone by the receipts alone; anything more is lost."""
    listed = {hash_ for branch in told.branches for hash_ in branch.listed}
    counts.voided = sum(receipt.hash in listed for receipt in receipts)
    for receipt in receipts:
        on_a_branch = isinstance(told.first_to_take(receipt), Branch) and receipt.hash in listed
        counts.here_only_lost += not on_a_branch and any(one.covers(receipt) for one in told.ranges)
    for receipt in gone:
        place = f"{receipt.log}:{receipt.epoch}:{receipt.last_seq}"
        match told.first_to_take(receipt):
            case Branch():
                counts.voided_alone += 1
                if receipt.hash in listed:
                    continue
                counts.wrong.append(f"{place} stood on a branch not kept and is not listed")
            case LostRange(centre=centre) if (receipt.epoch, receipt.last_seq) <= centre:
                counts.wrong.append(f"{place} read at the centre before the loss")
            case LostRange():
                counts.here_only_alone += 1
                continue
            case None:
                counts.wrong.append(f"{place} of {receipt.writer} ({receipt.key}) is in no log and in no report")
        counts.lost += 1


def _in_every_follower(
    counts: Counts, present: Sequence[Receipt], books: Books, follows: Mapping[str, Sequence[str]]
) -> None:
    for follower, producers in follows.items():
        taken = {log: set(places) for log, places in books[follower].received.items()}
        for receipt in present:
            place = (receipt.epoch, receipt.last_seq, receipt.hash)
            if receipt.service in producers and place not in taken.get(receipt.log, set()):
                counts.lost += 1
                counts.wrong.append(f"{receipt.log}:{receipt.epoch}:{receipt.last_seq} never reached {follower}")


def _effects(counts: Counts, present: Sequence[Receipt], books: Books) -> None:
    told = Counter(cause for cause, *_ in books["notify"].notices) if "notify" in books else Counter()
    for receipt in present:
        for effect in (one for one in EFFECTS.get(receipt.kind, ()) if one.service in books):
            rows = books[effect.service].tables[effect.table][receipt.leaves]
            if rows == 0:
                counts.lost += 1
                counts.wrong.append(f"{receipt.leaves} is missing in {effect.service}.{effect.table}")
            elif rows > 1:
                counts.twice += 1
                counts.wrong.append(f"{receipt.leaves} is {rows} times in {effect.service}.{effect.table}")
        if (
            receipt.kind in NOTIFIED
            and "notify" in books
            and not told[f"{receipt.log}:{receipt.epoch}:{receipt.last_seq}"]
        ):
            counts.lost += 1
            counts.wrong.append(f"nobody was told of {receipt.log}:{receipt.epoch}:{receipt.last_seq}")


def _twice(counts: Counts, receipts: Sequence[Receipt], books: Books) -> None:
    told = {receipt.key: len(receipt.seqs) for receipt in receipts}
    for name, book in books.items():
        for key, times in _times_done(book, told).items():
            if times > 1:
                counts.twice += times - 1
                counts.wrong.append(f"{name}: the command {key} was done {times} times")
        for log, places in book.received.items():
            for place, times in Counter(places).items():
                if times > 1:
                    counts.twice += times - 1
                    counts.wrong.append(f"{name} took {log}:{place[0]}:{place[1]} {times} times")
        for notice, times in book.notices.items():
            if times > 1:
                counts.twice += times - 1
                counts.wrong.append(f"{name} told {' '.join(notice)} {times} times")


def _times_done(book: Book, told: Mapping[str, int]) -> Counter[str]:
    """How often each idempotency key was done: as many events as its caller was told, on one unbroken run, is once."""
    runs: Counter[str] = Counter()
    events: Counter[str] = Counter()
    before: str | None = None
    for row in book.log:
        if row.key is not None:
            events[row.key] += 1
            runs[row.key] += row.key != before
        before = row.key
    for key in runs.keys() & told.keys():
        runs[key] = max(runs[key], -(-events[key] // told[key]))
    return runs


def _order(counts: Counts, present: Sequence[Receipt], books: Books) -> None:
    """One writer's commands stand as it sent them; logs have no hole and no broken link; followers took them so."""
    before: dict[tuple[str, str], tuple[int, int]] = {}
    for receipt in present:
        place = (receipt.epoch, receipt.first_seq)
        if place <= before.get((receipt.writer, receipt.log), (0, 0)):
            counts.out_of_order += 1
            counts.wrong.append(f"{receipt.key} stands before what {receipt.writer} was told earlier")
        before[receipt.writer, receipt.log] = place
    for name, book in books.items():
        for earlier, later in pairwise(book.log):
            if later.seq != earlier.seq + 1 or later.epoch < earlier.epoch or later.prev != earlier.hash:
                counts.out_of_order += 1
                counts.wrong.append(f"{name}: {later.epoch}:{later.seq} does not continue {earlier.seq}")
        for log, places in book.received.items():
            for one, other in pairwise(places):
                if other[:2] < one[:2]:
                    counts.out_of_order += 1
                    counts.wrong.append(f"{name} took {log}:{other[0]}:{other[1]} after {one[1]}")
