"""Runs units of work: a handler decides, its facts are applied and appended in one transaction, once for each key.

The shortest way is one statement that reads (the handler's own) and one that writes rows, appends and commits; the
stored answer of a key is looked up only when something says no, for then it may have been done before. Guards catch
what moved between reading and appending; then the command runs again. For a handler that is not ``hot`` it is noted
first where the own log stands: nothing that it reads is older, so no version up to there can hide an older state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from contracts.envelope import Header
from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncTransaction

from chassis import log as logs
from chassis.crash_points import crash_point
from chassis.database import DATABASE_ERRORS, breaks_key, constraint, is_away, may_have_committed, passes
from chassis.facts import Appended, Span
from chassis.hot_path import POOL_SECONDS, HotPool
from chassis.metrics import Metrics
from chassis.projection import Projection
from chassis.telemetry import current_traceparent, part
from chassis.work import Answer, Command, Handler, NothingRecorded, Unusual, Work

RETRIES = 5


class Performer:
    """Runs units of work on one service's database. ``committed`` is handed what each commit appended.

    ``alone``: the same connections as ``engine``, on which each statement commits by itself; ``hot``: those of
    handlers marked so.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        alone: AsyncEngine,
        own: Projection,
        committed: Callable[[Appended], None],
        metrics: Metrics | None = None,
        *,
        hot: HotPool | None = None,
    ) -> None:
        self._engine = engine
        self._alone = alone
        self._hot = hot
        self._own = own
        self._committed = committed
        self._metrics = metrics or Metrics()

    async def perform(
        self, command: Command, handler: Handler, *args: Any, allow_nothing: bool = False
    ) -> Answer | None:
        """Do what is asked once. Runs again by itself when something it read moved meanwhile.

        Raises Refused (also ``idempotency-key-reused``, ``still-running``, ``busy``, ``outcome-unknown``), and
        NothingRecorded unless ``allow_nothing``; then None says that nothing was to be recorded.
        """
        name = getattr(handler, "__name__", "handler")
        with part(f"handle {name}"), self._metrics.handled(name):
            reason = ""
            for _ in range(RETRIES):
                try:
                    return await self._once(command, handler, args, allow_nothing)
                except logs.StillRunning as running:
                    raise Refused("still-running", key=command.key) from running
                except Exception as error:
                    if is_away(error) or _unknown(error):
                        raise
                    # What was done already may rightly be refused now: the same key gets the same answer.
                    known = await self._known(command)
                    if known is not None:
                        return known
                    reason = _worth_repeating(error)
            raise Refused("busy", about=reason)

    async def _once(
        self, command: Command, handler: Handler, args: tuple[Any, ...], allow_nothing: bool
    ) -> Answer | None:
        if getattr(handler, "beside_the_log", False):
            return await self._in_one_transaction(command, handler, args, allow_nothing)
        if self._hot is not None and getattr(handler, "hot", False):
            try:
                return await self._in_two_statements(self._hot, command, handler, args)
            except Unusual:
                pass
        async with self._alone.connect() as db:
            work = Work(db, command, await logs.head_seq(db))
            await handler(work, *args)
            if not work.facts and allow_nothing:
                return None
            _recorded_something(work, handler)
            rows = self._own.rows_of(work.facts)
            if rows is not None:
                with _commit_of(command):
                    appended = await logs.apply_and_append(db, rows, work.facts, **_with(work))
                return self._done(work, appended, command)
        async with self._engine.connect() as db, db.begin() as transaction:
            return await self._apply_and_append(db, transaction, work, command)

    async def _in_two_statements(
        self, hot: HotPool, command: Command, handler: Handler, args: tuple[Any, ...]
    ) -> Answer:
        """A ``hot`` handler in the usual case. Raises Unusual, and then nothing is done."""
        # Waiting for one that is there takes no timer, which would cost as much as the waiting.
        async with hot.acquire(timeout=None if hot.get_idle_size() else POOL_SECONDS) as db:
            work = Work(db, command, None)
            await handler(work, *args)
            _recorded_something(work, handler)
            rows = self._own.rows_of(work.facts)
            if rows is None:
                raise Unusual
            with _commit_of(command):
                appended = await logs.apply_and_append(db, rows, work.facts, **_with(work))
            return self._done(work, appended, command)

    async def _in_one_transaction(
        self, command: Command, handler: Handler, args: tuple[Any, ...], allow_nothing: bool
    ) -> Answer | None:
        """For a handler that itself writes beside the log."""
        async with self._engine.connect() as db, db.begin() as transaction:
            work = Work(db, command, await logs.head_seq(db))
            await handler(work, *args)
            if not work.facts and allow_nothing:
                return None
            _recorded_something(work, handler)
            return await self._apply_and_append(db, transaction, work, command)

    async def _apply_and_append(
        self, db: AsyncConnection, transaction: AsyncTransaction, work: Work, command: Command
    ) -> Answer:
        await self._own.apply(db, work.facts)
        crash_point("command.applied")
        appended = await logs.append(db, work.facts, **_with(work))
        crash_point("command.appended")
        with _commit_of(command):
            await transaction.commit()
        return self._done(work, appended, command)

    def _done(self, work: Work, appended: Appended, command: Command) -> Answer:
        crash_point("command.committed")
        self._committed(appended)
        return _answer(appended.span, [fact.header for fact in work.facts], command.status)

    async def _known(self, command: Command) -> Answer | None:
        """The stored answer of the same key, if there is one."""
        async with self._alone.connect() as db:
            row = (
                await db.execute(
                    sa.text(
                        "SELECT body_hash, status, epoch, first_seq, last_seq FROM chassis.idempotency"
                        " WHERE scope = :scope AND key = :key"
                    ),
                    {"scope": command.scope, "key": command.key},
                )
            ).first()
            if row is None:
                return None
            if row.body_hash != command.body_hash:
                raise Refused("idempotency-key-reused", key=command.key)
            return await stored_answer(db, row.epoch, row.first_seq, row.last_seq, row.status)


def _with(work: Work) -> dict[str, Any]:
    return {
        "guarded": work.guarded,
        "idempotency": work.facts[0].header.idempotency,
        "traceparent": current_traceparent(),
    }


def _recorded_something(work: Work, handler: Handler) -> None:
    if not work.facts:
        raise NothingRecorded(getattr(handler, "__name__", "handler"))


@contextmanager
def _commit_of(command: Command) -> Iterator[None]:
    """A commit whose answer was lost may stand: that is said, and that the same key finds out."""
    try:
        yield
    except DATABASE_ERRORS as error:
        if may_have_committed(error):
            raise Refused("outcome-unknown", key=command.key) from error
        raise


def _unknown(error: Exception) -> bool:
    return isinstance(error, Refused) and error.rule == "outcome-unknown"


def _worth_repeating(error: Exception) -> str:
    """What moved meanwhile, so that the command may run again; raises anything else as what it is."""
    if isinstance(error, logs.Stale):
        # With If-Match the next round reads the new version and tells precisely what changed.
        return error.subject
    if isinstance(error, logs.Malformed):
        raise Refused("event-too-large", told=str(error)) from error
    if breaks_key(error):
        return constraint(error)
    if passes(error):
        return "lock"
    raise error


async def stored_answer(db: AsyncConnection, epoch: int, first: int, last: int, status: int) -> Answer:
    """The answer of a write that lies in the log between two seqs."""
    rows = (
        await db.execute(
            sa.text("SELECT hash, header FROM chassis.log WHERE seq BETWEEN :first AND :last ORDER BY seq"),
            {"first": first, "last": last},
        )
    ).all()
    written = Span((await logs.head(db)).log, epoch, first, last, rows[-1].hash)
    return _answer(written, [Header.model_validate_json(row.header) for row in rows], status, repeated=True)


def _answer(written: Span, headers: list[Header], status: int, repeated: bool = False) -> Answer:
    subject = headers[0].subjects[0]
    numbered = list(enumerate(headers, written.first_seq))
    return Answer(
        subject=subject,
        version=max(seq for seq, header in numbered if subject in header.subjects),
        events=tuple((f"{written.log}:{written.epoch}:{seq}", header.type) for seq, header in numbered),
        span=written,
        status=status,
        repeated=repeated,
    )
