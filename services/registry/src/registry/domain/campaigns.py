"""Campaigns: none is launched before its goals, targets, content, measures and participants are set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.events.registry import ReviewResult
from contracts.refusal import Refused

NEEDED = {
    "goals": "mục tiêu",
    "targets": "chỉ tiêu",
    "content": "nội dung",
    "measures": "biện pháp",
    "participants": "đối tượng tham gia",
}
"""LĐLĐ tỉnh Cao Bằng, plan 01/KH-LĐLĐ of 30/01/2015 on Directive 34-CT/TW, II.2.1."""


@dataclass(frozen=True, slots=True)
class Course:
    """What reviewing a campaign asks of it."""

    campaign_id: str
    over: bool


def launchable(given: dict[str, Sequence[str]], joined: bool, launched_above: str | None) -> None:
    """Raises ``campaign-not-set`` with what is missing, and ``campaign-joined-what``."""
    missing = [told for name, told in NEEDED.items() if not any(text.strip() for text in given.get(name, ()))]
    if missing:
        raise Refused("campaign-not-set", missing=missing)
    if joined and launched_above is None:
        raise Refused("campaign-joined-what")


def reviewable(course: Course, result: ReviewResult) -> None:
    """A campaign that was stopped or closed is reviewed no more. Raises ``campaign-over``."""
    if course.over:
        raise Refused("campaign-over", campaign=course.campaign_id, result=result.value)


def ends(result: ReviewResult) -> bool:
    """Whether a review ends the campaign."""
    return result in (ReviewResult.STOP, ReviewResult.CLOSED)
