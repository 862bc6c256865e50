"""Vietnamese names of persons: one way of writing them, and their order by given name."""

from __future__ import annotations

import unicodedata

_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
"""The order of letters: ă and â after a, đ after d, ê after e, ô and ơ after o, ư after u."""

_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
"""The order of tones of one syllable: level, huyền, hỏi, ngã, sắc, nặng."""

_SHAPES = {"\u0306", "\u0302", "\u031b"}
"""Breve, circumflex, horn: they make another letter, not another tone."""


def tidy(name: str) -> str:
    """A name as it is stored: composed Unicode (NFC), single blanks."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def plain(name: str) -> str:
    """A name without tones, marks and case, as often typed: ``Đặng Thị Ánh`` → ``dang thi anh``."""
    folded = tidy(name).casefold().replace("đ", "d")
    return "".join(sign for sign in unicodedata.normalize("NFD", folded) if not unicodedata.combining(sign))


def sort_key(name: str) -> str:
    """ASCII text whose byte order is the Vietnamese one: given name (the last word), surname, then the rest."""
    words = tidy(name).casefold().split(" ")
    return " ".join(_word(word) for word in (words[-1:] + words[:-1]))


def _word(word: str) -> str:
    """Letters first, tones after: ``Hà`` comes before ``Hạ``, and both before ``Hai``."""
    letters, tones = "", ""
    for letter, tone in _letters(word):
        place = _ALPHABET.find(letter)
        letters += f"{place:02d}" if place >= 0 else f"9{ord(letter):06d}"
        tones += tone
    return f"{letters}!{tones}"


def _letters(word: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for sign in unicodedata.normalize("NFD", word):
        if sign in _TONES and found:
            found[-1] = (found[-1][0], _TONES[sign])
        elif sign in _SHAPES and found:
            found[-1] = (unicodedata.normalize("NFC", found[-1][0] + sign), found[-1][1])
        elif not unicodedata.combining(sign):
            found.append((sign, "0"))
    return found
