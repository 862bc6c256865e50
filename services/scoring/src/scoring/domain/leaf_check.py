"""Checks one criterion (leaf) of a form by its kind and brings it into canonical data."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from scoring.domain.form_reading import FormReader
from scoring.domain.marked import Marked
from scoring.domain.numbers import show

_COMMON = {"code", "title", "kind", "max_points", "unit", "evidence", "note", "not_assigned_to"}
_OF_KIND: dict[str, set[str]] = {
    "proportional": {"target", "targets", "bonus_cap"},
    "stepped": {"measure", "steps", "target", "targets"},
    "deducting": {"per_fault", "floor", "counts", "target", "targets"},
    "qualitative": set(),
    "direct": {"each"},
    "plus-minus": {"bonus", "penalty", "floor"},
}
KINDS = tuple(_OF_KIND)


def check_leaf(reader: FormReader, node: Marked, where: str) -> dict[str, Any] | None:
    """The leaf as canonical data, or None when it cannot be read at all; faults are noted in the reader."""
    kind_node = next((value for key, _, value in node.fields or () if key == "kind"), None)
    kind = reader.choice(kind_node, where, KINDS, "unknown-kind")
    known = _COMMON | (_OF_KIND[kind] if kind else set().union(*_OF_KIND.values()))
    fields = reader.mapping(node, where, known=known, required=("code", "title", "kind", "max_points"))
    most = reader.number(fields.get("max_points"), f"{where} › max_points", above=0)
    leaf: dict[str, Any] = {"kind": kind, "title": reader.text(fields.get("title"), f"{where} › title")}
    for key in ("unit", "evidence", "note"):
        if key in fields:
            leaf[key] = reader.text(fields[key], f"{where} › {key}")
    if "not_assigned_to" in fields:
        leaf["not_assigned_to"] = reader.units(fields["not_assigned_to"], f"{where} › not_assigned_to")
    if most is None or kind is None:
        return None
    leaf["max_points"] = show(most)
    leaf.update(_OF[kind](reader, node, fields, where, most))
    return leaf


def _target(reader: FormReader, node: Marked, fields: dict[str, Marked], where: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    given = fields.get("target")
    if given is not None and given.text == "registered":
        found["target"] = "registered"
    elif given is not None:
        number = reader.number(given, f"{where} › target", above=0)
        if number is not None:
            found["target"] = show(number)
    if "targets" in fields:
        each = reader.unit_numbers(fields["targets"], f"{where} › targets")
        found["targets"] = {unit: show(number) for unit, number in each.items()}
    if given is None and "targets" not in fields:
        reader.fault(node.line, where, "target-missing")
    return found


def _proportional(
    reader: FormReader, node: Marked, fields: dict[str, Marked], where: str, most: Fraction
) -> dict[str, Any]:
    found = _target(reader, node, fields, where)
    if "bonus_cap" in fields:
        cap = reader.number(fields["bonus_cap"], f"{where} › bonus_cap", above=0)
        found["bonus_cap"] = show(cap) if cap is not None else None
    return found


def _stepped(reader: FormReader, node: Marked, fields: dict[str, Marked], where: str, most: Fraction) -> dict[str, Any]:
    measure = reader.choice(fields.get("measure"), f"{where} › measure", ("ratio", "count"), "unknown-choice")
    if "measure" not in fields:
        reader.fault(node.line, where, "missing-key", key="measure")
    found: dict[str, Any] = {"measure": measure}
    if measure == "ratio":
        found.update(_target(reader, node, fields, where))
    elif measure == "count":
        for key in ("target", "targets"):
            if key in fields:
                reader.fault(fields[key].line, where, "target-not-used", key=key)
    if "steps" not in fields:
        reader.fault(node.line, where, "missing-key", key="steps")
    found["steps"] = _steps(reader, reader.items(fields.get("steps"), f"{where} › steps"), where, most)
    return found


def _steps(reader: FormReader, nodes: tuple[Marked, ...], where: str, most: Fraction) -> list[dict[str, str]]:
    """Steps run upwards without overlap or gap: each begins where the one before ends."""
    steps: list[dict[str, str]] = []
    before: Fraction | None = None
    ended: Fraction | None = None
    for position, node in enumerate(nodes):
        at = f"{where} › steps › {position + 1}"
        fields = reader.mapping(node, at, known=("from", "below", "points"), required=("from", "points"))
        start = reader.number(fields.get("from"), at, at_least=0)
        points = reader.number(fields.get("points"), at, at_least=0)
        below = reader.number(fields.get("below"), at, above=0)
        if start is None or points is None:
            continue
        if points > most:
            reader.fault(node.line, at, "step-above-max", found=show(points), max_points=show(most))
        if below is not None and below <= start:
            reader.fault(node.line, at, "step-empty", start=show(start), below=show(below))
        if before is not None and start <= before:
            reader.fault(node.line, at, "steps-not-ordered", found=show(start), before=show(before))
        elif ended is not None and start < ended:
            reader.fault(node.line, at, "steps-overlap", found=show(start), before=show(ended))
        elif ended is not None and start > ended:
            reader.fault(node.line, at, "steps-gap", found=show(start), before=show(ended))
        if below is not None and position == len(nodes) - 1:
            reader.fault(node.line, at, "steps-end", found=show(below))
        before, ended = start, below
        steps.append({"from": show(start), "points": show(points)})
    return steps


def _deducting(
    reader: FormReader, node: Marked, fields: dict[str, Marked], where: str, most: Fraction
) -> dict[str, Any]:
    counts = "faults"
    if "counts" in fields:
        counts = (
            reader.choice(fields["counts"], f"{where} › counts", ("faults", "shortfall"), "unknown-choice") or counts
        )
    found: dict[str, Any] = {"counts": counts}
    if counts == "shortfall":
        found.update(_target(reader, node, fields, where))
    else:
        for key in ("target", "targets"):
            if key in fields:
                reader.fault(fields[key].line, where, "target-not-used", key=key)
    if "per_fault" not in fields:
        reader.fault(node.line, where, "missing-key", key="per_fault")
    per_fault = reader.number(fields.get("per_fault"), f"{where} › per_fault", above=0)
    found["per_fault"] = show(per_fault) if per_fault is not None else None
    floor = reader.number(fields.get("floor"), f"{where} › floor")
    if floor is not None and floor > most:
        reader.fault(fields["floor"].line, where, "floor-above-max", floor=show(floor), max_points=show(most))
    found["floor"] = show(floor) if floor is not None else "0"
    return found


def _qualitative(
    reader: FormReader, node: Marked, fields: dict[str, Marked], where: str, most: Fraction
) -> dict[str, Any]:
    return {}


def _direct(reader: FormReader, node: Marked, fields: dict[str, Marked], where: str, most: Fraction) -> dict[str, Any]:
    each = reader.number(fields.get("each"), f"{where} › each", above=0)
    return {"each": show(each)} if each is not None else {}


def _plus_minus(
    reader: FormReader, node: Marked, fields: dict[str, Marked], where: str, most: Fraction
) -> dict[str, Any]:
    if "floor" not in fields:
        reader.fault(node.line, where, "missing-key", key="floor")
    if "bonus" not in fields and "penalty" not in fields:
        reader.fault(node.line, where, "plus-minus-without-either")
    bonus = reader.number(fields.get("bonus"), f"{where} › bonus", above=0)
    penalty = reader.number(fields.get("penalty"), f"{where} › penalty", above=0)
    floor = reader.number(fields.get("floor"), f"{where} › floor")
    if floor is not None and floor > 0:
        reader.fault(fields["floor"].line, where, "floor-above-zero", floor=show(floor))
    found = {"floor": show(floor if floor is not None else Fraction(0))}
    if bonus is not None:
        found["bonus"] = show(bonus)
    if penalty is not None:
        found["penalty"] = show(penalty)
    return found


_OF = {
    "proportional": _proportional,
    "stepped": _stepped,
    "deducting": _deducting,
    "qualitative": _qualitative,
    "direct": _direct,
    "plus-minus": _plus_minus,
}
