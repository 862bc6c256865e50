"""Rebuilds as operators ask for them: kept in the database, done by the copy that holds the worker lease."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone

import sqlalchemy as sa
from contracts.refusal import Refused
from contracts.values import Instant
from pydantic import BaseModel, Field
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.logs import get_logger
from chassis.rebuild import rebuild
from chassis.replay import feeds
from chassis.runtime import Runtime

_log = get_logger(__name__)


class Rebuild(BaseModel):
    """The last rebuild of what one log feeds."""

    log: str
    state: str = Field(description="`asked`, `running`, `swapped`, `differs` (not swapped) or `failed`")
    swap_anyway: bool
    asked_by: str
    asked_at: Instant
    done: int = Field(description="How far the new tables hold the log.")
    upto: int = Field(description="How far the live tables hold it.")
    differences: list[dict[str, object]] = Field(
        description="By table: how many rows only the live or only the new one has, and the first of them."
    )
    wrong: str | None
    ended_at: Instant | None


async def ask(runtime: Runtime, log: str | None, swap_anyway: bool, by: str) -> list[str]:
    """Ask that what ``log`` feeds be rebuilt, or, without one, what each log of the service feeds. Returns the logs.

    Raises ``Refused`` for a log that feeds nothing here, and while a rebuild of one of them is under way.
    """
    named = feeds(runtime.service, runtime.settings.site, runtime.settings.above)
    known = [feed.log for feed in named if feed.projection.tables]
    if log is not None and log not in known:
        raise Refused("unknown-log", log=log, own=", ".join(known))
    wanted = known if log is None else [log]
    async with runtime.engine.begin() as db:
        rows = await db.execute(
            sa.text(
                "INSERT INTO chassis.rebuild AS r (log, state, swap_anyway, asked_by, asked_at)"
                " SELECT w.log, 'asked', :anyway, :by, :at FROM unnest(:logs) AS w(log)"
                " ON CONFLICT (log) DO UPDATE SET state = 'asked', swap_anyway = excluded.swap_anyway, done = 0,"
                " upto = 0, differences = '[]', wrong = NULL, ended_at = NULL, asked_by = excluded.asked_by,"
                " asked_at = excluded.asked_at WHERE r.state NOT IN ('asked', 'running') RETURNING log"
            ).bindparams(
                sa.bindparam("logs", type_=pg.ARRAY(sa.Text)), sa.bindparam("at", type_=sa.DateTime(timezone=True))
            ),
            {"anyway": swap_anyway, "by": by, "at": datetime.now(timezone.utc), "logs": wanted},
        )
        taken = [row.log for row in rows]
        if len(taken) < len(wanted):
            raise Refused("rebuild-under-way", log=", ".join(sorted(set(wanted) - set(taken))))
    return taken


async def listed(db: AsyncConnection) -> Sequence[Rebuild]:
    rows = await db.execute(
        sa.text(
            "SELECT log, state, swap_anyway, asked_by, asked_at, done, upto, differences, wrong, ended_at"
            " FROM chassis.rebuild ORDER BY asked_at, log"
        )
    )
    return [Rebuild.model_validate(row._mapping) for row in rows]


async def do_next(runtime: Runtime) -> bool:
    """Do one rebuild that is asked for, or was broken off with the copy that was at it. False when there is none."""
    async with runtime.alone.connect() as db:
        row = (
            await db.execute(
                sa.text(
                    "UPDATE chassis.rebuild SET state = 'running' WHERE log = (SELECT log FROM chassis.rebuild"
                    " WHERE state IN ('asked', 'running') ORDER BY asked_at, log LIMIT 1) RETURNING log, swap_anyway"
                )
            )
        ).first()
    if row is None:
        return False
    (feed,) = [
        one for one in feeds(runtime.service, runtime.settings.site, runtime.settings.above) if one.log == row.log
    ]

    async def progress(done: int, upto: int) -> None:
        await _note(runtime, row.log, "done = :done, upto = :upto", done=done, upto=upto)

    try:
        swapped, found = await rebuild(
            runtime.engine, runtime.service, feed, swap_anyway=row.swap_anyway, progress=progress
        )
    except Exception as error:
        # Whatever it is, the live tables are as they were; who asked reads why.
        _log.error("rebuild_failed", log=row.log, error=f"{type(error).__name__}: {error}")
        wrong = f"{type(error).__name__}: {error}"[:2000]
        await _note(runtime, row.log, "state = 'failed', wrong = :wrong, ended_at = :at", wrong=wrong, at=_now())
        return True
    await _note(
        runtime,
        row.log,
        "state = :state, differences = CAST(:differences AS jsonb), ended_at = :at",
        state="swapped" if swapped else "differs",
        differences=json.dumps([asdict(one) for one in found], ensure_ascii=False),
        at=_now(),
    )
    return True


async def _note(runtime: Runtime, log: str, what: str, **values: object) -> None:
    async with runtime.alone.connect() as db:
        query = sa.text(f"UPDATE chassis.rebuild SET {what} WHERE log = :log")
        if "at" in values:
            query = query.bindparams(sa.bindparam("at", type_=sa.DateTime(timezone=True)))
        await db.execute(query, {"log": log, **values})


def _now() -> datetime:
    return datetime.now(timezone.utc)
