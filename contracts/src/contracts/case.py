"""The id of a case: what a unit, or a cluster, does in one emulation year belongs together over months."""

from __future__ import annotations

import hashlib


def case_id(year_id: str, of: str) -> str:
    """Correlation id of all that ``of`` (a unit or a cluster) does in an emulation year; at most 64 characters."""
    plain = f"case-{year_id}-{of}"
    if len(plain) <= 64:
        return plain
    return f"{plain[:47]}-{hashlib.sha256(plain.encode()).hexdigest()[:16]}"
