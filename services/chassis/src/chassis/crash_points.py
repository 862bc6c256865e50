"""Labelled places at which a fault test lets a process die: around commit, publish, acknowledgement, apply and mark.

Without ``THIDUA_CRASH_FILE`` a point costs one comparison. With it, SIGUSR1 reads the file's line ``<label>
[<passes>]`` and arms that point; the pass named (the first unless said) appends ``died at <label>`` to the file and
kills the process outright, as a power cut would.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Literal

Label = Literal[
    "command.applied",
    "command.appended",
    "command.committed",
    "relay.published",
    "relay.acknowledged",
    "relay.cursor-moved",
    "follower.marked",
    "follower.applied",
    "follower.committed",
    "follower.acknowledged",
]

_file: Path | None = None
_armed: str | None = None
_passes = 0


def crash_point(label: Label) -> None:
    """Die here if this point is armed and its turn has come."""
    if label == _armed:
        _pass()


def obey(file: Path) -> None:
    """Arm what ``file`` names at each SIGUSR1."""
    global _file
    _file = file
    signal.signal(signal.SIGUSR1, lambda *_: _arm())


def _arm() -> None:
    global _armed, _passes
    assert _file is not None
    match _file.read_text().split():
        case [label, passes, *_]:
            _armed, _passes = label, int(passes)
        case [label]:
            _armed, _passes = label, 1


def _pass() -> None:
    global _passes
    _passes -= 1
    if _passes > 0:
        return
    assert _file is not None
    with _file.open("a") as told:
        told.write(f"\ndied at {_armed}\n")
        told.flush()
        os.fsync(told.fileno())
    os.kill(os.getpid(), signal.SIGKILL)
