"""Numbers that travel: exact, finite, of a size that can be written out; anything else is refused in words."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from contracts.values import Amount, Points
from pydantic import TypeAdapter, ValidationError

KINDS = [TypeAdapter(Amount), TypeAdapter(Points)]


@pytest.mark.parametrize("kind", KINDS, ids=["amount", "points"])
@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("abc", "not a number"),
        ("", "not a number"),
        ("1,5", "not a number"),
        ("NaN", "finite"),
        ("-Infinity", "finite"),
        (1.5, "never as floats"),
        (True, "never as floats"),
        ([], "never as floats"),
        ({}, "never as floats"),
        (None, "never as floats"),
        ("1e999999999", "30 digits"),
        ("0e-999999999", "30 digits"),
        ("9" * 61, "30 digits"),
    ],
)
def test_what_is_no_exact_number_is_refused_in_words(kind: TypeAdapter[Decimal], given: Any, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        kind.validate_python(given)
    with pytest.raises(ValidationError, match=why):
        kind.validate_json(json.dumps(given))


def test_a_fraction_is_rounded_before_it_is_stored() -> None:
    with pytest.raises(ValidationError, match="round an exact fraction"):
        KINDS[0].validate_python(Fraction(1, 3))


@pytest.mark.parametrize("kind", KINDS, ids=["amount", "points"])
@pytest.mark.parametrize(
    ("given", "sent"),
    [("38.50", "38.50"), ("-2", "-2"), (12, "12"), ("0.00", "0.00"), ("1E+5", "100000"), ("1e-7", "0.0000001")],
)
def test_what_is_taken_travels_as_plain_text_and_comes_back_the_same(
    kind: TypeAdapter[Decimal], given: str | int, sent: str
) -> None:
    number = kind.validate_python(given)
    assert kind.dump_json(number) == f'"{sent}"'.encode()
    assert kind.validate_json(kind.dump_json(number)) == number == Decimal(given)
