"""Awards and achievements from before, each from a paper, and since when a history is known whole."""

from __future__ import annotations

from enum import StrEnum

from contracts.catalogue import Fact, event
from contracts.events.awards.assessments import AwardYear, TitleCode
from contracts.values import Identifier, Paper, Recipient, ShortText, Text


class AchievementKind(StrEnum):
    """What a title may ask for beside ratings and earlier titles."""

    INITIATIVE = "initiative"
    """Sáng kiến được công nhận."""
    RESEARCH = "research"
    """Đề tài, đề án, công trình được nghiệm thu."""
    OUTSIDE_LEAD = "outside-lead"
    """Đơn vị dẫn đầu khối do cơ quan ngoài tổ chức."""
    OUTSIDE_EXCELLENT = "outside-excellent"


class AchievementScope(StrEnum):
    """How far its effect is recognised."""

    GRASSROOTS = "grassroots"
    PROVINCE = "province"
    """Bộ, ban, ngành, tỉnh."""
    NATIONAL = "national"


@event(
    "awards.award-history-recorded.v1",
    aggregate="recipient",
    example={
        "history_id": "ks-dao-2022",
        "recipient": {"kind": "person", "id": "nguyen-thi-dao"},
        "title": "cstd-co-so",
        "year": 2022,
        "decision": {"number": "38-QĐ/LĐLĐ", "date": "2022-12-28", "issuer": "LĐLĐ tỉnh Cao Bằng"},
        "source": "Sổ theo dõi khen thưởng của Ban Chính sách - Pháp luật",
    },
)
class AwardHistoryRecorded(Fact):
    """An award from before, or decided elsewhere, read from its decision."""

    history_id: Identifier
    recipient: Recipient
    title: TitleCode
    year: AwardYear
    """The year whose achievements were rewarded."""
    decision: Paper
    source: ShortText


@event(
    "awards.achievement-recorded.v1",
    aggregate="recipient",
    example={
        "achievement_id": "sk-dao-2023",
        "recipient": {"kind": "person", "id": "nguyen-thi-dao"},
        "kind": "initiative",
        "scope": "province",
        "year": 2023,
        "applied": True,
        "name": "Số hóa sổ theo dõi đoàn viên của công đoàn cơ sở",
        "paper": {"number": "112-QĐ/UBND", "date": "2023-11-30", "issuer": "UBND tỉnh Cao Bằng"},
        "source": "Quyết định công nhận sáng kiến cấp tỉnh",
    },
)
class AchievementRecorded(Fact):
    """A recognised initiative, accepted research, or a place that an outside bloc gave, from its paper."""

    achievement_id: Identifier
    recipient: Recipient
    kind: AchievementKind
    scope: AchievementScope
    year: AwardYear
    applied: bool = False
    """Whether it is certified as applied in practice."""
    name: ShortText
    paper: Paper
    source: ShortText


@event(
    "awards.history-declared-complete.v1",
    aggregate="recipient",
    example={
        "recipient": {"kind": "person", "id": "nguyen-thi-dao"},
        "since": 2018,
        "until": 2023,
        "paper": {"number": "27/XN-LĐLĐ", "date": "2024-11-20", "issuer": "LĐLĐ tỉnh Cao Bằng"},
        "reason": "Đã đối chiếu hồ sơ cán bộ và sổ khen thưởng từ năm 2018.",
    },
)
class HistoryDeclaredComplete(Fact):
    """For these years all awards and achievements are here: what is missing did not happen."""

    recipient: Recipient
    since: AwardYear | None = None
    """None: from the beginning."""
    until: AwardYear
    """The last year that was looked through; what came later stays unknown until it is recorded."""
    paper: Paper
    reason: Text
