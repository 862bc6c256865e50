"""Tasks that belong to one block: all end with it, and the first that breaks ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any

AGAIN_SECONDS = 1.0


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until each is over; what they raise on the way out is not told.

    A cancellation can be swallowed: ``asyncio.wait_for`` of Python 3.11 returns the result when it came in the same
    moment, and a library's command goes on as if nothing had been. So it is repeated until it is heard.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)


class Tasks:
    """``async with Tasks() as tasks: tasks.start(…)``: an error of any task is raised in the block; leaving it
    cancels what still runs. Unlike a TaskGroup it never waits for endless tasks and raises no group."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self._owner: asyncio.Task[Any] | None = None
        self._broken: BaseException | None = None

    async def __aenter__(self) -> Tasks:
        self._owner = asyncio.current_task()
        return self

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled() or task.exception() is None or self._broken is not None:
            return
        self._broken = task.exception()
        assert self._owner is not None
        self._owner.cancel()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        broken = self._broken
        self._broken = broken or error or asyncio.CancelledError()
        await end(*self._running)
        if broken is not None and isinstance(error, asyncio.CancelledError):
            assert self._owner is not None
            # Our own cancellation is taken back; if somebody else cancelled too, that one goes on.
            if self._owner.uncancel() == 0:
                raise broken
