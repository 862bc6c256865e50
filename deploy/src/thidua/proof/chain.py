"""Chains an exported log again from its seed: no database, no NATS, nothing but the bytes and SHA-256."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.envelope import hash_of_digests, seed_hash


@dataclass(frozen=True, slots=True)
class Link:
    """One event as far as the chain needs it: digests are SHA-256 of header and data, ``hash`` is what the log says."""

    epoch: int
    seq: int
    hash: bytes
    header_digest: bytes
    data_digest: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a log that somebody has named: in a checkpoint, by a follower, in a stream."""

    epoch: int
    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}"


class Broken(Exception):
    """The log does not chain; the text, for people, says at which event and how."""


class Chain:
    """What is found by chaining a log from its first event on, event by event."""

    def __init__(self, log: str, watch: Iterable[int] = ()) -> None:
        self.log = log
        self.end = Place(1, 0, seed_hash(log))
        self.opened: list[tuple[int, int]] = []
        """Epoch and seq of the first event of each epoch."""
        self.at: dict[int, Place] = {}
        """What stands at each of the seqs in ``watch``, as far as the log goes."""
        self._watch = set(watch)

    def add(self, link: Link) -> None:
        """The next event. Raises Broken."""
        before = self.end
        if link.seq != before.seq + 1:
            raise Broken(_not_next(self.log, before, link))
        if link.epoch < before.epoch:
            raise Broken(f"{self.log}:{link.epoch}:{link.seq} lùi kỷ: trước đó đã là kỷ {before.epoch}.")
        computed = hash_of_digests(before.hash, link.epoch, link.seq, link.header_digest, link.data_digest)
        if computed != link.hash:
            raise Broken(
                f"{self.log}:{link.epoch}:{link.seq}: tiêu đề hoặc nội dung không còn như khi ghi sổ "
                f"(băm tính lại {computed.hex()[:16]}…, sổ ghi {link.hash.hex()[:16]}…)."
            )
        if not self.opened or link.epoch > before.epoch:
            self.opened.append((link.epoch, link.seq))
        self.end = Place(link.epoch, link.seq, link.hash)
        if link.seq in self._watch:
            self.at[link.seq] = self.end


def _not_next(log: str, before: Place, link: Link) -> str:
    if link.seq <= before.seq:
        return f"{log}: sau số {before.seq} lại là số {link.seq}; mỗi số chỉ có một lần, theo thứ tự."
    if before.seq == 0:
        return f"{log}: thiếu phần đầu sổ, sự kiện đầu tiên có số {link.seq}."
    missing = f"số {before.seq + 1}" if link.seq == before.seq + 2 else f"từ số {before.seq + 1} đến {link.seq - 1}"
    return f"{log}: thiếu {missing}."
