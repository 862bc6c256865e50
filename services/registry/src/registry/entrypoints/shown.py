"""Examples of request bodies, taken from the examples of the events that they lead to; checked when loaded."""

from __future__ import annotations

from typing import Any

from contracts.catalogue import Fact, entry
from fastapi import Body
from pydantic import BaseModel

ON_PAPER = {
    "means": "paper",
    "made": "2024-12-01T08:00:00+07:00",
    "received": "2024-12-02T09:30:00+07:00",
    "paper": {"number": "215/BC-LĐLĐ", "date": "2024-12-01", "issuer": "LĐLĐ tỉnh Lai Châu"},
}
"""An act that came on paper and was typed by somebody else."""

LATE = {
    "reason": "Mưa lũ, đường bị chia cắt; hồ sơ giấy gửi bằng bưu điện.",
    "paper": {"number": "16/CV-CTĐ", "date": "2024-02-14", "issuer": "Cụm thi đua"},
    "penalty_kept": True,
}
"""Why something is let in after hard close."""


def shown(body: type[BaseModel], fact: type[Fact], **more: Any) -> Any:
    """FastAPI's ``Body`` with an example: the event's, as far as the body asks for its fields, and ``more``."""
    known = entry(fact).example
    value = {name: known[name] for name in body.model_fields if known.get(name) is not None} | more
    body.model_validate(value)
    return Body(openapi_examples={"vi-du": {"summary": "Ví dụ", "value": value}})
