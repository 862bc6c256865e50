"""Plans: numbers as the clerk gives them, tasks by number, amendments and closings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contracts.events.registry import PlanSide, PlanTask, TaskOutcome
from contracts.refusal import Refused


@dataclass(frozen=True, slots=True)
class TaskState:
    """A task of an issued plan, as far as closing it asks."""

    if_any: bool
    outcome: TaskOutcome | None


def register_body(side: PlanSide) -> str:
    """Whose register a side's number stands in: the unit's, or that of an outside body by its name."""
    return side.unit_id or side.body.casefold()


def tasks_once(tasks: Sequence[PlanTask]) -> None:
    """A number names one task of a plan. Raises ``plan-task-number-twice``."""
    twice = sorted(no for no, count in Counter(task.no for task in tasks).items() if count > 1)
    if twice:
        raise Refused("plan-task-number-twice", numbers=twice)


def number_free(holder: str | None, number: str, body: str, year: int) -> None:
    """A number is given once by a body, in a year, for a kind of paper. Raises ``plan-number-taken``."""
    if holder is not None:
        raise Refused("plan-number-taken", number=number, body=body, year=year, plan=holder)


def amendable(tasks: Mapping[str, TaskState], replaced: Sequence[PlanTask], added: Sequence[PlanTask]) -> None:
    """Raises ``plan-amendment-empty``, ``plan-task-unknown``, ``-closed`` and ``-number-twice``."""
    if not replaced and not added:
        raise Refused("plan-amendment-empty")
    tasks_once((*replaced, *added))
    for task in replaced:
        _open(tasks, task.no)
    taken = sorted(task.no for task in added if task.no in tasks)
    if taken:
        raise Refused("plan-task-number-twice", numbers=taken)


def closable(tasks: Mapping[str, TaskState], no: str, outcome: TaskOutcome) -> None:
    """*No case arose* closes only tasks marked *(nếu có)*. Raises also ``plan-task-not-if-any``."""
    task = _open(tasks, no)
    if outcome is TaskOutcome.NO_CASE_AROSE and not task.if_any:
        raise Refused("plan-task-not-if-any", number=no)


def _open(tasks: Mapping[str, TaskState], no: str) -> TaskState:
    task = tasks.get(no)
    if task is None:
        raise Refused("plan-task-unknown", number=no)
    if task.outcome is not None:
        raise Refused("plan-task-closed", number=no, outcome=task.outcome.value)
    return task
