"""Values that travel in events: identifiers, points, periods, papers. They cannot hold nonsense."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)


class Value(BaseModel):
    """A frozen value. Fields that a newer producer added are ignored by an older reader."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,63}$")]
"""A stable identifier: lower-case letters, digits, hyphens, 2 to 64 characters. Never a name or a number on paper."""

UnitId = Identifier
PersonId = Identifier
ClusterId = Identifier
YearId = Identifier
RegistrationId = Identifier
ReportId = Identifier
PlanId = Identifier
CampaignId = Identifier
DeadlineId = Identifier
RubricId = Identifier
ScorecardId = Identifier
BallotId = Identifier
RuleSetId = Identifier
ProposalId = Identifier
CouncilId = Identifier
DecisionId = Identifier

CriterionCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z.]{0,15}$")]
"""The code of a line in a table of criteria, e.g. ``2.3``."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
"""Text a person typed: not empty, at most 4,000 characters."""

ShortText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
"""A title or name: not empty, at most 300 characters."""


MOST_DIGITS = 30
"""On either side of the point. A number of three letters, 1e9, could otherwise be written out to fill the memory."""


def _exact(value: Any) -> Decimal:
    # Text is what travels, by the dozen in a report; whether something is a Fraction is a slow question.
    if isinstance(value, str):
        if len(value) > 2 * MOST_DIGITS:
            raise ValueError(f"more than {MOST_DIGITS} digits")
    elif isinstance(value, Fraction):
        raise ValueError("round an exact fraction by the table's own rule before it is stored")
    elif isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise ValueError("points and amounts are written as text or whole numbers, never as floats")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError("not a number") from None
    if not number.is_finite():
        raise ValueError("not a finite number")
    if not -MOST_DIGITS <= number.adjusted() <= MOST_DIGITS:
        raise ValueError(f"more than {MOST_DIGITS} digits")
    return number


def _plain(number: Decimal) -> str:
    return format(number, "f")


Amount = Annotated[
    Decimal,
    PlainValidator(_exact),
    PlainSerializer(_plain, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "examples": ["120", "97.5"]}),
]
"""An exact quantity in the unit of measure that its line names. Decimal text in JSON."""

Points = Annotated[
    Decimal,
    PlainValidator(_exact),
    PlainSerializer(_plain, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "examples": ["38.50"]}),
]
"""Points as stored and sent: rounded by the table's own rule. May be negative (penalties). Decimal text in JSON."""


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant carries its offset from UTC")
    return value.astimezone(timezone.utc)


Instant = Annotated[datetime, AfterValidator(_utc)]
"""A moment in time, UTC."""


class Period(Value):
    """A stretch of days, half open: ``starts`` belongs to it, ``ends`` does not; no ``ends`` means *still*."""

    starts: date
    ends: date | None = None

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.ends is not None and self.ends <= self.starts:
            raise ValueError("a period ends after it starts")
        return self

    def holds(self, day: date) -> bool:
        return self.starts <= day and (self.ends is None or day < self.ends)


class Means(StrEnum):
    """By what means an act reached the system."""

    ONLINE = "online"
    SPREADSHEET = "spreadsheet"
    PAPER = "paper"
    TELEPHONE = "telephone"
    MEETING = "meeting"


class Paper(Value):
    """A numbered paper that an act rests on. The number is typed as the clerk gives it: gaps and ``12a`` are normal."""

    number: ShortText
    date: date
    issuer: ShortText | None = None
    signatory: ShortText | None = None
    scan: ShortText | None = None
    """Reference of the scanned file, where one is kept."""


class Evidence(Value):
    """What proves a line: a file, a link, or *on paper, seen on site*."""

    kind: Annotated[str, StringConstraints(pattern="^(file|link|seen-on-site)$")]
    reference: ShortText
    note: ShortText | None = None


class SubjectKind(StrEnum):
    """Who a registration line, a proposal or an award concerns."""

    PERSON = "person"
    UNIT = "unit"


class Recipient(Value):
    """The person or unit that a title, proposal or award concerns, by id."""

    kind: SubjectKind
    id: Identifier


class Quarter(StrEnum):
    I = "I"  # noqa: E741 - quarters are written in Roman numerals on every plan
    II = "II"
    III = "III"
    IV = "IV"


class Denominator(StrEnum):
    """Of whom a threshold's percentage is taken."""

    ALL = "all"
    PRESENT = "present"
    VALID = "valid"


class Threshold(Value):
    """A four-part threshold: votes in favour ÷ denominator ≥ percentage, once the quorum is met."""

    percentage: Annotated[Amount, Field(gt=0, le=100)]
    denominator: Denominator
    quorum: Annotated[Amount, Field(ge=0, le=100)]
    """Percentage of all members who must be present."""
    recused_stay_in_denominator: bool = True
    """Whether a recused member still counts among *all*; each body sets it."""
    strictly_more: bool = False
    """``more than`` instead of ``at least`` the percentage."""
