"""The apply map: which SQL turns the facts of one log into the tables that this log, and no other, feeds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from contracts.catalogue import Fact
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.facts import Recorded

Apply = Callable[[AsyncConnection, list[Any]], Awaitable[None]]
"""``(db, facts)`` where facts is a list of ``Recorded`` of the event it stands on."""
A = TypeVar("A", bound=Apply)


@dataclass(frozen=True, slots=True)
class Rows:
    """What facts write to one table: an INSERT or UPDATE whose rows come from ``unnest`` of its parameters.

    ``columns`` gives each parameter as the list of its values, one for each row, e.g. ``unnest(CAST(:subject AS
    text[]), CAST(:revision AS integer[]))``.
    """

    statement: str
    columns: Mapping[str, Sequence[Any]]


def values_of(rows: Sequence[Rows]) -> dict[str, Any]:
    """The parameters of several statements that ``statements.beside`` makes one."""
    return {f"r{nr}_{name}": column for nr, one in enumerate(rows) for name, column in one.columns.items()}


ToRows = Callable[[list[Any]], Sequence[Rows]]
R = TypeVar("R", bound=ToRows)


class Projection:
    """The tables that one log feeds in one database.

    ``log`` is the name of the producing service; ``tables`` are unqualified names, which no other projection of the
    service shares. The same functions serve a command, the follower and a replay, so they read nothing but the facts
    and their own tables, and judge nothing.
    """

    def __init__(self, log: str, tables: Iterable[str]) -> None:
        self.log = log
        self.site: str | None = None
        """The site whose log it is; None: the site at which the service runs."""
        self.tables = list(tables)
        self._functions: dict[type[Fact], list[Apply]] = {}
        self._as_rows: dict[type[Fact], ToRows] = {}

    def on(self, model: type[Fact]) -> Callable[[A], A]:
        """Say what an event does to the tables. Several functions may stand on one event; they run in order."""

        def put(function: A) -> A:
            if model in self._as_rows:
                raise ValueError(f"{model.__name__} is told as rows already")
            self._functions.setdefault(model, []).append(function)
            return function

        return put

    def as_rows(self, model: type[Fact]) -> Callable[[R], R]:
        """Say it as rows, for an event of the hot path: then a command writes them and appends in one statement.

        Each ``Rows`` is of another table and none reads what another writes. Nothing else may stand on the event.
        """

        def put(function: R) -> R:
            if model in self._as_rows or model in self._functions:
                raise ValueError(f"something stands on {model.__name__} already")
            self._as_rows[model] = function
            return function

        return put

    def at(self, site: str) -> Projection:
        """The same apply map for the log of another site."""
        there = Projection(self.log, self.tables)
        there.site, there._functions, there._as_rows = site, self._functions, self._as_rows
        return there

    def events(self) -> set[type[Fact]]:
        return set(self._functions) | set(self._as_rows)

    def rows_of(self, facts: Sequence[Recorded[Fact]]) -> Sequence[Rows] | None:
        """What facts write, if one statement can write it all: else None, and ``apply`` takes several."""
        if not facts:
            return ()
        runs = list(self._runs(facts))
        function = self._as_rows.get(type(facts[0].data))
        return function(runs[0]) if function is not None and len(runs) == 1 else None

    async def apply(self, db: AsyncConnection, facts: Sequence[Recorded[Fact]]) -> None:
        """Apply facts in order; runs of one type go to its function as one list."""
        for batch in self._runs(facts):
            model = type(batch[0].data)
            for function in self._functions.get(model, ()):
                await function(db, batch)
            if model in self._as_rows:
                for rows in self._as_rows[model](batch):
                    await db.execute(sa.text(rows.statement), dict(rows.columns))

    def _runs(self, facts: Sequence[Recorded[Fact]]) -> Iterator[list[Recorded[Fact]]]:
        """Runs of one type. Told as rows, an aggregate that comes again begins another: one statement writes a row
        only once."""
        run: list[Recorded[Fact]] = []
        seen: set[str] = set()
        for fact in facts:
            model = type(fact.data)
            again = model in self._as_rows and not seen.isdisjoint(fact.header.subjects)
            if run and (again or model is not type(run[0].data)):
                yield run
                run, seen = [], set()
            run.append(fact)
            seen.update(fact.header.subjects)
        if run:
            yield run
