"""A slow second opinion on scores, written from the description of the form alone and sharing no code with the engine.

It works on plain canonical data and plain dictionaries, in whole-number arithmetic on (numerator, denominator) pairs.
An entry is ``{"state", "actual", "against", "target", "points"}`` with fractions or None; a card is
``{"self": {code: entry}, "appraised": …, "council": …, "registered": {code: fraction}, "off": [fraction, …]}``.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any


def number(text: Any) -> Fraction:
    whole, _, decimals = str(text).partition(".")
    sign = -1 if whole.startswith("-") else 1
    digits = int(whole.lstrip("+-") + decimals)
    return Fraction(sign * digits, 10 ** len(decimals))


def rounded(value: Fraction, places: int) -> Fraction:
    """Half away from zero, found by trying the neighbours."""
    unit = Fraction(1, 10**places)
    low = unit * (value // unit)
    high = low + unit
    if value - low < high - value:
        return low
    if value - low > high - value:
        return high
    return high if value > 0 else low


def leaves_of(node: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for inner in node.get("sections", []):
        found += leaves_of(inner)
    return found + node.get("criteria", [])


def reference_score(form: dict[str, Any], unit: str, card: dict[str, Any]) -> dict[str, Any]:
    places = int(form["rounding"]["places"])
    each_leaf = form["rounding"]["at"] == "leaf"
    lines: dict[str, dict[str, Any]] = {}
    tree = {"sections": form["sections"]}
    bonus_leaves = form.get("bonus", {}).get("criteria", [])
    for leaf in leaves_of(tree) + bonus_leaves:
        line = one_line(leaf, unit, card)
        if each_leaf and line["points"] is not None:
            line["points"] = rounded(line["points"], places)
            line["beyond"] = rounded(line["beyond"], places)
        lines[leaf["code"]] = line

    total = Fraction(0)
    for section in form["sections"]:
        total += earned(section, lines)
    if "bonus" in form:
        extra = Fraction(0)
        for leaf in bonus_leaves:
            extra += lines[leaf["code"]]["points"] or 0
        for line in lines.values():
            extra += line["beyond"]
        cap = number(form["bonus"]["max_points"])
        total += cap if extra > cap else extra
    for off in card.get("off", []):
        total -= off

    assigned = Fraction(0)
    for leaf in leaves_of(tree):
        if leaf["kind"] != "plus-minus" and lines[leaf["code"]]["state"] != "not-assigned":
            assigned += number(leaf["max_points"])
    official = rounded(total, places)
    return {
        "lines": lines,
        "exact_total": total,
        "total": official,
        "assigned": assigned,
        "exact_percentage": 100 * total / assigned if assigned else None,
        "percentage": rounded(100 * official / assigned, places) if assigned else None,
    }


def earned(section: dict[str, Any], lines: dict[str, dict[str, Any]]) -> Fraction:
    together = Fraction(0)
    for inner in section.get("sections", []):
        together += earned(inner, lines)
    for leaf in section.get("criteria", []):
        together += lines[leaf["code"]]["points"] or 0
    cap = number(section["max_points"])
    return cap if together > cap else together


def one_line(leaf: dict[str, Any], unit: str, card: dict[str, Any]) -> dict[str, Any]:
    nothing = {"points": None, "beyond": Fraction(0)}
    targets = leaf.get("targets")
    if unit in leaf.get("not_assigned_to", []):
        return {"state": "not-assigned", **nothing}
    if targets is not None and unit not in targets and "target" not in leaf:
        return {"state": "not-assigned", **nothing}
    # From the top layer down: whoever speaks first has the last word.
    for layer in ("council", "appraised", "self"):
        entry = card.get(layer, {}).get(leaf["code"])
        if entry is None:
            continue
        if entry["state"] == "not-assigned":
            return {"state": "not-assigned", **nothing}
        if entry["state"] == "given":
            result = points_of(leaf, unit, entry, card)
            if result is not None:
                return {"state": "given", "points": result[0], "beyond": result[1]}
    # Nobody spoke: it reads as the topmost layer that said anything at all left it.
    for layer in ("council", "appraised", "self"):
        entry = card.get(layer, {}).get(leaf["code"])
        if entry is not None and entry["state"] in ("abstained", "empty"):
            return {"state": entry["state"], **nothing}
    return {"state": "empty", **nothing}


def points_of(
    leaf: dict[str, Any], unit: str, entry: dict[str, Any], card: dict[str, Any]
) -> tuple[Fraction, Fraction] | None:
    most = number(leaf["max_points"])
    kind = leaf["kind"]
    least = number(leaf["floor"]) if kind in ("deducting", "plus-minus") else Fraction(0)
    actual, against = entry["actual"], entry["against"]

    if entry["points"] is not None:
        typed = entry["points"]
        if kind == "qualitative":
            return (most if typed >= most else Fraction(0)), Fraction(0)
        return sorted([least, typed, most])[1], Fraction(0)

    target = entry["target"]
    if target is None and unit in leaf.get("targets", {}):
        target = number(leaf["targets"][unit])
    if target is None and leaf.get("target") == "registered":
        target = card.get("registered", {}).get(leaf["code"])
    elif target is None and "target" in leaf:
        target = number(leaf["target"])

    if kind == "plus-minus":
        if actual is None and against is None:
            return None
        value = Fraction(0)
        if actual is not None:
            value += actual * number(leaf.get("bonus", 0))
        if against is not None:
            value -= against * number(leaf.get("penalty", 0))
        return sorted([least, value, most])[1], Fraction(0)
    if actual is None:
        return None
    if kind == "qualitative":
        return (Fraction(0) if actual == 0 else most), Fraction(0)
    if kind == "direct":
        if "each" not in leaf:
            return None
        return sorted([Fraction(0), actual * number(leaf["each"]), most])[1], Fraction(0)
    if kind == "proportional":
        if target is None:
            return None
        share = Fraction(1) if target == 0 else actual / target
        if share < 1:
            return max(Fraction(0), most * share), Fraction(0)
        return most, min(number(leaf.get("bonus_cap", 0)), most * (share - 1))
    if kind == "stepped":
        if leaf["measure"] == "ratio":
            if target is None:
                return None
            measured = Fraction(100) if target == 0 else 100 * actual / target
        else:
            measured = actual
        best = Fraction(0)
        for step in leaf["steps"]:
            if number(step["from"]) <= measured:
                best = number(step["points"])
        return best, Fraction(0)
    assert kind == "deducting"
    faults = actual
    if leaf["counts"] == "shortfall":
        if target is None:
            return None
        faults = target - actual if target > actual else Fraction(0)
    value = most - faults * number(leaf["per_fault"])
    return sorted([least, value, most])[1], Fraction(0)
