"""What the client was told, one line of JSON an answer, kept on disk in the order in which the answers came."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO


@dataclass(frozen=True)
class Receipt:
    """One accepted command: its key, its place in a log, what it must have left, when it was answered (s, Unix)."""

    nr: int
    writer: str
    key: str
    service: str
    log: str
    epoch: int
    first_seq: int
    last_seq: int
    hash: str
    href: str
    kind: str
    leaves: str
    at: float

    @property
    def seqs(self) -> range:
        return range(self.first_seq, self.last_seq + 1)


class Kept:
    """The file of receipts being written."""

    def __init__(self, path: Path) -> None:
        self._lines: TextIO = path.open("a", encoding="utf-8", buffering=1)
        self.count = 0

    def keep(self, receipt: Receipt) -> None:
        self._lines.write(json.dumps(asdict(receipt), ensure_ascii=False) + "\n")
        self.count += 1

    def close(self) -> None:
        self._lines.close()


def read(path: Path) -> Iterator[Receipt]:
    """Every receipt, oldest first."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield Receipt(**json.loads(line))
