"""Reads a rule set from YAML and says of each mistake on which line it stands and why."""

from __future__ import annotations

from typing import Any

import yaml
from contracts.events.registry.units import Level
from contracts.values import Value
from pydantic import ValidationError

from awards.domain.rule_conditions import Condition
from awards.domain.rules import OUTSIDE, Form, RuleSet

Place = tuple[str | int, ...]


class Mistake(Value):
    """One thing wrong with a rule set as typed."""

    line: int
    where: str
    reason: str


class NotARuleSet(Exception):
    """The text is no rule set; ``mistakes`` says where and why."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(f"dòng {m.line}: {m.where}: {m.reason}" for m in mistakes))


def read_rule_set(text: str) -> RuleSet:
    """Raises NotARuleSet."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
        lines = {(): 1, **_lines(node, ())} if node is not None else {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        reason = f"không đọc được YAML: {error.problem}"
        raise NotARuleSet((Mistake(line=line, where="tệp", reason=reason),)) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # Signs that YAML forbids, a thirteenth month, an alias inside of what it stands for.
        raise NotARuleSet((Mistake(line=1, where="tệp", reason=f"không đọc được YAML: {error}"),)) from error
    if not isinstance(data, dict) or node is None:
        reason = "bộ quy tắc phải là một bảng khóa: giá trị"
        raise NotARuleSet((Mistake(line=1, where="tệp", reason=reason),))
    try:
        rules = RuleSet.model_validate(data)
    except ValidationError as error:
        raise NotARuleSet(tuple(_told(told, lines) for told in error.errors())) from error
    mistakes = tuple(
        Mistake(line=_line(place, lines), where=_where(place), reason=reason) for place, reason in _crossed(rules)
    )
    if mistakes:
        raise NotARuleSet(mistakes)
    return rules


def _lines(node: yaml.Node, place: Place) -> dict[Place, int]:
    found: dict[Place, int] = {place: node.start_mark.line + 1}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            found |= _lines(value, (*place, key.value))
            found[(*place, key.value)] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            found |= _lines(value, (*place, number))
    return found


def _line(place: Place, lines: dict[Place, int]) -> int:
    while place not in lines:
        place = place[:-1]
    return lines[place]


def _where(place: Place) -> str:
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in place) or "tệp"


_REASONS = {
    "missing": "thiếu mục này",
    "extra_forbidden": "không có mục nào tên như vậy",
    "string_pattern_mismatch": "mã chỉ gồm chữ thường không dấu, chữ số và dấu gạch nối",
    "too_short": "không được để trống",
    "string_too_short": "không được để trống",
}


def _told(error: Any, lines: dict[Place, int]) -> Mistake:
    place: Place = tuple(error["loc"])
    kind = error["type"]
    if kind == "enum":
        reason = f"phải là một trong: {error['ctx']['expected']}".replace(" or ", ", ")
    elif kind == "value_error":
        reason = str(error["ctx"]["error"])
    else:
        reason = _REASONS.get(kind, error["msg"])
    return Mistake(line=_line(place, lines), where=_where(place), reason=reason)


def _crossed(rules: RuleSet) -> list[tuple[Place, str]]:
    """What only the whole shows: codes used twice, codes that nothing declares."""
    found: list[tuple[Place, str]] = []
    stages = {stage.code for stage in rules.stages}
    titles = {form.code for form in rules.forms} | set(rules.other_titles)
    for name, members in rules.families.items():
        found += [
            (("families", name), f"không biết danh hiệu, hình thức '{title}'")
            for title in members
            if title not in titles
        ]
    for number, path in enumerate(rules.paths):
        found += [
            (("paths", number, "stages"), f"không biết bước '{code}'") for code in path.stages if code not in stages
        ]
    for number, paper in enumerate(rules.papers):
        if paper.before not in stages:
            found.append((("papers", number, "before"), f"không biết bước '{paper.before}'"))
    seen: set[str] = set()
    for number, form in enumerate(rules.forms):
        here: Place = ("forms", number)
        if form.code in seen:
            found.append(((*here, "code"), f"'{form.code}' đã có ở trên"))
        seen.add(form.code)
        found += _crossed_form(form, here, titles | set(rules.families), stages)
    return found


def _crossed_form(form: Form, here: Place, titles: set[str], stages: set[str]) -> list[tuple[Place, str]]:
    found: list[tuple[Place, str]] = []
    bodies = {level.value for level in Level} | {OUTSIDE}
    found += [((*here, "decided_by"), f"không biết cấp '{body}'") for body in form.decided_by if body not in bodies]
    for number, paper in enumerate(form.papers or ()):
        if paper.before not in stages:
            found.append(((*here, "papers", number, "before"), f"không biết bước '{paper.before}'"))
    found += _crossed_conditions(form.general, (*here, "general"), titles)
    codes: set[str] = set()
    for number, route in enumerate(form.routes):
        place: Place = (*here, "routes", number)
        if route.code in codes or route.code == "chung":
            found.append(((*place, "code"), f"mã đường '{route.code}' đã dùng"))
        codes.add(route.code)
        if route.subject is not None and route.subject not in form.subjects:
            found.append(((*place, "subject"), "đối tượng này không thuộc hình thức"))
        found += _crossed_conditions(route.conditions, (*place, "conditions"), titles)
    return found


def _crossed_conditions(conditions: tuple[Condition, ...], here: Place, titles: set[str]) -> list[tuple[Place, str]]:
    found: list[tuple[Place, str]] = []
    for number, condition in enumerate(conditions):
        place: Place = (*here, number)
        found += [
            (place, f"không biết danh hiệu, hình thức '{title}'")
            for title in condition.titles_named
            if title not in titles
        ]
        nested = "any" if condition.any else "all"
        found += _crossed_conditions(condition.parts, (*place, nested), titles)
    return found
