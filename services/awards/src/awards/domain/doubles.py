"""Possible doubles: one achievement is not rewarded several times, so they are shown; people decide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.events.awards.assessments import Double
from contracts.events.awards.rules import AwardType

from awards.domain.record import Title

_ONE_OF_THEM = (AwardType.COMPREHENSIVE, AwardType.THEMATIC)


@dataclass(frozen=True, slots=True)
class Other:
    """Another proposal for the same recipient and year that has not been refused or withdrawn."""

    proposal_id: str
    title: str
    title_name: str
    award_type: AwardType
    decided_by: tuple[str, ...]


def find(
    title: str,
    title_name: str,
    year: int,
    award_type: AwardType,
    decided_by: tuple[str, ...],
    others: Iterable[Other],
    held: Iterable[Title],
) -> tuple[Double, ...]:
    """Same title proposed or held for the year; comprehensive beside thematic at one deciding level."""
    found = []
    for other in others:
        if other.title == title:
            text = f"Đã có đề nghị khác cho cùng hình thức “{title_name}” năm {year}."
        elif (
            other.award_type != award_type
            and {other.award_type, award_type} <= set(_ONE_OF_THEM)
            and set(other.decided_by) & set(decided_by)
        ):
            text = f"Cùng năm {year}, cùng cấp quyết định đã có đề nghị “{other.title_name}” theo loại hình khác."
        else:
            continue
        found.append(Double(text=text, proposal_id=other.proposal_id))
    for one in held:
        if one.title == title and one.year == year:
            found.append(
                Double(text=f"Đã được tặng “{title_name}” cho thành tích năm {year}.", event_id=one.source.event_id)
            )
    return tuple(found)
