"""Vietnamese words for what the engine counts, so that an answer reads like an officer's note."""

from __future__ import annotations

from contracts.events.awards.history import AchievementKind, AchievementScope
from contracts.events.registry.people import Grade, Measure
from contracts.events.scoring import Classification

GRADE = {
    Grade.EXCELLENT: "hoàn thành xuất sắc nhiệm vụ",
    Grade.GOOD: "hoàn thành tốt nhiệm vụ",
    Grade.COMPLETED: "hoàn thành nhiệm vụ",
    Grade.NOT_COMPLETED: "không hoàn thành nhiệm vụ",
}
MEASURE = {
    Measure.REPRIMAND: "khiển trách",
    Measure.WARNING: "cảnh cáo",
    Measure.PAY_CUT: "hạ bậc lương",
    Measure.DEMOTION: "giáng chức",
    Measure.REMOVAL: "cách chức",
    Measure.DISMISSAL: "buộc thôi việc",
    Measure.DISBANDMENT: "giải tán",
}
ACHIEVEMENT = {
    AchievementKind.INITIATIVE: "sáng kiến",
    AchievementKind.RESEARCH: "đề tài, đề án",
    AchievementKind.OUTSIDE_LEAD: "dẫn đầu khối do cơ quan ngoài tổ chức",
    AchievementKind.OUTSIDE_EXCELLENT: "xuất sắc trong khối do cơ quan ngoài tổ chức",
}
SCOPE = {
    AchievementScope.GRASSROOTS: "cấp cơ sở",
    AchievementScope.PROVINCE: "cấp bộ, ngành, tỉnh",
    AchievementScope.NATIONAL: "toàn quốc",
}
CLASSIFICATION = {
    Classification.LEADING: "dẫn đầu",
    Classification.EXCELLENT: "xuất sắc",
    Classification.NONE: "không xếp dẫn đầu, xuất sắc",
}


def years(them: list[int]) -> str:
    """``năm 2022`` or ``các năm 2022, 2023``."""
    told = ", ".join(str(year) for year in sorted(them))
    return f"năm {told}" if len(them) == 1 else f"các năm {told}"
