"""Names of persons are written one way and sorted by given name, the Vietnamese way."""

from __future__ import annotations

import unicodedata

import pytest
from registry.domain.names import plain, sort_key, tidy


def test_persons_are_sorted_by_given_name_then_surname() -> None:
    given = ["Hoàng Đức Hạnh", "Bế Thanh Tịnh", "Nguyễn Văn An", "Trần Thị Ánh", "Lê Ân", "Phạm Anh"]
    assert sorted(given, key=sort_key) == [
        "Nguyễn Văn An", "Phạm Anh", "Trần Thị Ánh", "Lê Ân", "Hoàng Đức Hạnh", "Bế Thanh Tịnh",
    ]  # fmt: skip


def test_letters_stand_in_the_order_of_the_alphabet() -> None:
    names = ["Đức", "Dũng", "Ăng", "Âu", "An", "Ê", "Em", "Ơn", "Ôn", "On", "Ưng", "Ung"]
    assert sorted(names, key=sort_key) == ["An", "Ăng", "Âu", "Dũng", "Đức", "Em", "Ê", "On", "Ôn", "Ơn", "Ung", "Ưng"]


def test_tones_decide_only_between_the_same_letters() -> None:
    names = ["Hạ", "Hà", "Hai", "Ha", "Hả", "Hã", "Há"]
    assert sorted(names, key=sort_key) == ["Ha", "Hà", "Hả", "Hã", "Há", "Hạ", "Hai"]


@pytest.mark.parametrize("name", ["Đặng Thị Ánh", "Nguyễn Hữu Thường", "Lý Quốc Ưởng"])
def test_decomposed_text_sorts_and_is_found_like_composed_text(name: str) -> None:
    decomposed = unicodedata.normalize("NFD", name)
    assert decomposed != name
    assert tidy(f"  {decomposed} ") == name
    assert sort_key(decomposed) == sort_key(name)
    assert plain(decomposed) == plain(name)


def test_a_name_typed_without_marks_is_found() -> None:
    assert plain("ĐẶNG  Thị Ánh") == "dang thi anh"


def test_byte_order_is_the_order_so_that_a_database_with_collation_c_sorts_alike() -> None:
    assert sort_key("Đỗ Ưởng").isascii()
