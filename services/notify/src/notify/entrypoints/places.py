"""Where a page of notices begins: the instant and id of the last one seen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chassis.http.paging import PageRequest
from contracts.refusal import Refused


def place(at: datetime, notification_id: str) -> str:
    """The cursor of a notice."""
    return f"{at.isoformat()}|{notification_id}"


def after(page: PageRequest) -> dict[str, Any]:
    """SQL parameters ``after_at`` and ``after_id`` of a page, None on the first. Raises Refused ``cursor-invalid``."""
    if page.after is None:
        return {"after_at": None, "after_id": None}
    at, _, notification_id = page.after.partition("|")
    try:
        return {"after_at": datetime.fromisoformat(at), "after_id": notification_id}
    except ValueError as error:
        raise Refused("cursor-invalid", cursor=page.after) from error
