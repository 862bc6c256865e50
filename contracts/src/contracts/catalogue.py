"""The catalogue: every event, its owner, subject, example and whether outsiders may see it."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from contracts.values import Value


class Fact(Value):
    """The data of one event. One frozen model per event and major version."""


F = TypeVar("F", bound=Fact)


@dataclass(frozen=True)
class Entry:
    """What the catalogue says of one event."""

    type: str
    model: builtins.type[Fact]
    aggregate: str
    public: bool
    example: dict[str, Any]

    @property
    def owner(self) -> str:
        return self.type.split(".")[0]

    @property
    def name(self) -> str:
        return self.type.split(".")[1]

    @property
    def major(self) -> int:
        return int(self.type.rsplit(".v", 1)[1])

    def subject(self, tree: str, site: str, service: str) -> str:
        """Where it travels: ``<tree>.<site>.<service>.<aggregate>.<event>.v<N>``; no ids, no provinces.

        ``service`` is the one whose log holds it: the owner, except for ``chassis.*``.
        """
        return f"{tree}.{site}.{service}.{self.aggregate}.{self.name}.v{self.major}"


_by_type: dict[str, Entry] = {}
_by_model: dict[type[Fact], Entry] = {}
_TYPE = re.compile(r"^[a-z]+\.[a-z][a-z-]*\.v[1-9][0-9]*$")


def event(
    type_name: str, *, aggregate: str, example: dict[str, Any], public: bool = False
) -> Callable[[type[F]], type[F]]:
    """Name a model as an event of the catalogue. The example is checked when the module loads."""

    def enter(model: type[F]) -> type[F]:
        if not _TYPE.match(type_name):
            raise ValueError(f"{type_name!r} is not <owner>.<event>.v<N>")
        if type_name in _by_type:
            raise ValueError(f"{type_name} is named twice in the catalogue")
        model.model_rebuild()
        model.model_validate(example)
        entry = Entry(type_name, model, aggregate, public, example)
        _by_type[type_name] = entry
        _by_model[model] = entry
        return model

    return enter


def entry(of: str | type[Fact]) -> Entry:
    """The entry of a type name or a model. KeyError when the catalogue does not know it."""
    return _by_type[of] if isinstance(of, str) else _by_model[of]


def known(type_name: str) -> bool:
    return type_name in _by_type


def all_entries() -> list[Entry]:
    """Every event of every producer, in order of type name."""
    import contracts.events  # noqa: F401 - loading it fills the catalogue

    return [_by_type[name] for name in sorted(_by_type)]


def type_names(models: Iterable[type[Fact]]) -> list[str]:
    return sorted(_by_model[model].type for model in models)
