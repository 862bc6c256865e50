"""Persons by id, their posts, offices and grants, yearly ratings and discipline; never their particulars."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.catalogue import Fact, event
from contracts.values import Identifier, Paper, Period, PersonId, Recipient, ShortText, Text, UnitId

Year = Annotated[int, Field(ge=1945, le=2200)]
"""A calendar year."""

_DECISION = {"number": "12-QĐ/LĐLĐ", "date": "2023-09-01", "issuer": "Ban Thường vụ LĐLĐ tỉnh Cao Bằng"}


class Role(StrEnum):
    """What a grant lets a person do for a unit and everything under it."""

    ADMINISTRATOR = "administrator"
    OFFICER = "officer"
    """Files for its unit."""
    LEADER = "leader"
    """Signs, votes and decides for its unit."""
    STANDING_OFFICE = "standing-office"
    """Receives, returns, types on behalf, prepares councils."""
    APPRAISER = "appraiser"
    CLERK = "clerk"
    """Numbers papers."""
    OPERATIONS = "operations"
    OBSERVER = "observer"


class Grade(StrEnum):
    """The yearly rating of a person or unit (xếp loại chất lượng)."""

    EXCELLENT = "excellent"
    GOOD = "good"
    COMPLETED = "completed"
    NOT_COMPLETED = "not-completed"


class Measure(StrEnum):
    """A disciplinary measure (kỷ luật), lightest first."""

    REPRIMAND = "reprimand"
    WARNING = "warning"
    PAY_CUT = "pay-cut"
    DEMOTION = "demotion"
    REMOVAL = "removal"
    DISMISSAL = "dismissal"
    DISBANDMENT = "disbandment"
    """Of a unit only."""


@event("registry.person-entered.v1", aggregate="person", example={"person_id": "nguyen-thi-dao"})
class PersonEntered(Fact):
    """A person got a stable id. Name, birth date and numbers stay in registry, outside every log."""

    person_id: PersonId


@event(
    "registry.persons-joined.v1",
    aggregate="person",
    example={
        "kept_id": "nguyen-thi-dao",
        "joined_id": "p-0198c",
        "reason": "Cùng số thẻ đoàn viên, gõ thiếu dấu.",
    },
)
class PersonsJoined(Fact):
    """A person decided that two entries are one human being; readers treat ``joined_id`` as ``kept_id``."""

    kept_id: PersonId
    joined_id: PersonId
    reason: Text


@event(
    "registry.persons-separated.v1",
    aggregate="person",
    example={
        "kept_id": "nguyen-thi-dao",
        "joined_id": "p-0198c",
        "reason": "Hai người trùng tên, khác ngày sinh.",
    },
)
class PersonsSeparated(Fact):
    """A joining is undone: the two ids name two persons again."""

    kept_id: PersonId
    joined_id: PersonId
    reason: Text


@event(
    "registry.persons-kept-apart.v1",
    aggregate="person",
    example={
        "person_ids": ["hoang-van-nam", "hoang-van-nam-2"],
        "reason": "Cùng tên, khác đơn vị và số căn cước.",
    },
)
class PersonsKeptApart(Fact):
    """A person looked at two likely doubles and decided that they are two persons."""

    person_ids: Annotated[tuple[PersonId, ...], Field(min_length=2, max_length=2)]
    reason: Text


@event(
    "registry.post-assumed.v1",
    aggregate="person",
    example={
        "post_id": "post-dao-1",
        "person_id": "nguyen-thi-dao",
        "unit_id": "ldld-cao-bang",
        "post": "Chuyên viên Ban Chính sách - Pháp luật",
        "direct_worker": False,
        "period": {"starts": "2020-03-01"},
        "decision": _DECISION,
    },
)
class PostAssumed(Fact):
    """A person works in a unit from a day on."""

    post_id: Identifier
    person_id: PersonId
    unit_id: UnitId
    post: ShortText
    direct_worker: bool
    """Người lao động trực tiếp: such persons come first in awards."""
    period: Period
    decision: Paper | None = None


@event(
    "registry.post-left.v1",
    aggregate="person",
    example={
        "post_id": "post-dao-1",
        "person_id": "nguyen-thi-dao",
        "ends": "2024-07-01",
        "reason": "Chuyển công tác",
    },
)
class PostLeft(Fact):
    """A person's post ends; ``ends`` is the first day without it."""

    post_id: Identifier
    person_id: PersonId
    ends: date
    reason: Text | None = None


@event(
    "registry.office-assumed.v1",
    aggregate="person",
    example={
        "office_id": "office-dao-ct",
        "person_id": "nguyen-thi-dao",
        "unit_id": "ldld-cao-bang",
        "office": "Phó Chủ tịch",
        "period": {"starts": "2023-09-15"},
        "decision": _DECISION,
    },
)
class OfficeAssumed(Fact):
    """A person holds an office in a unit; several at once in several units are normal."""

    office_id: Identifier
    person_id: PersonId
    unit_id: UnitId
    office: ShortText
    period: Period
    decision: Paper | None = None


@event(
    "registry.office-left.v1",
    aggregate="person",
    example={
        "office_id": "office-dao-ct",
        "person_id": "nguyen-thi-dao",
        "ends": "2025-03-01",
        "reason": "Nghỉ hưu",
    },
)
class OfficeLeft(Fact):
    """An office ends; ``ends`` is the first day without it."""

    office_id: Identifier
    person_id: PersonId
    ends: date
    reason: Text | None = None


@event(
    "registry.grant-given.v1",
    aggregate="grant",
    example={
        "grant_id": "grant-dao-officer",
        "person_id": "nguyen-thi-dao",
        "role": "officer",
        "unit_id": "ldld-cao-bang",
        "period": {"starts": "2024-01-01"},
    },
)
class GrantGiven(Fact):
    """What a person may do, for a unit and all under it, for a period."""

    grant_id: Identifier
    person_id: PersonId
    role: Role
    unit_id: UnitId
    period: Period
    delegated_by: PersonId | None = None
    """Whose power it is, where one person delegates to another for a time."""
    paper: Paper | None = None


@event(
    "registry.grant-withdrawn.v1",
    aggregate="grant",
    example={"grant_id": "grant-dao-officer", "ends": "2025-03-01", "reason": "Thôi làm công tác thi đua"},
)
class GrantWithdrawn(Fact):
    """A grant ends; ``ends`` is the first day without it."""

    grant_id: Identifier
    ends: date
    reason: Text | None = None


@event(
    "registry.rating-recorded.v1",
    aggregate="rating",
    example={
        "rating_id": "rating-dao-2023",
        "subject": {"kind": "person", "id": "nguyen-thi-dao"},
        "year": 2023,
        "rating": "excellent",
        "decision": {"number": "45-QĐ/LĐLĐ", "date": "2023-12-20", "issuer": "LĐLĐ tỉnh Cao Bằng"},
        "source": "Quyết định xếp loại chất lượng cán bộ năm 2023",
    },
)
class RatingRecorded(Fact):
    """The yearly rating of a person or unit. A later one for the same subject and year replaces it."""

    rating_id: Identifier
    subject: Recipient
    year: Year
    rating: Grade
    decision: Paper | None = None
    source: ShortText
    """Where it was read: a decision, a register, a certificate."""


@event(
    "registry.discipline-recorded.v1",
    aggregate="discipline",
    example={
        "discipline_id": "kl-2023-07",
        "subject": {"kind": "person", "id": "hoang-van-nam"},
        "date": "2023-05-10",
        "measure": "warning",
        "decision": {"number": "07-QĐ/KL", "date": "2023-05-10", "issuer": "LĐLĐ tỉnh Lạng Sơn"},
        "source": "Quyết định kỷ luật",
    },
)
class DisciplineRecorded(Fact):
    """A disciplinary measure against a person or unit, from ``date`` on."""

    discipline_id: Identifier
    subject: Recipient
    date: date
    period: Period | None = None
    """How long it is in force, where the decision says so."""
    measure: Measure
    decision: Paper
    source: ShortText


@event(
    "registry.clean-record-stated.v1",
    aggregate="discipline",
    example={
        "statement_id": "kkl-cao-bang-2024",
        "subject": {"kind": "unit", "id": "ldld-cao-bang"},
        "year": 2024,
        "paper": {
            "number": "31/XN-LĐLĐ",
            "date": "2024-12-10",
            "issuer": "Ủy ban Kiểm tra LĐLĐ tỉnh Cao Bằng",
        },
    },
)
class CleanRecordStated(Fact):
    """A paper states that nobody was disciplined in that year: *none* is then known, not unknown."""

    statement_id: Identifier
    subject: Recipient
    year: Year
    paper: Paper
