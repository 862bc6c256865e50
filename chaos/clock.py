"""The clock of a run."""

from __future__ import annotations

import time


def now() -> float:
    """Seconds by the clock that receipts are stamped with, too."""
    return time.time()
