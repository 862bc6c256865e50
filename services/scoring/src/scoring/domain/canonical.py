"""Canonical JSON and its SHA-256: the same table has the same hash whoever computes it."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import Any


def canonical_json(data: Any) -> bytes:
    """UTF-8 JSON with sorted keys, no blanks, text in Unicode NFC; numbers stand as decimal text or integers."""
    return json.dumps(
        _normal(data), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def canonical_hash(data: Any) -> str:
    """SHA-256 over the canonical JSON, lower-case hexadecimal."""
    return hashlib.sha256(canonical_json(data)).hexdigest()


def _normal(data: Any) -> Any:
    if isinstance(data, float):
        raise TypeError("a float has no place in a table of criteria")
    if isinstance(data, str):
        return unicodedata.normalize("NFC", data)
    if isinstance(data, dict):
        return {_normal(key): _normal(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_normal(item) for item in data]
    return data
