"""The head file: how far a log had come, kept outside the database's data directory, where no backup turns it back.

One line of JSON: ``{"log", "epoch", "seq", "hash"}``. Written whole beside itself and moved into place, synced.
"""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import log as logs
from chassis.logs import get_logger
from chassis.positions import Position

WRITE_SECONDS = 1.0
_log = get_logger(__name__)


def read(path: Path, log: str) -> Position | None:
    """What the file says of ``log``; None when there is none, or none of this log."""
    try:
        told = json.loads(path.read_text(encoding="ascii"))
        return Position.heard(told) if told["log"] == log else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        _log.error("head_file_unreadable", path=str(path), reason=str(wrong))
        return None


def write(path: Path, log: str, at: Position) -> bool:
    """Bring the file to ``at``, never backwards; on disk when this returns. False when it says more already."""
    known = read(path, log)
    if known is not None and (known.epoch, known.seq) >= (at.epoch, at.seq):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.unfinished-{os.getpid()}")
    with unfinished.open("w", encoding="ascii") as file:
        file.write(json.dumps({"log": log, **at.told()}) + "\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True


def begin(path: Path, log: str) -> None:
    """The first head file, written by whoever has just made the log's database; one that is there stays."""
    write(path, log, Position.start(log))


async def keep(engine: AsyncEngine, path: Path, log: str) -> None:
    """Write the head each second when it moved, and once more at the end. Endless."""
    written: Position | None = None
    try:
        while True:
            written = await _write_head(engine, path, log, written)
            await asyncio.sleep(WRITE_SECONDS)
    finally:
        # A service that is stopped in order leaves a file that knows everything; a database that is away has its say
        # in the health of other parts.
        with suppress(Exception):
            async with asyncio.timeout(1):
                await _write_head(engine, path, log, written)


async def _write_head(engine: AsyncEngine, path: Path, log: str, written: Position | None) -> Position:
    async with engine.connect() as db:
        head = await logs.head(db)
    at = Position(head.epoch, head.seq, head.hash)
    if at != written:
        await asyncio.to_thread(write, path, log, at)
    return at
