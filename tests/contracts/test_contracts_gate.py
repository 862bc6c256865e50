"""The gate: a small catalogue is published, then changed in one way at a time."""

from __future__ import annotations

import subprocess
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pytest
from contracts.catalogue import Fact
from contracts.values import Points, Text, Value
from pydantic import Field, StringConstraints, model_validator
from thidua.contracts_gate import publishable, read_lock
from thidua.services import Spoken
from thidua.shown import History

from tests.contracts.published import FILED, Checkout, entry, says


class Kind(StrEnum):
    HALF_YEAR = "half-year"
    YEAR = "year"


class Line(Value):
    code: Annotated[str, StringConstraints(pattern="^[0-9.]+$")]
    points: Points | None = None
    children: tuple[Line, ...] = ()


class Filed(Fact):
    report_id: str
    kind: Kind
    lines: tuple[Line, ...]
    late_days: Annotated[int, Field(ge=0)] = 0
    note: Text | None = None


EXAMPLE = {
    "report_id": "bc-2024-cao-bang",
    "kind": "year",
    "lines": [{"code": "1", "points": "38.5", "children": [{"code": "1.1"}]}],
    "note": "Báo cáo tổng kết năm của Liên đoàn Lao động tỉnh Cao Bằng",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path / "origin")
    made.publish(entry(Filed, EXAMPLE))
    return made


def test_what_was_published_and_not_changed_passes(checkout):
    verdict = checkout.judged(entry(Filed, EXAMPLE))
    assert verdict.refused == []
    assert verdict.not_compared == []


def test_a_new_optional_field_passes_and_may_be_published_beside_the_old_schema(checkout):
    class Today(Filed):
        paper: Text | None = None

    today = entry(Today, EXAMPLE | {"paper": "Số 12/BC-LĐLĐ"})
    assert checkout.judged(today).refused == []
    checkout.publish(today)
    assert len(read_lock(checkout.lock.read_text(encoding="utf-8"))) == 2
    assert checkout.judged(today).refused == []


class WithoutNote(Fact):
    report_id: str
    kind: Kind
    lines: tuple[Line, ...]
    late_days: Annotated[int, Field(ge=0)] = 0


class Renamed(WithoutNote):
    remark: Text | None = None


class NewRequired(Filed):
    unit_id: str


class BecameRequired(Filed):
    note: Text


class NoLongerRequired(Filed):
    report_id: str | None = None  # type: ignore[assignment]


class NarrowedType(Filed):
    late_days: Annotated[int, Field(ge=0, le=30)] = 0


class OtherType(Filed):
    late_days: Text = "0"  # type: ignore[assignment]


class OtherDefault(Filed):
    late_days: Annotated[int, Field(ge=0)] = 1


class FewerKinds(StrEnum):
    YEAR = "year"


class EnumValueRemoved(Filed):
    kind: FewerKinds  # type: ignore[assignment]


class MoreKinds(StrEnum):
    HALF_YEAR = "half-year"
    YEAR = "year"
    QUARTER = "quarter"


class EnumValueAdded(Filed):
    kind: MoreKinds  # type: ignore[assignment]


class StricterLine(Value):
    code: Annotated[str, StringConstraints(pattern="^[0-9]+$")]
    points: Points | None = None
    children: tuple[StricterLine, ...] = ()


class PatternTightened(Filed):
    lines: tuple[StricterLine, ...]  # type: ignore[assignment]


class NeverNull(Filed):
    note: Text = "không"


BREAKING = [
    (WithoutNote, "data.note: field removed or renamed"),
    (Renamed, "data.note: field removed or renamed"),
    (NewRequired, "data.unit_id: new required field"),
    (BecameRequired, "data.note: became required"),
    (NoLongerRequired, "data.report_id: no longer always present"),
    (NarrowedType, "data.late_days: maximum changed"),
    (OtherType, "data.late_days: type changed from integer to string"),
    (OtherDefault, "data.late_days: default changed from 0 to 1"),
    (EnumValueRemoved, "data.kind: value 'half-year' removed"),
    (EnumValueAdded, "data.kind: value 'quarter' added"),
    (PatternTightened, "data.lines[].code: pattern changed"),
    (NeverNull, "data.note: narrowed, anyOf lost an alternative"),
]


@pytest.mark.parametrize(("model", "told"), BREAKING, ids=lambda of: of.__name__ if isinstance(of, type) else "")
def test_a_breaking_change_is_refused_and_named(checkout, model, told):
    refused = checkout.judged(entry(model, EXAMPLE | {"unit_id": "ldld-cao-bang"})).refused
    assert any(told in one for one in refused), refused


def test_a_published_event_keeps_its_subject_and_stays_public(tmp_path):
    checkout = Checkout(tmp_path / "origin")
    checkout.publish(entry(Filed, EXAMPLE, public=True))
    assert "feeds would go silent" in checkout.judged(entry(Filed, EXAMPLE)).refused[0]
    moved = checkout.judged(entry(Filed, EXAMPLE, aggregate="filing", public=True)).refused
    assert "moved from aggregate report to filing" in moved[0]


def test_an_example_once_published_that_todays_model_cannot_read_is_refused(checkout):
    """The schema cannot say it, so only the example of that day catches it."""

    class Stricter(Filed):
        @model_validator(mode="after")
        def _no_note_in_year_reports(self) -> Stricter:
            if self.kind == Kind.YEAR and self.note:
                raise ValueError("a year report has no note")
            return self

    refused = checkout.judged(entry(Stricter, EXAMPLE)).refused
    assert ["cannot read the example" in one for one in refused] == [True]


def test_an_example_of_an_older_line_counts_like_the_last(checkout):
    checkout.publish(entry(Filed, EXAMPLE))

    class Today(Filed):
        paper: Text | None = None

        @model_validator(mode="after")
        def _always_on_paper(self) -> Today:
            if self.paper is None:
                raise ValueError("no paper")
            return self

    today = entry(Today, EXAMPLE | {"paper": "Số 12/BC-LĐLĐ"})
    checkout.publish(today)
    refused = checkout.judged(today).refused
    assert len(refused) == 1
    assert "no paper" in refused[0]


def test_a_line_taken_out_of_the_lock_is_refused_even_when_the_removal_is_committed(checkout):
    line = checkout.lock.read_text(encoding="utf-8")
    checkout.lock.write_text("", encoding="utf-8")
    assert "no longer holds the line" in checkout.judged(entry(Filed, EXAMPLE)).refused[0]
    checkout.commit(entry(Filed, EXAMPLE))
    assert "no longer holds the line" in checkout.judged(entry(Filed, EXAMPLE)).refused[0]
    checkout.lock.write_text(line, encoding="utf-8")
    assert checkout.judged(entry(Filed, EXAMPLE)).refused == []


def test_a_published_event_cannot_leave_the_catalogue(checkout):
    assert checkout.judged(services=[]).refused == [f"{FILED} was published and is no longer in the catalogue"]


@pytest.mark.parametrize(
    ("services", "told"),
    [
        ([Spoken("registry", ())], "has no producer"),
        ([says("registry"), says("scoring")], "more than one producer: registry, scoring"),
        ([says("scoring")], "published by scoring, not by its owner registry"),
        ([Spoken("registry", (FILED,), {"scoring": ("scoring.unheard-of.v1",)})], "not in the catalogue"),
    ],
)
def test_every_event_has_exactly_one_producer_and_followers_follow_what_exists(checkout, services, told):
    refused = checkout.judged(entry(Filed, EXAMPLE), services=services).refused
    assert len(refused) == 1
    assert told in refused[0]


def test_an_event_that_any_log_may_hold_needs_no_producer_of_its_own(tmp_path):
    opened = entry(Filed, EXAMPLE, "chassis.report-filed.v1")
    assert Checkout(tmp_path / "origin").judged(opened, services=[says()]).refused == []


def shallow_copy(of: Checkout, into: Path) -> History:
    of.commit(entry(Filed, EXAMPLE))
    origin = f"file://{of.folder.parent}"
    subprocess.run(["git", "clone", "-q", "--depth=1", origin, str(into)], check=True, capture_output=True)
    return History(into / "contracts")


def test_a_shallow_clone_says_what_it_could_not_compare_and_refuses_nothing_for_it(checkout, tmp_path):
    checkout.history = shallow_copy(checkout, tmp_path / "copy")
    verdict = checkout.judged(entry(Filed, EXAMPLE))
    assert verdict.refused == []
    assert any("the example" in one and "shallow" in one for one in verdict.not_compared)
    assert any("published.lock" in one for one in verdict.not_compared)


def test_a_shallow_clone_names_the_schema_too_when_it_changed(checkout, tmp_path):
    checkout.history = shallow_copy(checkout, tmp_path / "copy")
    verdict = checkout.judged(entry(WithoutNote, EXAMPLE))
    assert any("schema and example" in one for one in verdict.not_compared)


def test_outside_git_everything_is_named_as_not_compared(checkout, tmp_path):
    (tmp_path / "exported").mkdir()
    checkout.history = History(tmp_path / "exported")
    verdict = checkout.judged(entry(Filed, EXAMPLE))
    assert verdict.refused == []
    assert len(verdict.not_compared) == 2


def test_a_line_that_names_a_commit_nobody_has_is_refused_in_a_full_clone(checkout):
    words = checkout.lock.read_text(encoding="utf-8").split()
    with checkout.lock.open("a", encoding="utf-8") as file:
        file.write(f"{words[0]} {words[1]} {'0' * 40}\n")
    refused = checkout.judged(entry(Filed, EXAMPLE)).refused
    assert len(refused) == 1
    assert "000000000000, which shows no contract of it" in refused[0]


def test_a_line_whose_hash_is_not_that_of_its_commit_is_refused(checkout):
    words = checkout.lock.read_text(encoding="utf-8").split()
    with checkout.lock.open("a", encoding="utf-8") as file:
        file.write(f"{words[0]} {'a' * 64} {words[2]}\n")
    assert "shows another schema" in checkout.judged(entry(Filed, EXAMPLE)).refused[0]


def test_publishing_needs_the_generated_files_in_the_commit(checkout):
    class Today(Filed):
        paper: Text | None = None

    today = entry(Today, EXAMPLE)
    with pytest.raises(ValueError, match="not today's"):
        publishable([today], [], checkout.history)


def test_a_lock_that_cannot_be_read_says_which_line():
    with pytest.raises(ValueError, match="line 2"):
        read_lock("# published\nregistry.report-filed.v1 abc\n")
