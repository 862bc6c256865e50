"""Reading marked pieces of a form: mappings, lists, text, numbers; what does not fit is noted as a fault."""

from __future__ import annotations

import re
from collections.abc import Collection
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from scoring.domain.marked import Fault, Marked

_NUMBER = re.compile(r"^[+-]?\d{1,15}(\.\d{1,10})?$")
_UNIT_ID = re.compile(r"^[a-z0-9][a-z0-9-]{1,63}$")
CODE = re.compile(r"^[0-9A-Za-z][0-9A-Za-z.]{0,15}$")


class FormReader:
    """Collects the faults of one form while its pieces are read."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, line: int, where: str, rule: str, **values: object) -> None:
        self.faults.append(Fault(line, where, rule, dict(values)))

    def mapping(
        self, node: Marked, where: str, *, known: Collection[str], required: Collection[str] = ()
    ) -> dict[str, Marked]:
        """The fields that are known; a key unknown, missing, or typed twice is a fault."""
        if node.fields is None:
            self.fault(node.line, where, "not-a-mapping")
            return {}
        found: dict[str, Marked] = {}
        for key, line, value in node.fields:
            if key not in known:
                self.fault(line, where, "unknown-key", key=key, known=", ".join(sorted(known)))
            elif key in found:
                self.fault(line, where, "key-twice", key=key)
            else:
                found[key] = value
        for key in required:
            if key not in found:
                self.fault(node.line, where, "missing-key", key=key)
        return found

    def items(self, node: Marked | None, where: str, *, may_be_empty: bool = False) -> tuple[Marked, ...]:
        if node is None:
            return ()
        if node.items is None:
            self.fault(node.line, where, "not-a-list")
            return ()
        if not node.items and not may_be_empty:
            self.fault(node.line, where, "empty-list")
        return node.items

    def text(self, node: Marked | None, where: str, *, most: int = 300) -> str | None:
        if node is None:
            return None
        if node.text is None or not node.text.strip() or len(node.text.strip()) > most:
            self.fault(node.line, where, "not-a-text", most=most)
            return None
        return node.text.strip()

    def choice(self, node: Marked | None, where: str, options: Collection[str], rule: str) -> str | None:
        if node is None:
            return None
        if node.text is None or node.text not in options:
            self.fault(node.line, where, rule, found=node.text or "", known=", ".join(sorted(options)))
            return None
        return node.text

    def number(
        self,
        node: Marked | None,
        where: str,
        *,
        above: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
    ) -> Fraction | None:
        """An exact number within bounds; decimals are written with a point."""
        if node is None:
            return None
        if node.text is None or not _NUMBER.match(node.text):
            self.fault(node.line, where, "not-a-number", found=node.text or "")
            return None
        try:
            number = Fraction(Decimal(node.text))
        except InvalidOperation:
            self.fault(node.line, where, "not-a-number", found=node.text)
            return None
        if (
            (above is not None and number <= above)
            or (at_least is not None and number < at_least)
            or (at_most is not None and number > at_most)
        ):
            self.fault(node.line, where, "number-out-of-range", found=node.text)
            return None
        return number

    def whole(self, node: Marked | None, where: str, *, at_least: int, at_most: int) -> int | None:
        number = self.number(node, where, at_least=at_least, at_most=at_most)
        if number is None or node is None:
            return None
        if number.denominator != 1:
            self.fault(node.line, where, "not-a-whole-number", found=node.text or "")
            return None
        return int(number)

    def units(self, node: Marked | None, where: str) -> list[str]:
        """A list of unit ids, each once."""
        found: list[str] = []
        for item in self.items(node, where):
            if item.text is None or not _UNIT_ID.match(item.text):
                self.fault(item.line, where, "not-a-unit-id", found=item.text or "")
            elif item.text in found:
                self.fault(item.line, where, "unit-twice", found=item.text)
            else:
                found.append(item.text)
        return found

    def unit_numbers(self, node: Marked | None, where: str) -> dict[str, Fraction]:
        """A mapping of unit ids to numbers above zero."""
        if node is None:
            return {}
        if node.fields is None:
            self.fault(node.line, where, "not-a-mapping")
            return {}
        found: dict[str, Fraction] = {}
        for key, line, value in node.fields:
            if not _UNIT_ID.match(key):
                self.fault(line, where, "not-a-unit-id", found=key)
            elif key in found:
                self.fault(line, where, "key-twice", key=key)
            else:
                number = self.number(value, f"{where} › {key}", above=0)
                if number is not None:
                    found[key] = number
        return found
