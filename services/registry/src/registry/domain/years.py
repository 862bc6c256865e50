"""Emulation years: their own dates, around the year they are named after."""

from __future__ import annotations

from datetime import date

from contracts.refusal import Refused

LONGEST_DAYS = 730
"""A year begins some weeks before and ends some months after; two years is a typing error."""


def openable(year_id: str, exists: bool, starts: date, ends: date, calendar_year: int) -> None:
    """Raises ``year-exists`` and ``year-dates-wrong``."""
    if exists:
        raise Refused("year-exists", year=year_id)
    around = starts.year <= calendar_year <= ends.year
    if not starts < ends or (ends - starts).days > LONGEST_DAYS or not around:
        raise Refused("year-dates-wrong", starts=starts, ends=ends, calendar_year=calendar_year)
