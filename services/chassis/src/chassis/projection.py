"""The apply map: which SQL turns the facts of one log into the tables that this log, and no other, feeds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, TypeVar

from contracts.catalogue import Fact
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.facts import Recorded

Apply = Callable[[AsyncConnection, list[Any]], Awaitable[None]]
"""``(db, facts)`` where facts is a list of ``Recorded`` of the event it stands on."""
A = TypeVar("A", bound=Apply)


class Projection:
    """The tables that one log feeds in one database.

    ``log`` is the name of the producing service; ``tables`` are unqualified names, which no other projection of the
    service shares. The same functions serve a command, the follower and a replay, so they read nothing but the facts
    and their own tables, and judge nothing.
    """

    def __init__(self, log: str, tables: Iterable[str]) -> None:
        self.log = log
        self.tables = list(tables)
        self._functions: dict[type[Fact], list[Apply]] = {}

    def on(self, model: type[Fact]) -> Callable[[A], A]:
        """Say what an event does to the tables. Several functions may stand on one event; they run in order."""

        def put(function: A) -> A:
            self._functions.setdefault(model, []).append(function)
            return function

        return put

    def events(self) -> set[type[Fact]]:
        return set(self._functions)

    async def apply(self, db: AsyncConnection, facts: Sequence[Recorded[Fact]]) -> None:
        """Apply facts in order; runs of one type go to its function as one list."""
        for model, run in groupby(facts, key=lambda fact: type(fact.data)):
            functions = self._functions.get(model)
            if functions:
                batch = list(run)
                for function in functions:
                    await function(db, batch)
