"""Random sound forms and random cards for them, as hypothesis strategies."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from scoring.domain.numbers import show

UNITS = ("ldld-cao-bang", "ldld-lao-cai", "ldld-son-la")

tenths = st.integers(1, 200).map(lambda n: Fraction(n, 10))
amounts = st.one_of(st.integers(0, 300).map(Fraction), st.integers(-50, 3000).map(lambda n: Fraction(n, 7)))


@st.composite
def targets(draw: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    shape = draw(st.sampled_from(["number", "registered", "some", "both"]))
    if shape in ("number", "both"):
        found["target"] = show(draw(tenths))
    if shape == "registered":
        found["target"] = "registered"
    if shape in ("some", "both"):
        units = draw(st.lists(st.sampled_from(UNITS), unique=True, min_size=1))
        found["targets"] = {unit: show(draw(tenths)) for unit in units}
    return found


@st.composite
def leaves(draw: Any, code: str) -> dict[str, Any]:
    kind = draw(st.sampled_from(["proportional", "stepped", "deducting", "qualitative", "direct", "plus-minus"]))
    most = draw(tenths)
    leaf: dict[str, Any] = {"code": code, "title": f"Tiêu chí {code}", "kind": kind, "max_points": show(most)}
    if draw(st.booleans()) and draw(st.booleans()):
        leaf["not_assigned_to"] = draw(st.lists(st.sampled_from(UNITS), unique=True, min_size=1))
    if kind == "proportional":
        leaf.update(draw(targets()))
        if draw(st.booleans()):
            leaf["bonus_cap"] = show(draw(tenths))
    elif kind == "stepped":
        leaf["measure"] = draw(st.sampled_from(["ratio", "count"]))
        if leaf["measure"] == "ratio":
            leaf.update(draw(targets()))
        starts = sorted(draw(st.lists(st.integers(0, 150), unique=True, min_size=1, max_size=4)))
        leaf["steps"] = [{"from": str(start), "points": show(most * draw(st.integers(0, 10)) / 10)} for start in starts]
    elif kind == "deducting":
        leaf["counts"] = draw(st.sampled_from(["faults", "shortfall"]))
        if leaf["counts"] == "shortfall":
            leaf.update(draw(targets()))
        leaf["per_fault"] = show(draw(tenths))
        leaf["floor"] = show(draw(st.integers(-5, 0)) * Fraction(1, 2))
    elif kind == "direct" and draw(st.booleans()):
        leaf["each"] = show(draw(tenths))
    elif kind == "plus-minus":
        leaf["floor"] = show(-draw(tenths))
        which = draw(st.sampled_from(["bonus", "penalty", "both"]))
        if which != "penalty":
            leaf["bonus"] = show(draw(tenths))
        if which != "bonus":
            leaf["penalty"] = show(draw(tenths))
    return leaf


@st.composite
def sections(draw: Any, code: str, depth: int) -> dict[str, Any]:
    section: dict[str, Any] = {"code": code, "title": f"Phần {code}"}
    total = Fraction(0)
    if depth < 2 and draw(st.booleans()):
        section["sections"] = [draw(sections(f"{code}.{i}", depth + 1)) for i in range(draw(st.integers(1, 2)))]
        total += sum(Fraction(inner["max_points"]) for inner in section["sections"])
    if not total or draw(st.booleans()):
        section["criteria"] = [draw(leaves(f"{code}.c{i}")) for i in range(draw(st.integers(1, 4)))]
        total += sum(Fraction(leaf["max_points"]) for leaf in section["criteria"] if leaf["kind"] != "plus-minus")
    if not total:
        section["criteria"].append(
            {"code": f"{code}.z", "title": "Định tính", "kind": "qualitative", "max_points": "3"}
        )
        total = Fraction(3)
    section["max_points"] = show(total)
    return section


@st.composite
def forms(draw: Any) -> dict[str, Any]:
    form: dict[str, Any] = {"title": "Bảng tiêu chí thử"}
    form["sections"] = [draw(sections(str(i + 1), 0)) for i in range(draw(st.integers(1, 3)))]
    total = sum(Fraction(section["max_points"]) for section in form["sections"])
    cap = draw(tenths)
    form["bonus"] = {"code": "T", "title": "Điểm thưởng", "max_points": show(cap)}
    if draw(st.booleans()):
        form["bonus"]["criteria"] = [draw(leaves(f"T.{i}")) for i in range(draw(st.integers(1, 3)))]
    form["max_points"] = show(total + cap)
    form["rounding"] = {
        "places": str(draw(st.integers(0, 3))),
        "mode": "half-up",
        "at": draw(st.sampled_from(["leaf", "end"])),
    }
    form["review_days"] = "5"
    form["ranking"] = {
        "compares": draw(st.sampled_from(["rounded", "exact"])),
        "ties": ["section:1", "total"],
        "leading": {"count": "1", "by": "rank"},
        "excellent": {"percent": "30", "rounding": "down", "minimum": "0", "by": "rank", "counts_leading": "false"},
        "legal_basis": ["Quy chế của Cụm"],
    }
    return form


def codes(form: dict[str, Any]) -> list[str]:
    def inside(node: dict[str, Any]) -> list[str]:
        own = [leaf["code"] for leaf in node.get("criteria", [])]
        return [code for inner in node.get("sections", []) for code in inside(inner)] + own

    return inside(form) + inside(form.get("bonus", {}))


@st.composite
def entries(draw: Any) -> dict[str, Any]:
    state = draw(st.sampled_from(["given"] * 5 + ["empty", "not-assigned", "abstained"]))
    entry: dict[str, Any] = {"state": state, "actual": None, "against": None, "target": None, "points": None}
    if state == "given":
        maybe = st.one_of(st.none(), amounts)
        entry["actual"] = draw(maybe)
        entry["against"] = draw(maybe)
        entry["target"] = draw(st.one_of(st.none(), st.none(), tenths, st.just(Fraction(0))))
        entry["points"] = draw(st.one_of(st.none(), st.none(), amounts))
    return entry


@st.composite
def cards(draw: Any, form: dict[str, Any]) -> dict[str, Any]:
    card: dict[str, Any] = {}
    for layer in ("self", "appraised", "council"):
        card[layer] = {code: draw(entries()) for code in codes(form) if draw(st.booleans())}
    card["registered"] = {
        code: draw(st.one_of(tenths, st.just(Fraction(0)))) for code in codes(form) if draw(st.booleans())
    }
    card["off"] = draw(st.lists(tenths, max_size=2))
    return card


@st.composite
def forms_with_cards(draw: Any) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    form = draw(forms())
    return form, {unit: draw(cards(form)) for unit in UNITS}
