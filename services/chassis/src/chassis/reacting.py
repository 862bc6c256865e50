"""Runs reactions: each event once per reaction, in order, under its own key; what is not ready yet waits aside.

A cursor per reaction and log runs over what was received. The unit of work and the cursor commit one after the other:
after a crash between them the unit of work finds its own key done and does nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any

import sqlalchemy as sa
from contracts.catalogue import entry
from contracts.refusal import Refused
from opentelemetry.trace import SpanKind

from chassis.facts import Stored, Unreadable, read
from chassis.neighbours import scopes_of
from chassis.reactions import NotYet, Reaction
from chassis.runtime import Runtime
from chassis.telemetry import span
from chassis.work import for_cause

PAGE = 500
LONG_WAIT = timedelta(minutes=5)
"""What waited longer starts a trace of its own, linked to its cause."""
_PASSING = {"busy", "still-running", "outcome-unknown", "log-not-opened"}
"""Refusals that say nothing of the cause: somebody else was at it."""


_CURSOR = sa.text("SELECT seq FROM chassis.reaction_cursor WHERE reaction = :reaction AND log = :log")
_NEXT = sa.text(
    "SELECT epoch, seq, prev, hash, header, data, traceparent FROM chassis.received"
    " WHERE log = :log AND seq > :after ORDER BY seq LIMIT :limit"
)


class Again(Exception):
    """The reaction met somebody else at work on the same; its cursor stays."""


class _Outcome(Enum):
    DONE = "done"
    DROPPED = "dropped"


def logs_of(runtime: Runtime, reaction: Reaction[Any]) -> list[str]:
    """The followed logs whose events a reaction takes. Raises ValueError when the service follows none of them."""
    owners = {entry(model).owner for model in reaction.models}
    here, above = reaction.where == "here", reaction.where == "above"
    found = [
        runtime.log_of(projection)
        for projection in runtime.follows
        if projection.log in owners
        and (
            projection.site is None
            if here
            else projection.site and (projection.site == runtime.settings.above) == above
        )
    ]
    # At a site without neighbours a reaction to theirs has nothing to react to.
    if len(owners) != 1 or (here and not found):
        raise ValueError(f"reaction {reaction.name}: {runtime.service.name} does not follow {sorted(owners)}")
    return found


async def advance(runtime: Runtime, reaction: Reaction[Any], log: str) -> bool:
    """Run a reaction over everything received since its cursor. True when anything was done or began to wait.

    Raises ``Again``, and whatever bug the reaction has; the cursor then stands before the event concerned.
    """
    kinds = _kinds(reaction)
    did = False
    while True:
        async with runtime.alone.connect() as db:
            passed = await db.scalar(_CURSOR, {"reaction": reaction.name, "log": log}) or 0
            rows = (await db.execute(_NEXT, {"log": log, "after": passed, "limit": PAGE})).all()
        for row in rows:
            event = Stored(log, *row)
            # The bytes are looked at before they are parsed: most events are of other types.
            if any(kind.encode() in event.header for kind in kinds) and await _first_time(
                runtime, reaction, event, kinds, passed
            ):
                did, passed = True, event.seq
        if rows and passed < rows[-1].seq:
            await _pass(runtime, reaction, log, passed, rows[-1].seq)
        if len(rows) < PAGE:
            # What came while these were looked at is a change of its own.
            return did


async def _first_time(
    runtime: Runtime, reaction: Reaction[Any], event: Stored, kinds: frozenset[str], passed: int
) -> bool:
    waiting_for: str | None = None
    try:
        if await _run(runtime, reaction, event, kinds, since=None) is _Outcome.DROPPED:
            return False
    except NotYet as not_yet:
        waiting_for = not_yet.waiting_for
    waiting = (event, waiting_for) if waiting_for else None
    await _pass(runtime, reaction, event.log, passed, event.seq, waiting=waiting)
    return True


def _kinds(reaction: Reaction[Any]) -> frozenset[str]:
    return frozenset(entry(model).type for model in reaction.models)


async def _run(
    runtime: Runtime, reaction: Reaction[Any], event: Stored, kinds: frozenset[str], since: datetime | None
) -> _Outcome:
    """Raises NotYet also for what is held in quarantine, and for a refusal: operations see each with its reason."""
    async with runtime.alone.connect() as db:
        held, discarded = (
            await db.execute(
                sa.text(
                    "SELECT EXISTS (SELECT 1 FROM chassis.quarantine WHERE (log, epoch, seq) = (:log, :epoch, :seq)),"
                    " EXISTS (SELECT 1 FROM chassis.discarded WHERE (log, hash) = (:log, :hash))"
                ),
                {"log": event.log, "epoch": event.epoch, "seq": event.seq, "hash": event.hash},
            )
        ).one()
    if discarded:
        return _Outcome.DROPPED
    if held:
        raise NotYet("quarantine")
    try:
        cause = read(event)
    except Unreadable as unreadable:
        raise NotYet("quarantine") from unreadable
    if cause.header.type not in kinds:
        return _Outcome.DROPPED
    apart = since is not None and datetime.now(timezone.utc) - since > LONG_WAIT
    asked = for_cause(runtime.service.name, runtime.clock.now(), reaction.name, cause, event.hash)
    with span(
        f"react {reaction.name}",
        SpanKind.CONSUMER,
        {"cause": event.key},
        parent=None if apart else event.traceparent,
        links=[event.traceparent] if apart else [],
        root=apart or event.traceparent is None,
    ):
        try:
            scopes = () if reaction.where == "here" else (scopes_of(runtime, event.log.split(".")[0]),)
            await runtime.performer.perform(asked, reaction.function, cause, *scopes, allow_nothing=True)
        except Refused as refused:
            if refused.rule in _PASSING:
                raise Again(refused.rule) from refused
            raise NotYet(f"refused:{refused.rule}") from refused
    return _Outcome.DONE


async def retry_waits(runtime: Runtime, reaction: Reaction[Any], *, refused_too: bool) -> bool:
    """Try again what waits, oldest first; what was refused only when asked for. True when any wait is over.

    A bug in one of them holds up no other; it is raised at the end.
    """
    kinds = _kinds(reaction)
    async with runtime.alone.connect() as db:
        rows = (
            await db.execute(
                sa.text(
                    "SELECT w.log, r.epoch, r.seq, r.prev, r.hash, r.header, r.data, r.traceparent,"
                    " w.since, w.waiting_for"
                    " FROM chassis.wait w JOIN chassis.received r"
                    " ON r.log = w.log AND r.epoch = w.epoch AND r.seq = w.seq"
                    " WHERE w.reaction = :reaction AND (:refused_too OR w.waiting_for NOT LIKE 'refused:%')"
                    " ORDER BY w.since, w.log, w.seq"
                ),
                {"reaction": reaction.name, "refused_too": refused_too},
            )
        ).all()
    over = False
    broken: Exception | None = None
    for *event_row, since, waited_for in rows:
        event = Stored(*event_row)
        place = {"reaction": reaction.name, "log": event.log, "epoch": event.epoch, "seq": event.seq}
        try:
            await _run(runtime, reaction, event, kinds, since)
        except NotYet as not_yet:
            if not_yet.waiting_for != waited_for:
                await _execute(
                    runtime,
                    "UPDATE chassis.wait SET waiting_for = :waiting_for WHERE reaction = :reaction"
                    " AND log = :log AND epoch = :epoch AND seq = :seq",
                    place | {"waiting_for": not_yet.waiting_for},
                )
            continue
        except Again:
            continue
        except Exception as error:
            broken = broken or error
            continue
        over = True
        await _execute(
            runtime,
            "DELETE FROM chassis.wait WHERE reaction = :reaction AND log = :log AND epoch = :epoch AND seq = :seq",
            place,
        )
    if broken is not None:
        raise broken
    return over


async def _execute(runtime: Runtime, statement: str, values: dict[str, Any]) -> None:
    async with runtime.alone.begin() as db:
        await db.execute(sa.text(statement), values)


async def _pass(
    runtime: Runtime, reaction: Reaction[Any], log: str, was: int, seq: int, waiting: tuple[Stored, str] | None = None
) -> None:
    """The cursor goes on, and with it, in one transaction, the wait that the event left behind.

    Raises ``Again`` when it stands elsewhere by now: people kept another branch of the log, and went back with it.
    """
    async with (runtime.alone if waiting is None else runtime.engine).begin() as db:
        if waiting is not None:
            event, waiting_for = waiting
            await db.execute(
                sa.text(
                    "INSERT INTO chassis.wait (reaction, log, epoch, seq, waiting_for, since)"
                    " VALUES (:reaction, :log, :epoch, :seq, :waiting_for, :since) ON CONFLICT DO NOTHING"
                ),
                {
                    "reaction": reaction.name,
                    "log": event.log,
                    "epoch": event.epoch,
                    "seq": event.seq,
                    "waiting_for": waiting_for,
                    "since": datetime.now(timezone.utc),
                },
            )
        moved = await db.execute(
            sa.text(
                "INSERT INTO chassis.reaction_cursor AS c (reaction, log, seq) VALUES (:reaction, :log, :seq)"
                " ON CONFLICT (reaction, log) DO UPDATE SET seq = excluded.seq WHERE c.seq = :was"
            ),
            {"reaction": reaction.name, "log": log, "was": was, "seq": seq},
        )
        if moved.rowcount == 0:
            raise Again(f"the cursor of {reaction.name} is not at {log}:{was} any more")


async def run_all(runtime: Runtime) -> None:
    """Run every reaction until nothing moves any more. What one records may be what another waits for."""
    moved = True
    while moved:
        moved = False
        for reaction in runtime.service.reactions:
            for log in logs_of(runtime, reaction):
                moved |= await advance(runtime, reaction, log)
            moved |= await retry_waits(runtime, reaction, refused_too=False)
