"""What a unit handed in, as far as its score needs it: targets it registered, and what lateness takes off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from contracts.events.registry import Filing, Punctuality, Target

from scoring.domain.form import Form
from scoring.domain.numbers import exact


@dataclass(frozen=True)
class FilingState:
    """One filing of a unit as far as scoring needs it."""

    subject: str
    kind: str
    state: str
    punctuality: str | None
    awaits: bool
    contested: bool
    means: str
    typed_by: str
    submitted: datetime
    received_revision: int | None
    content: Any
    received_content: Any
    accepted_late: bool
    penalty_kept: bool


def registered_targets(registration: FilingState | None) -> dict[str, Fraction]:
    """Registered targets by criterion: those accepted, or those handed in as long as they were not returned."""
    if registration is None:
        return {}
    content = registration.received_content
    if content is None and registration.state != "returned":
        content = registration.content
    targets = [Target.model_validate(target) for target in content or ()]
    return {
        target.code: exact(target.amount) for target in targets if target.code is not None and target.amount is not None
    }


def penalties(form: Form, filings: Mapping[str, FilingState], missed: frozenset[str]) -> dict[str, Fraction]:
    """What the table takes off for each filing in grace, late or missing; waived where an officer waived it."""
    found: dict[str, Fraction] = {}
    for kind in Filing:
        filing = filings.get(kind.value)
        how = None
        if filing is None:
            how = "missing" if kind.value in missed else None
        elif filing.accepted_late and not filing.penalty_kept:
            how = None
        elif filing.punctuality == Punctuality.LATE.value:
            how = "late"
        elif filing.punctuality == Punctuality.IN_GRACE.value:
            how = "in-grace"
        if how is not None and form.lateness.get(how):
            found[f"{kind.value}:{how}"] = form.lateness[how]
    return found
