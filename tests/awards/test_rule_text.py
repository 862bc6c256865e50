"""Rule sets typed by hand: each mistake is told with its line and reason."""

from datetime import date

import pytest
from awards.domain.rule_text import NotARuleSet, read_rule_set
from awards.domain.rules import RuleSet
from contracts.events.awards.rules import Channel, Track

from tests.awards.records import LAW, UNION

GOOD = """\
rule_set: thu-nghiem
name: Bộ quy tắc thử
issuer: LĐLĐ tỉnh Cao Bằng
legal_basis: Quy chế thử
in_force: {starts: 2024-01-01}
registration: {tested: [comprehensive], text: Đã đăng ký thi đua}
stages:
  - {code: chuyen-vien, name: Chuyên viên, kind: specialist, role: standing-office}
paths:
  - {channels: [union], tracks: [movement], stages: [chuyen-vien]}
forms:
  - code: ldtt
    name: Lao động tiên tiến
    basis: Điều 24
    subjects: [person]
    decided_by: [province]
    routes:
      - code: xep-loai
        name: Xếp loại
        types: [comprehensive]
        conditions:
          - text: Hoàn thành tốt nhiệm vụ
            rated: {at_least: good, consecutive: 1}
"""


def mistakes(text):
    with pytest.raises(NotARuleSet) as told:
        read_rule_set(text)
    return [(one.line, one.reason) for one in told.value.mistakes]


def test_a_good_one_is_read():
    assert read_rule_set(GOOD).form("ldtt") is not None


@pytest.mark.parametrize(
    ("was", "now", "line", "reason"),
    [
        ("at_least: good", "at_least: tot", 23, "phải là một trong"),
        ("rated: {at_least: good, consecutive: 1}", "rated: {at_lest: good}", 23, "thiếu mục này"),
        ("            rated: {at_least: good, consecutive: 1}\n", "", 22, "đúng một cách kiểm tra"),
        ("consecutive: 1}", "consecutive: 1, times: 2}", 23, "'consecutive' không đi cùng"),
        ("rated: {at_least: good, consecutive: 1}", "holds: {titles: [cstd]}", 22, "không biết danh hiệu"),
        ("stages: [chuyen-vien]", "stages: [truong-ban]", 10, "không biết bước 'truong-ban'"),
        ("decided_by: [province]", "decided_by: [tinh]", 16, "không biết cấp 'tinh'"),
        ("name: Bộ quy tắc thử\n", "", 1, "thiếu mục này"),
        ("issuer: LĐLĐ", "isuer: LĐLĐ", 3, "không có mục nào tên như vậy"),
        ("code: xep-loai", "code: Xếp loại", 18, "mã chỉ gồm chữ thường"),
        ("subjects: [person]", "subjects: [person", 16, "không đọc được YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_reason(was, now, line, reason):
    assert was in GOOD
    told = mistakes(GOOD.replace(was, now))
    assert any(at == line and reason in why for at, why in told), told


def test_several_mistakes_are_told_at_once():
    text = GOOD.replace("at_least: good", "at_least: tot").replace("decided_by: [province]", "decided_by: []")
    assert {line for line, _ in mistakes(text)} >= {16, 23}


@pytest.mark.parametrize("rules", [LAW, UNION], ids=["law", "union"])
def test_a_rule_set_comes_back_whole_from_its_event(rules):
    again = RuleSet.model_validate(rules.canonical())
    assert again == rules
    assert again.hash == rules.hash


def test_the_law_is_in_force_from_2024_on():
    assert not LAW.in_force.holds(date(2023, 12, 31))
    assert LAW.in_force.holds(date(2024, 1, 1))


def test_papers_of_the_provincial_federation_do_not_count_in_the_states_chain():
    assert LAW.members(("bang-khen-bo-nganh-tinh", "co-bo-nganh-tinh")) == (
        "bang-khen-cap-tinh",
        "bang-khen-tld",
        "co-thi-dua-cap-tinh",
        "co-tld",
    )


def test_every_body_of_both_tracks_and_channels_has_its_stages():
    for rules in (LAW, UNION):
        for channel in Channel:
            for track in Track:
                stages = rules.stages_of(channel, track, "province")
                assert [stage.kind.value for stage in stages] == [
                    "specialist",
                    "head",
                    "council",
                    "standing-committee",
                    "signatory",
                ]


@pytest.mark.parametrize(
    "text",
    ["a\x00b", "name: 2024-13-01\n", "name: &a [*a]\n", "name: " + "[" * 3000],
    ids=["sign", "month", "loop", "deep"],
)
def test_what_yaml_itself_cannot_hold_is_a_mistake_and_not_a_bug(text):
    ((line, reason), *_) = mistakes(text)
    assert line == 1
    assert reason


def test_a_mistake_in_a_text_that_was_cut_off_has_its_line():
    ((line, reason),) = mistakes('name: x\nstages: ["')
    assert line == 2
    assert "không đọc được YAML" in reason
