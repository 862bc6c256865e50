"""A log as a file that anybody can check: JSON Lines, a heading and one event a line. Format: docs/checkpoints.md."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from chassis.facts import Stored

from thidua.proof.chain import Broken, Chain, Link

FORMAT = "thidua-log-1"


def heading(log: str) -> str:
    """The first line of an export."""
    return _line({"format": FORMAT, "log": log})


def line(event: Stored, *, with_data: bool) -> str:
    """One event; without data, its digest stands in its place and the chain still verifies."""
    told: dict[str, Any] = {"epoch": event.epoch, "seq": event.seq, "hash": event.hash.hex()}
    told["header"] = b64encode(event.header).decode()
    if with_data:
        told["data"] = b64encode(event.data).decode()
    else:
        told["data_digest"] = hashlib.sha256(event.data).hexdigest()
    return _line(told)


def checked(path: Path, watch: Iterable[int] = ()) -> Chain:
    """Chain an exported log from its seed. Raises Broken, also for what is no export."""
    with path.open(encoding="utf-8") as lines:
        chain = Chain(_log_of(path, next(lines, "")), watch)
        for link in _links(path, chain.log, lines):
            chain.add(link)
    return chain


def log_of(path: Path) -> str:
    """Which log a file exports. Raises Broken for what is no export."""
    with path.open(encoding="utf-8") as lines:
        return _log_of(path, next(lines, ""))


def _log_of(path: Path, first: str) -> str:
    try:
        told = json.loads(first)
        if told["format"] == FORMAT:
            return str(told["log"])
    except (ValueError, KeyError, TypeError):
        pass
    raise Broken(f"{path} không phải là bản xuất sổ ({FORMAT}).")


def _links(path: Path, log: str, lines: Iterable[str]) -> Iterator[Link]:
    for number, text in enumerate(lines, 2):
        try:
            told = json.loads(text)
            link = Link(
                int(told["epoch"]),
                int(told["seq"]),
                bytes.fromhex(told["hash"]),
                _digest(told, "header"),
                _digest(told, "data"),
            )
        except (ValueError, KeyError, TypeError) as wrong:
            raise Broken(f"{path}, dòng {number}: không đọc được sự kiện của {log} ({wrong!r}).") from wrong
        yield link


def _digest(told: dict[str, Any], part: str) -> bytes:
    if part in told:
        return hashlib.sha256(b64decode(told[part], validate=True)).digest()
    return bytes.fromhex(told[f"{part}_digest"])


def _line(told: dict[str, Any]) -> str:
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False) + "\n"
