"""Rule sets with their dates of effect, and the switch by which a body tests registration."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import StringConstraints

from contracts.catalogue import Fact, event
from contracts.values import Paper, Period, RuleSetId, ShortText, Text, UnitId, YearId


class AwardType(StrEnum):
    """Loại hình khen thưởng."""

    COMPREHENSIVE = "comprehensive"
    """Công trạng."""
    THEMATIC = "thematic"
    """Phong trào, chuyên đề."""
    AD_HOC = "ad-hoc"
    """Đột xuất."""
    CONTRIBUTION = "contribution"
    """Cống hiến."""
    EXTERNAL = "external"
    """Đối ngoại."""


class Track(StrEnum):
    """Which of the two tracks: each has its own council."""

    MOVEMENT = "movement"
    """Phong trào thi đua và hoạt động công đoàn."""
    APPARATUS = "apparatus"
    """Hệ thống chuyên trách công đoàn."""


class Channel(StrEnum):
    """To whom a body proposes: the union above it or the authority beside it."""

    UNION = "union"
    AUTHORITY = "authority"


@event(
    "awards.rule-set-enacted.v1",
    aggregate="rule-set",
    public=True,
    example={
        "rule_set_id": "luat-06-2022",
        "name": "Tiêu chuẩn theo Luật Thi đua, khen thưởng 2022",
        "issuer": "Quốc hội",
        "legal_basis": "Luật số 06/2022/QH15 ngày 15/6/2022",
        "in_force": {"starts": "2024-01-01"},
        "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "rules": {
            "forms": [
                {
                    "code": "ldtt",
                    "name": "Lao động tiên tiến",
                    "subject": "person",
                    "routes": [
                        {
                            "code": "xep-loai",
                            "name": "Kết quả xếp loại",
                            "conditions": [
                                {
                                    "text": "Hoàn thành tốt nhiệm vụ trở lên",
                                    "rated": {"at_least": "good", "consecutive": 1},
                                }
                            ],
                        }
                    ],
                }
            ]
        },
    },
)
class RuleSetEnacted(Fact):
    """A rule set comes into force. Cases are judged by the one in force on the day they were received."""

    rule_set_id: RuleSetId
    name: ShortText
    issuer: ShortText
    issuing_unit: UnitId | None = None
    """None: the law itself or another body outside the union; it holds for every unit."""
    legal_basis: Text
    in_force: Period
    replaces: RuleSetId | None = None
    """The rule set that ceases on the day this one starts."""
    hash: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    """SHA-256 of the canonical JSON of ``rules``."""
    rules: dict[str, Any]
    """The whole rule set as data: forms with routes and conditions, paths, papers, quotas."""


@event(
    "awards.registration-test-set.v1",
    aggregate="registration-test",
    public=True,
    example={
        "unit_id": "tld",
        "track": "movement",
        "year_id": "nam-2024",
        "award_type": "comprehensive",
        "tested": True,
        "reason": "Không đăng ký thi đua thì không xét khen thưởng hằng năm.",
        "paper": {"number": "15/HD-TLĐ", "date": "2024-01-15", "issuer": "Tổng Liên đoàn"},
    },
)
class RegistrationTestSet(Fact):
    """A body says whether *not registered: yearly awards not considered* applies: per track, year, type."""

    unit_id: UnitId
    track: Track
    year_id: YearId
    award_type: AwardType
    tested: bool
    reason: Text
    paper: Paper | None = None
