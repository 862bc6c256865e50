"""Quarantine in the database: a batch is applied, poison is held with its reason, and tried again on redrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone

import sqlalchemy as sa
from contracts.refusal import Refused
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import quarantine_steps as steps
from chassis.facts import Stored
from chassis.projection import Projection
from chassis.received import Binding

PAGE = 500
"""Held events of one transaction of a redrive; as many wait as a newer version of a producer wrote meanwhile."""


@dataclass(frozen=True)
class Redriven:
    """How far a redrive has come: all up to ``after`` was tried again; ``blocked``: subjects of what is still held
    there, with the key of the first. ``whole`` when nothing is left to try."""

    after: int = 0
    blocked: Mapping[str, str] = field(default_factory=dict)
    freed: int = 0
    whole: bool = False


async def apply(
    db: AsyncConnection,
    log: str,
    projection: Projection,
    batch: Sequence[steps.Item],
    binding: Binding,
    *,
    as_set: bool,
) -> None:
    """Apply events in order in the transaction of ``db``; hold what is poison and what must wait behind it.

    ``as_set`` without a savepoint: ``Refused`` then means that the transaction must end, and the batch be tried event
    by event in another. Raises whatever is not poison: an error of the database or of the code.
    """
    begun = steps.begin(batch, binding.blocked, binding.discarded, as_set=as_set)
    await _hold(db, log, await _try(db, projection, begun, savepoints=not as_set))


async def redrive(db: AsyncConnection, log: str, projection: Projection, so_far: Redriven) -> Redriven:
    """Try again a page of what is held of a log, in order, from where the pages before it ended."""
    # The mark's row is what a batch locks first: no batch of another copy can run beside this.
    await db.execute(sa.text("SELECT 1 FROM chassis.mark WHERE log = :log FOR UPDATE"), {"log": log})
    rows = (
        await db.execute(
            sa.text(
                "SELECT r.epoch, r.seq, r.prev, r.hash, r.header, r.data, r.traceparent"
                " FROM chassis.quarantine q JOIN chassis.received r"
                " ON r.log = q.log AND r.epoch = q.epoch AND r.seq = q.seq"
                " WHERE q.log = :log AND q.seq > :after ORDER BY r.seq LIMIT :limit"
                # A person who discards one of them locks its row: either we see the discard, or it finds no row.
                " FOR UPDATE OF q"
            ),
            {"log": log, "after": so_far.after, "limit": PAGE},
        )
    ).all()
    if not rows:
        return replace(so_far, whole=True)
    events = [Stored(log, *row) for row in rows]
    batch = [steps.item(event, projection.events()) for event in events]
    begun = steps.begin(batch, so_far.blocked, await _discarded(db, log, events))
    found = await _try(db, projection, begun, savepoints=True)
    await db.execute(
        sa.text(
            "DELETE FROM chassis.quarantine WHERE log = :log AND seq BETWEEN :first AND :last AND NOT seq = ANY(:still)"
        ).bindparams(sa.bindparam("still", type_=pg.ARRAY(sa.BigInteger))),
        {
            "log": log,
            "first": events[0].seq,
            "last": events[-1].seq,
            "still": [one.item.event.seq for one in found],
        },
    )
    await _hold(db, log, found)
    waiting = {subject: one.item.event.key for one in reversed(found) for subject in one.item.subjects}
    return Redriven(
        events[-1].seq, waiting | dict(so_far.blocked), so_far.freed + len(events) - len(found), len(rows) < PAGE
    )


async def _try(
    db: AsyncConnection, projection: Projection, begun: tuple[steps.Trial, steps.Action], *, savepoints: bool
) -> tuple[steps.Held, ...]:
    state, action = begun
    while isinstance(action, steps.Apply):
        facts = [item.fact for item in action.items if item.fact is not None]
        said: steps.Input = steps.Applied()
        if not savepoints:
            await projection.apply(db, facts)
        elif facts:
            try:
                async with db.begin_nested():
                    await projection.apply(db, facts)
            except Refused as refused:
                said = steps.Poisoned(refused.rule, str(refused))
        state, action = steps.step(state, said)
    return action.held


async def _discarded(db: AsyncConnection, log: str, events: Sequence[Stored]) -> frozenset[bytes]:
    rows = await db.execute(
        sa.text("SELECT hash FROM chassis.discarded WHERE log = :log AND hash = ANY(:hashes)").bindparams(
            sa.bindparam("hashes", type_=pg.ARRAY(pg.BYTEA))
        ),
        {"log": log, "hashes": [event.hash for event in events]},
    )
    return frozenset(row.hash for row in rows)


async def _hold(db: AsyncConnection, log: str, found: Sequence[steps.Held]) -> None:
    if not found:
        return
    await db.execute(
        sa.text(
            "INSERT INTO chassis.quarantine (log, epoch, seq, kind, rule, reason, subjects, held_at)"
            " VALUES (:log, :epoch, :seq, :kind, :rule, :reason, :subjects, :at)"
            " ON CONFLICT (log, epoch, seq) DO UPDATE"
            " SET kind = excluded.kind, rule = excluded.rule, reason = excluded.reason"
        ).bindparams(
            sa.bindparam("subjects", type_=pg.ARRAY(sa.Text)), sa.bindparam("at", type_=sa.DateTime(timezone=True))
        ),
        [
            {
                "log": log,
                "epoch": one.item.event.epoch,
                "seq": one.item.event.seq,
                "kind": one.kind,
                "rule": one.rule,
                "reason": one.reason[:2000],
                "subjects": list(one.item.subjects),
                "at": datetime.now(timezone.utc),
            }
            for one in found
        ],
    )
