"""Whether a restored service has caught up with all that it follows, so that it may speak to the outside again.

Before that it does not know what it sent, whom it must no longer tell, or what became of a matter meanwhile. It is
whole once every log of its own site that it follows is followed to the head that its producer names, and every reaction
has looked that far (another site may be cut off for days, after a restore as before). That moment is kept per epoch: a
backup brought back opens a new epoch and so is not whole again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import nats.errors
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import logread
from chassis.positions import Position
from chassis.reacting import logs_of
from chassis.runtime import Runtime

AGAIN_SECONDS = 0.5
HeadOf = Callable[[str], Awaitable[Position | None]]
"""The head that a log's producer names; raises ``NobodyHas`` while it is silent."""


async def is_whole(db: AsyncConnection) -> bool:
    """Whether what goes to the outside may go."""
    return bool(
        await db.scalar(
            sa.text(
                "SELECT h.epoch = 1 OR EXISTS (SELECT 1 FROM chassis.whole w WHERE w.epoch = h.epoch)"
                " FROM chassis.log_head h"
            )
        )
    )


async def become_whole(runtime: Runtime, head_of: HeadOf) -> None:
    """Compare with the producers until nothing is missing; then note it and wake whoever held something back."""
    async with runtime.alone.connect() as db:
        if await is_whole(db):
            return
        excused = await _excused(db)
    here = {runtime.log_of(projection) for projection in runtime.follows if projection.site is None}
    logs = sorted(here - excused)
    while True:
        if caught_up(await _heads(logs, head_of), *await _reached(runtime)):
            break
        await asyncio.sleep(AGAIN_SECONDS)
    async with runtime.engine.begin() as db:
        await db.execute(
            sa.text(
                "INSERT INTO chassis.whole (epoch, at) SELECT epoch, :at FROM chassis.log_head ON CONFLICT DO NOTHING"
            ),
            {"at": runtime.clock.now()},
        )
    runtime.changes.tell()


def caught_up(
    heads: Mapping[str, Position | None], marks: Mapping[str, int], reacted: Mapping[tuple[str, str], int]
) -> bool:
    """Whether marks reach the heads, and reactions (by name and log) the marks. A head that is None is not known."""
    return all(head is not None and marks.get(log, 0) >= head.seq for log, head in heads.items()) and all(
        seq >= marks.get(log, 0) for (_, log), seq in reacted.items()
    )


async def _heads(logs: list[str], head_of: HeadOf) -> dict[str, Position | None]:
    async def asked(log: str) -> Position | None:
        try:
            return await head_of(log)
        except (logread.NobodyHas, nats.errors.Error, TimeoutError):
            return None

    return dict(zip(logs, await asyncio.gather(*map(asked, logs)), strict=True))


async def _reached(runtime: Runtime) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
    """Marks, and for each reaction and log how far it has looked; 0 where it never began."""
    async with runtime.alone.connect() as db:
        marks = {log: seq for log, seq in await db.execute(sa.text("SELECT log, seq FROM chassis.mark"))}
        rows = await db.execute(sa.text("SELECT reaction, log, seq FROM chassis.reaction_cursor"))
        looked = {(row.reaction, row.log): row.seq for row in rows}
    every = [(reaction.name, log) for reaction in runtime.service.reactions for log in logs_of(runtime, reaction)]
    return marks, {one: looked.get(one, 0) for one in every}


async def _excused(db: AsyncConnection) -> set[str]:
    """Logs of services that people said are gone when they restored this one."""
    without = await db.scalar(sa.text("SELECT without FROM chassis.restoring ORDER BY id DESC LIMIT 1"))
    site = (await db.scalar(sa.text("SELECT log FROM chassis.log_head"))).split(".")[0]
    return {f"{site}.{name}" for name in without or ()}
