"""Which processes a test has started and which of them are still there."""

from __future__ import annotations

import psutil


def descendants(pid: int) -> list[int]:
    """Ids of the process's children and theirs."""
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def processes_of(pids: list[int]) -> list[str]:
    """Command lines of those that still run (a zombie does not)."""
    left = []
    for pid in pids:
        try:
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE:
                left.append(" ".join(process.cmdline()))
        except psutil.NoSuchProcess:
            continue
    return left
