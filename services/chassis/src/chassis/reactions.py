"""Reactions: what a service does once, by itself, because of an event that it followed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from contracts.catalogue import Fact

F = TypeVar("F", bound=Fact)


class NotYet(Exception):
    """Something the reaction needs is not here yet. It waits under its cause and holds up nothing else.

    ``waiting_for`` names it, e.g. ``report:0198c…``; operations see it.
    """

    def __init__(self, waiting_for: str) -> None:
        self.waiting_for = waiting_for
        super().__init__(waiting_for)


@dataclass(frozen=True, slots=True)
class Reaction(Generic[F]):
    """``function(work, cause: Recorded[F])`` runs once per event of ``model``; ``name`` is part of its key for ever.

    ``model`` may be several events of one log: they are then taken in their order, in one pass over it.
    """

    name: str
    model: type[F] | tuple[type[F], ...]
    function: Callable[..., Awaitable[None]]
    where: Literal["here", "above", "below"] = "here"
    """At which site the events happened. Of another site's the function is given the scopes, too, that the site
    below is home to: ``function(work, cause, scopes)``."""

    @property
    def models(self) -> tuple[type[F], ...]:
        return self.model if isinstance(self.model, tuple) else (self.model,)
