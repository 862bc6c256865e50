"""What each service's ``main.py`` says of itself, read without starting anything."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field

from contracts.catalogue import type_names

SERVICES = ("registry", "scoring", "awards", "notify")
"""The services of the system, in the order in which they are shown."""


@dataclass(frozen=True)
class Spoken:
    """What one service says and hears: type names; ``hears`` by the service whose log it follows."""

    name: str
    says: tuple[str, ...]
    hears: dict[str, tuple[str, ...]] = field(default_factory=dict)


def spoken_by(name: str) -> Spoken:
    """Import ``<name>.main`` and read the ``service`` that stands there."""
    service = importlib.import_module(f"{name}.main").service
    reacted_to = {model for reaction in service.reactions if reaction.where == "here" for model in reaction.models}
    # Across a line between two sites a service hears its namesake only.
    across = {model for reaction in service.reactions if reaction.where != "here" for model in reaction.models}
    across |= service.above.events() if service.above is not None else set()
    hears: dict[str, set[str]] = {}
    for followed in service.follows:
        models = followed.events() | {
            model for model in reacted_to if type_names([model])[0].startswith(f"{followed.log}.")
        }
        hears.setdefault(followed.log, set()).update(type_names(models))
    if across:
        hears[name] = set(type_names(across))
    return Spoken(
        name,
        tuple(type_names(service.publishes)),
        {log: tuple(sorted(types)) for log, types in sorted(hears.items())},
    )


def all_spoken() -> list[Spoken]:
    return [spoken_by(name) for name in SERVICES]
