"""When a restored service may speak to the outside again: it has followed and reacted as far as the producers are."""

from __future__ import annotations

import pytest
from chassis.positions import Position
from chassis.whole import caught_up

HEAD = {"vn.registry": Position(1, 7, b"7" * 32)}


@pytest.mark.parametrize(
    ("heads", "marks", "reacted", "expected"),
    [
        (HEAD, {"vn.registry": 7}, {("tell", "vn.registry"): 7}, True),
        (HEAD, {"vn.registry": 9}, {("tell", "vn.registry"): 9}, True),
        (HEAD, {"vn.registry": 6}, {("tell", "vn.registry"): 6}, False),
        (HEAD, {}, {}, False),
        (HEAD, {"vn.registry": 7}, {("tell", "vn.registry"): 6}, False),
        ({"vn.registry": None}, {"vn.registry": 7}, {("tell", "vn.registry"): 7}, False),
        ({}, {}, {}, True),
    ],
    ids=["whole", "ahead", "behind", "nothing followed", "not reacted", "producer silent", "follows nobody"],
)
def test_a_service_is_whole_when_marks_reach_heads_and_reactions_reach_marks(
    heads: dict[str, Position | None], marks: dict[str, int], reacted: dict[tuple[str, str], int], expected: bool
) -> None:
    assert caught_up(heads, marks, reacted) is expected
