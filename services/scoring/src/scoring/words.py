"""Scoring's own sentences for officials, from ``words.yaml``: faults of a form, reasons of a rank, how points arose."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from scoring.domain.marked import Fault


@cache
def _words() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = yaml.safe_load(Path(__file__).with_name("words.yaml").read_text("utf-8"))
    return loaded


def fault_text(fault: Fault) -> str:
    """What is wrong at a line of a form."""
    return _words()["faults"][fault.rule].format_map(fault.values)


def tell(reason: str, **values: Any) -> str:
    """A sentence by its code. Raises KeyError for a code without words: a test goes through all of them."""
    return _words()["reasons"][reason].format_map(values)


def workings_text(kind: str, workings: dict[str, str]) -> str:
    """How a line's points arose, from the terms of the computation."""
    how = "typed" if "typed" in workings else kind
    if kind == "stepped" and "percent" in workings:
        how = "stepped-ratio"
    if kind == "stepped" and "step" not in workings and how != "typed":
        how += "-none"
    if kind == "deducting" and "T" in workings:
        how = "deducting-shortfall"
    return _words()["workings"][how].format_map(workings)


def codes(group: str) -> set[str]:
    """The codes of a group of words: ``faults``, ``reasons`` or ``workings``."""
    return set(_words()[group])
