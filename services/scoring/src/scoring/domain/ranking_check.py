"""Checks how a cluster ranks: what is compared, ties, quota, mix of score and vote, penalties for lateness."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from scoring.domain.form_reading import FormReader
from scoring.domain.marked import Marked
from scoring.domain.numbers import show

_RANKING = ("compares", "ties", "mix", "leading", "excellent", "legal_basis", "note")
_LATENESS = ("in-grace", "late", "missing")


def check_ranking(
    reader: FormReader, node: Marked, sections: Collection[str], leaves: Collection[str]
) -> dict[str, Any]:
    fields = reader.mapping(
        node, "ranking", known=_RANKING, required=("compares", "leading", "excellent", "legal_basis")
    )
    rule: dict[str, Any] = {
        "compares": reader.choice(fields.get("compares"), "ranking › compares", ("rounded", "exact"), "unknown-choice"),
        "ties": _ties(reader, fields.get("ties"), sections, leaves),
        "legal_basis": [
            reader.text(item, "ranking › legal_basis")
            for item in reader.items(fields.get("legal_basis"), "ranking › legal_basis")
        ],
    }
    if "note" in fields:
        rule["note"] = reader.text(fields["note"], "ranking › note", most=4000)
    if "mix" in fields:
        rule["mix"] = _mix(reader, fields["mix"])
    if "leading" in fields:
        rule["leading"] = _by(reader, fields["leading"], "ranking › leading")
    if "excellent" in fields:
        rule["excellent"] = _excellent(reader, fields["excellent"])
    return rule


def check_lateness(reader: FormReader, node: Marked) -> dict[str, str]:
    """Points taken off for each filing that came in grace, late, or never."""
    fields = reader.mapping(node, "lateness", known=_LATENESS)
    numbers = {key: reader.number(value, f"lateness › {key}", at_least=0) for key, value in fields.items()}
    return {key: show(number) for key, number in numbers.items() if number is not None}


def _ties(reader: FormReader, node: Marked | None, sections: Collection[str], leaves: Collection[str]) -> list[str]:
    found: list[str] = []
    items = reader.items(node, "ranking › ties", may_be_empty=True)
    for position, item in enumerate(items):
        rule = item.text or ""
        what, _, code = rule.partition(":")
        if rule in found:
            reader.fault(item.line, "ranking › ties", "tie-rule-twice", found=rule)
        elif code in {"section": sections, "criterion": leaves}.get(what, ()) or rule == "total":
            found.append(rule)
        elif rule == "vote":
            if position != len(items) - 1:
                reader.fault(item.line, "ranking › ties", "vote-not-last")
            found.append(rule)
        else:
            reader.fault(item.line, "ranking › ties", "unknown-tie-rule", found=rule)
    return found


def _mix(reader: FormReader, node: Marked) -> dict[str, str | None]:
    fields = reader.mapping(
        node, "ranking › mix", known=("score", "vote", "ballot"), required=("score", "vote", "ballot")
    )
    score = reader.number(fields.get("score"), "ranking › mix › score", at_least=0, at_most=100)
    vote = reader.number(fields.get("vote"), "ranking › mix › vote", at_least=0, at_most=100)
    if score is not None and vote is not None and score + vote != 100:
        reader.fault(node.line, "ranking › mix", "mix-not-100", sum=show(score + vote))
    ballot = reader.choice(
        fields.get("ballot"), "ranking › mix › ballot", ("leading-unit", "excellent-units"), "unknown-choice"
    )
    return {
        "score": show(score) if score is not None else None,
        "vote": show(vote) if vote is not None else None,
        "ballot": ballot,
    }


def _by(reader: FormReader, node: Marked, where: str) -> dict[str, str | None]:
    fields = reader.mapping(node, where, known=("count", "by"), required=("count", "by"))
    count = reader.whole(fields.get("count"), f"{where} › count", at_least=0, at_most=10)
    by = reader.choice(fields.get("by"), f"{where} › by", ("vote", "rank"), "unknown-choice")
    return {"count": str(count or 0), "by": by}


def _excellent(reader: FormReader, node: Marked) -> dict[str, str | None]:
    where = "ranking › excellent"
    fields = reader.mapping(
        node,
        where,
        known=("percent", "rounding", "minimum", "by", "counts_leading"),
        required=("percent", "rounding", "by"),
    )
    percent = reader.number(fields.get("percent"), f"{where} › percent", at_least=0, at_most=100)
    minimum = reader.whole(fields.get("minimum"), f"{where} › minimum", at_least=0, at_most=100)
    return {
        "percent": show(percent) if percent is not None else None,
        "rounding": reader.choice(
            fields.get("rounding"), f"{where} › rounding", ("down", "half-up", "up"), "unknown-choice"
        ),
        "minimum": str(minimum or 0),
        "by": reader.choice(fields.get("by"), f"{where} › by", ("vote", "rank"), "unknown-choice"),
        "counts_leading": reader.choice(
            fields.get("counts_leading"), f"{where} › counts_leading", ("true", "false"), "unknown-choice"
        )
        or "false",
    }
