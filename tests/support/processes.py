"""Which processes a test has started and which of them are still there."""

from __future__ import annotations

import psutil


def descendants(pid: int) -> list[int]:
    """Ids of the process's children and theirs."""
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def started_since(before: list[int]) -> list[int]:
    """Ids of this process's descendants that are neither among `before` nor were started by one of those.

    A server that other tests share starts workers of its own at any moment; they are not the caller's.
    """
    former = set(before)

    def below(process: psutil.Process) -> list[int]:
        return [
            pid
            for child in process.children()
            if child.pid not in former
            for pid in [child.pid, *descendants_still(child)]
        ]

    def descendants_still(process: psutil.Process) -> list[int]:
        try:
            return below(process)
        except psutil.NoSuchProcess:
            return []

    return below(psutil.Process())


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
