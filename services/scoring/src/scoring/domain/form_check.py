"""Checks a whole form, names every fault by line and reason, and brings a sound one into canonical data."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from scoring.domain.form_reading import CODE, FormReader
from scoring.domain.leaf_check import check_leaf
from scoring.domain.marked import Fault, Marked
from scoring.domain.numbers import exact, show
from scoring.domain.ranking_check import check_lateness, check_ranking

_TOP = (
    "title",
    "note",
    "legal_basis",
    "max_points",
    "sections",
    "bonus",
    "rounding",
    "review_days",
    "lateness",
    "ranking",
)
_SECTION = ("code", "title", "max_points", "note", "sections", "criteria")
_BONUS = ("code", "title", "max_points", "note", "criteria")
MOST_CRITERIA = 400
"""More lines than any table on paper has; it bounds the size of an event."""


def check_form(root: Marked) -> tuple[dict[str, Any] | None, tuple[Fault, ...]]:
    """Canonical data and no faults, or None and every fault found, in order of line."""
    reader = FormReader()
    form = _Tree(reader).form(root)
    if reader.faults:
        return None, tuple(sorted(reader.faults, key=lambda fault: fault.line))
    return form, ()


class _Tree:
    """Walks the tree once, remembering the codes seen."""

    def __init__(self, reader: FormReader) -> None:
        self.reader = reader
        self.codes: dict[str, int] = {}
        self.sections: set[str] = set()
        self.leaves: set[str] = set()
        self.leaf_bonus: Marked | None = None

    def form(self, root: Marked) -> dict[str, Any]:
        reader = self.reader
        fields = reader.mapping(
            root, "", known=_TOP, required=("title", "sections", "rounding", "review_days", "ranking")
        )
        form: dict[str, Any] = {"title": reader.text(fields.get("title"), "title")}
        if "note" in fields:
            form["note"] = reader.text(fields["note"], "note", most=4000)
        if "legal_basis" in fields:
            form["legal_basis"] = [
                reader.text(item, "legal_basis") for item in reader.items(fields["legal_basis"], "legal_basis")
            ]
        nodes = reader.items(fields.get("sections"), "sections")
        read = [self._section(node, "sections") for node in nodes]
        form["sections"] = [section for section, _ in read]
        total = sum((most for _, most in read), start=Fraction(0))
        if "bonus" in fields:
            form["bonus"], bonus_most = self._bonus(fields["bonus"])
            total += bonus_most
        elif self.leaf_bonus is not None:
            reader.fault(self.leaf_bonus.line, "bonus", "bonus-cap-missing")
        if "max_points" in fields:
            promised = reader.number(fields["max_points"], "max_points", above=0)
            if promised is not None and promised != total:
                reader.fault(
                    fields["max_points"].line, "max_points", "total-not-sum", found=show(promised), sum=show(total)
                )
        form["max_points"] = show(total)
        if len(self.leaves) > MOST_CRITERIA:
            reader.fault(root.line, "", "too-many-criteria", most=MOST_CRITERIA)
        form["rounding"] = self._rounding(fields.get("rounding"))
        days = reader.whole(fields.get("review_days"), "review_days", at_least=0, at_most=60)
        form["review_days"] = str(days or 0)
        if "lateness" in fields:
            form["lateness"] = check_lateness(reader, fields["lateness"])
        if "ranking" in fields:
            form["ranking"] = check_ranking(reader, fields["ranking"], self.sections, self.leaves)
        return form

    def _section(self, node: Marked, where: str) -> tuple[dict[str, Any], Fraction]:
        reader = self.reader
        fields = reader.mapping(node, where, known=_SECTION, required=("code", "title", "max_points"))
        code = self._code(fields.get("code"), where)
        at = f"{where} › {code or '?'}"
        self.sections.add(code or "")
        section: dict[str, Any] = {"code": code, "title": reader.text(fields.get("title"), f"{at} › title")}
        if "note" in fields:
            section["note"] = reader.text(fields["note"], f"{at} › note", most=4000)
        most = reader.number(fields.get("max_points"), f"{at} › max_points", above=0)
        inner = Fraction(0)
        if "sections" not in fields and "criteria" not in fields:
            reader.fault(node.line, at, "section-empty")
        if "sections" in fields:
            read = [self._section(child, at) for child in reader.items(fields["sections"], at)]
            section["sections"] = [child for child, _ in read]
            inner += sum((child_most for _, child_most in read), start=Fraction(0))
        if "criteria" in fields:
            section["criteria"] = self._leaves(fields["criteria"], at)
            inner += sum(
                (exact(leaf["max_points"]) for leaf in section["criteria"] if leaf["kind"] != "plus-minus"),
                start=Fraction(0),
            )
        if most is None:
            return section, inner
        section["max_points"] = show(most)
        line = fields["max_points"].line
        if inner > most:
            reader.fault(line, at, "section-sum-above-cap", sum=show(inner), max_points=show(most))
        elif inner < most:
            reader.fault(line, at, "section-sum-below-cap", sum=show(inner), max_points=show(most))
        return section, most

    def _bonus(self, node: Marked) -> tuple[dict[str, Any], Fraction]:
        reader = self.reader
        fields = reader.mapping(node, "bonus", known=_BONUS, required=("code", "title"))
        code = self._code(fields.get("code"), "bonus")
        self.sections.add(code or "")
        bonus: dict[str, Any] = {"code": code, "title": reader.text(fields.get("title"), "bonus › title")}
        if "note" in fields:
            bonus["note"] = reader.text(fields["note"], "bonus › note", most=4000)
        if "criteria" in fields:
            bonus["criteria"] = self._leaves(fields["criteria"], "bonus")
        if "max_points" not in fields:
            reader.fault(node.line, "bonus", "bonus-cap-missing")
            return bonus, Fraction(0)
        most = reader.number(fields["max_points"], "bonus › max_points", above=0)
        bonus["max_points"] = show(most or Fraction(0))
        return bonus, most or Fraction(0)

    def _leaves(self, node: Marked, where: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for child in self.reader.items(node, where):
            code_node = next((value for key, _, value in child.fields or () if key == "code"), None)
            code = self._code(code_node, where)
            leaf = check_leaf(self.reader, child, f"{where} › {code or '?'}")
            if code is not None:
                self.leaves.add(code)
            if leaf is not None:
                found.append({"code": code, **leaf})
                if "bonus_cap" in leaf and self.leaf_bonus is None:
                    self.leaf_bonus = child
        return found

    def _code(self, node: Marked | None, where: str) -> str | None:
        if node is None:
            return None
        if node.text is None or not CODE.match(node.text):
            self.reader.fault(node.line, where, "not-a-code", found=node.text or "")
            return None
        if node.text in self.codes:
            self.reader.fault(node.line, where, "code-twice", code=node.text, first=self.codes[node.text])
            return None
        self.codes[node.text] = node.line
        return node.text

    def _rounding(self, node: Marked | None) -> dict[str, str]:
        if node is None:
            return {}
        reader = self.reader
        fields = reader.mapping(node, "rounding", known=("places", "mode", "at"), required=("places", "at"))
        places = reader.whole(fields.get("places"), "rounding › places", at_least=0, at_most=6)
        reader.choice(fields.get("mode"), "rounding › mode", ("half-up",), "unknown-choice")
        at = reader.choice(fields.get("at"), "rounding › at", ("leaf", "end"), "unknown-choice")
        return {"places": str(places or 0), "mode": "half-up", "at": at or "end"}
