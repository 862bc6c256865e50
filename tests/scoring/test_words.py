"""Everything that scoring can say has words in Vietnamese, and no words are left over."""

from __future__ import annotations

import re
from pathlib import Path

import ballots
import pytest
import scoring
import yaml
from chassis.http import Messages
from contracts.refusal import Refused
from scoring import words

SCORING = Path(scoring.__file__).parent
VOTING = Path(ballots.__file__).parent
_CODE = re.compile(r'Refused\(\s*"([a-z-]+)"')


def refusals(folder: Path) -> set[str]:
    return {code for file in folder.rglob("*.py") for code in _CODE.findall(file.read_text(encoding="utf-8"))}


def test_every_refusal_has_words_and_no_words_are_without_a_refusal() -> None:
    own = set(yaml.safe_load((SCORING / "messages.yaml").read_text(encoding="utf-8")))
    shared = Messages().rules()
    # A vote at a conference may be cast again before the close, so *already voted* is never said here.
    said = (refusals(SCORING) | refusals(VOTING)) - {"already-voted"}
    assert said - shared == own


def test_a_refusal_is_told_with_its_values_filled_in() -> None:
    messages = Messages(SCORING / "messages.yaml")
    told = messages.problem(Refused("agreement-missing", units=["ldld-son-la"], version=2), "/rubrics/x/freezing")
    assert told.detail == "Chưa thống nhất với phiên bản 2: ldld-son-la."


def test_every_fault_of_a_form_has_words() -> None:
    source = "".join(
        (SCORING / name).read_text(encoding="utf-8")
        for name in (
            "domain/form_reading.py",
            "domain/form_check.py",
            "domain/leaf_check.py",
            "domain/ranking_check.py",
            "adapters/yaml_form.py",
        )
    )
    for code in words.codes("faults"):
        assert f'"{code}"' in source, f"nobody says {code}"
    named = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', source))
    options = {"half-up", "plus-minus", "in-grace", "leading-unit", "excellent-units"}
    assert named - options <= words.codes("faults")


@pytest.mark.parametrize("group", ["faults", "reasons", "workings"])
def test_no_group_of_words_is_empty(group: str) -> None:
    assert len(words.codes(group)) > 5
