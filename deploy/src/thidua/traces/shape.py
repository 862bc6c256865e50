"""How times and services look in the waterfall, on the page and on the command line alike."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta, timezone

HANOI = timezone(timedelta(hours=7), "+07")
"""Asia/Ho_Chi_Minh has had no other offset since 1975; spans are hours old."""

COLOURS = {"registry": "#3b82c4", "scoring": "#c0841f", "awards": "#b8474f", "notify": "#3f9466"}
_OTHERS = ("#7c64c8", "#2f95a0", "#b0568f", "#7d8a2e", "#64748b", "#a0673f")


def colour(service: str) -> str:
    """The same colour for a service wherever it is shown (``#rrggbb``)."""
    return COLOURS.get(service) or _OTHERS[zlib.crc32(service.encode()) % len(_OTHERS)]


def duration(nanoseconds: int) -> str:
    """``350 µs``, ``12,4 ms``, ``1,25 s``, ``3 ph 05 s``: Vietnamese decimal comma."""
    if nanoseconds < 1_000_000:
        return f"{nanoseconds // 1000} µs"
    if nanoseconds < 1_000_000_000:
        return f"{nanoseconds / 1e6:.1f} ms".replace(".", ",")
    if nanoseconds < 60_000_000_000:
        return f"{nanoseconds / 1e9:.2f} s".replace(".", ",")
    minutes, seconds = divmod(nanoseconds // 1_000_000_000, 60)
    return f"{minutes} ph {seconds:02d} s"


def instant(nanoseconds: int) -> str:
    """``22/11/2026 08:05:31,402``, Hanoi time."""
    at = datetime.fromtimestamp(nanoseconds / 1e9, UTC).astimezone(HANOI)
    return f"{at:%d/%m/%Y %H:%M:%S},{at.microsecond // 1000:03d}"
