"""Refusals: a rule of the field says no. The rule is a stable code; its words live in message catalogues."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A rule said no.

    ``rule`` is a stable kebab-case code, shown to machines as ``urn:thidua:problem:<rule>`` and to people through
    the service's message catalogue; ``values`` fill that message and travel with the problem.
    """

    def __init__(self, rule: str, **values: Any) -> None:
        self.rule = rule
        self.values = values
        super().__init__(rule, values)

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.values.items())
        return f"{self.rule} ({told})" if told else self.rule
