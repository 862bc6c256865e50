"""Values of the contracts as JSON text for JSONB columns, and the bindings of ``apply``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from contracts.values import Value
from pydantic_core import to_json


def one(value: Value | None) -> str | None:
    """A value as JSON text; None stays NULL."""
    return None if value is None else value.model_dump_json(exclude_none=True)


def many(values: Sequence[Value]) -> str:
    """Values as a JSON array."""
    return to_json(values, exclude_none=True).decode()


def text(data: Any) -> str:
    """Plain JSON data (objects, lists, text) as JSON text."""
    return json.dumps(data, ensure_ascii=False)
