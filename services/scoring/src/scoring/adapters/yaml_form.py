"""Reads a form typed as YAML into marked pieces, keeping the line of everything; numbers stay as typed."""

from __future__ import annotations

from typing import Any

import yaml

from scoring.domain.form_check import check_form
from scoring.domain.marked import Fault, Marked

MOST_BYTES = 200_000
_DEEPEST = 30


def read_form(typed: str) -> tuple[dict[str, Any] | None, tuple[Fault, ...]]:
    """A typed form as canonical data, or every fault in it with its line."""
    if len(typed.encode()) > MOST_BYTES:
        return None, (Fault(1, "", "form-too-large", {"most": MOST_BYTES}),)
    try:
        for event in yaml.parse(typed, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise _Unreadable(_line(event.start_mark), "aliases (*) are not used in a form")
        node = yaml.compose(typed, Loader=yaml.SafeLoader)
        if node is None:
            return None, (Fault(1, "", "form-empty"),)
        root = _marked(node, 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return None, (Fault(_line(mark), "", "not-yaml", {"problem": error.problem or "?"}),)
    except (_Unreadable, yaml.YAMLError, RecursionError) as error:
        return None, (Fault(getattr(error, "line", 1), "", "not-yaml", {"problem": str(error)}),)
    return check_form(root)


def _line(mark: Any) -> int:
    return mark.line + 1 if mark is not None else 1


class _Unreadable(Exception):
    def __init__(self, line: int, problem: str) -> None:
        self.line = line
        super().__init__(problem)


def _marked(node: yaml.Node, depth: int) -> Marked:
    line = _line(node.start_mark)
    if depth > _DEEPEST:
        raise _Unreadable(line, "nested too deeply")
    if isinstance(node, yaml.ScalarNode):
        return Marked(line, text=node.value)
    if isinstance(node, yaml.SequenceNode):
        return Marked(line, items=tuple(_marked(item, depth + 1) for item in node.value))
    if isinstance(node, yaml.MappingNode):
        return Marked(
            line,
            fields=tuple(
                (
                    key.value if isinstance(key, yaml.ScalarNode) else "?",
                    _line(key.start_mark),
                    _marked(value, depth + 1),
                )
                for key, value in node.value
            ),
        )
    raise _Unreadable(line, "unknown piece of YAML")
