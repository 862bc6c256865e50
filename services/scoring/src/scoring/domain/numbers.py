"""Exact numbers: decimal text becomes a fraction, a fraction becomes points only by a table's own rounding."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction


def exact(text: str | int | Decimal | Fraction) -> Fraction:
    """Decimal text, whole number or Decimal as a fraction; floats are not accepted anywhere in scoring."""
    return Fraction(text)


def half_up(number: Fraction, places: int) -> Fraction:
    """Rounded to ``places`` decimals; a half goes away from zero, as on paper."""
    scaled = abs(number) * 10**places
    rounded = Fraction((scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2), 10**places)
    return rounded if number >= 0 else -rounded


def to_points(number: Fraction, places: int) -> Decimal:
    """Rounded half up and written with exactly ``places`` decimals."""
    rounded = half_up(number, places) * 10**places
    return Decimal(rounded.numerator).scaleb(-places) if places else Decimal(rounded.numerator)


def show(number: Fraction) -> str:
    """Exact text: ``9.25`` where decimals end, else ``37/3``."""
    rest = number.denominator
    places = 0
    while rest % 10 == 0:
        rest //= 10
        places += 1
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
            places += 1
    if rest != 1:
        return f"{number.numerator}/{number.denominator}"
    text = format(to_points(number, places), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def as_typed(number: Fraction) -> Decimal:
    """A number of the form, or a sum of such, which always ends: exactly as typed, never rounded."""
    return Decimal(show(number))


def ratio_text(number: Fraction) -> str:
    """``numerator/denominator``, always both: what a digest covers."""
    return f"{number.numerator}/{number.denominator}"
