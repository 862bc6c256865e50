"""Cursor paging: a page says where the next one begins; nothing is skipped or shown twice when rows are added."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from contracts.refusal import Refused
from fastapi import Depends, Query
from pydantic import BaseModel, Field

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """``after`` is the key of the last row already seen, None on the first page; read ``limit + 1`` rows."""

    limit: int
    after: str | None


class Page(BaseModel, Generic[T]):
    """A page of a list, in a stable order."""

    items: list[T]
    next: str | None = Field(None, description="Cursor of the next page; absent on the last.")

    @classmethod
    def of(cls, rows: Sequence[T], page: PageRequest, key: Callable[[T], str]) -> Page[T]:
        """From at most ``limit + 1`` rows: the extra one only says that there is a next page."""
        kept = list(rows[: page.limit])
        more = len(rows) > page.limit
        return cls(items=kept, next=_encode(key(kept[-1])) if more else None)


def _encode(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def paging(
    limit: Annotated[int, Query(ge=1, le=500, description="Rows a page.")] = 100,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> PageRequest:
    if cursor is None:
        return PageRequest(limit, None)
    try:
        return PageRequest(limit, base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise Refused("cursor-invalid", cursor=cursor) from error


Paging = Annotated[PageRequest, Depends(paging)]
