"""The shell of the start gate: asks the head file, the stream and every follower; ``gate_steps.py`` decides.

It runs in the copy that holds the worker lease. What it decides stands in the database (``gate_record.py``), where
every copy reads it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import nats.errors
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chassis import gate_record, head_file
from chassis import gate_steps as steps
from chassis import log as logs
from chassis.logs import get_logger
from chassis.patience import patiently
from chassis.positions import Position
from chassis.tending import Tasks

if TYPE_CHECKING:
    from chassis.runtime import Runtime

LOOK_SECONDS = 0.5
"""How often each copy reads what was decided."""
ASK_SECONDS = 1.0
AGAIN_SECONDS = 0.1
Witness = Callable[[float], Awaitable[Position | None]]
"""Asked with seconds of patience: how far it knows the log. Raises whatever when it does not answer."""
_log = get_logger(__name__)


async def watch(runtime: Runtime) -> None:
    """Keep this copy's ``runtime.gate`` as the database has it. Endless; a database that is away changes nothing."""
    while True:
        # A database that is away says so under other names, and refuses appends by itself until it was judged.
        with suppress(DBAPIError, TimeoutError, OSError):
            await refresh(runtime)
        await asyncio.sleep(LOOK_SECONDS)


async def refresh(runtime: Runtime) -> None:
    async with runtime.alone.connect() as db:
        runtime.gate.take(await gate_record.look(db))
    if (wrong := runtime.gate.wrong) is None:
        runtime.health.pop("gate", None)
    else:
        runtime.health["gate"] = wrong


async def judge(runtime: Runtime, witnesses: Mapping[str, Witness]) -> None:
    """Judge the database, and again whenever it was restarted or brought back. Endless.

    ``witnesses``: the stream and each follower, by name.
    """
    while True:
        await refresh(runtime)
        gate = _Judging(runtime, witnesses)
        await gate.run()
        passage = runtime.gate
        # Shut by people or by findings, it is the end of a restore that opens it; then all is judged anew.
        await (passage.shut if passage.open else passage.opened).wait()


async def followers_of(runtime: Runtime) -> list[str]:
    """Services that follow the own log: those that the settings name, else those that ever told a mark.

    Of this site, and the namesake at the site above; a site below may not have been shown all.
    """
    named = [name.strip() for name in runtime.settings.followed_by.split(",") if name.strip()]
    if named:
        return named
    async with runtime.alone.connect() as db:
        rows = await db.execute(
            sa.text(
                "SELECT split_part(follower, '.', 2) AS name FROM chassis.follower_mark"
                " WHERE split_part(follower, '.', 1) IN (:site, :above) ORDER BY follower"
            ),
            {"site": runtime.settings.site, "above": runtime.settings.above},
        )
        return [row.name for row in rows]


async def own_word(db: AsyncConnection, seqs: tuple[int, ...]) -> steps.Compared:
    """What the own log says of some places."""
    head = await logs.head(db)
    held = await db.execute(
        sa.text("SELECT seq, hash FROM chassis.log WHERE seq = ANY(:seqs)").bindparams(
            sa.bindparam("seqs", type_=pg.ARRAY(sa.BigInteger))
        ),
        {"seqs": list(seqs)},
    )
    voided = await db.execute(
        sa.text(
            "SELECT v.hash FROM chassis.voided v JOIN chassis.log_head h ON h.log = v.log WHERE v.seq = ANY(:seqs)"
        ).bindparams(sa.bindparam("seqs", type_=pg.ARRAY(sa.BigInteger))),
        {"seqs": list(seqs)},
    )
    opened = await db.execute(
        sa.text("SELECT epoch, seq FROM chassis.log WHERE type = 'chassis.epoch-opened.v1' ORDER BY seq")
    )
    return steps.Compared(
        Position(head.epoch, head.seq, head.hash),
        {row.seq: row.hash for row in held},
        {row.epoch - 1: row.seq - 1 for row in opened if row.epoch > 1},
        frozenset(row.hash for row in voided),
    )


class _Judging:
    """One judgement, to its verdict: open, or shut by a finding. Too few answers is no verdict; asking goes on."""

    def __init__(self, runtime: Runtime, witnesses: Mapping[str, Witness]) -> None:
        self._runtime = runtime
        self._witnesses = witnesses
        self._inbox: asyncio.Queue[steps.Input] = asyncio.Queue()

    async def run(self) -> None:
        runtime = self._runtime
        trusted = runtime.gate.open
        state = steps.begin(set(self._witnesses) - {steps.STREAM}, trusted=trusted)
        path = runtime.settings.head_file
        self._inbox.put_nowait(steps.FileRead(head_file.read(Path(path), runtime.log) if path else None))
        async with Tasks() as tasks:
            for name, witness in self._witnesses.items():
                tasks.start(self._ask(name, witness))
            tasks.start(self._be_patient())
            while True:
                heard = await self._inbox.get()
                state, actions = steps.step(state, heard)
                for action in actions:
                    await patiently(lambda action=action: self._do(action), self._say)  # type: ignore[misc]
                if state.findings and not state.comparing:
                    return
                settled = not state.proofs and not state.comparing and state.verdict == "open"
                if settled and (not state.silent or state.patience_over):
                    return

    def _say(self, wrong: str | None) -> None:
        if wrong:
            _log.warning("gate_waits", reason=wrong)

    async def _be_patient(self) -> None:
        await asyncio.sleep(self._runtime.settings.gate_seconds)
        self._inbox.put_nowait(steps.PatienceOver())

    async def _ask(self, name: str, witness: Witness) -> None:
        while True:
            try:
                at = await witness(ASK_SECONDS)
            except (nats.errors.Error, TimeoutError, DBAPIError, OSError, ValueError, KeyError) as silent:
                _log.debug("gate_asks_again", witness=name, reason=str(silent))
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            self._inbox.put_nowait(steps.Told(name, at))
            return

    async def _do(self, action: steps.Action) -> None:
        engine: AsyncEngine = self._runtime.engine
        match action:
            case steps.Compare(seqs):
                async with engine.connect() as db:
                    self._inbox.put_nowait(await own_word(db, seqs))
            case steps.Open():
                async with engine.begin() as db:
                    await gate_record.open_here(db)
                _log.info("gate_opened", log=self._runtime.log)
                await refresh(self._runtime)
            case steps.Shut(findings, silent):
                async with engine.begin() as db:
                    await gate_record.shut(db, [gate_record.told(one) for one in findings], silent)
                _log.error("gate_shut", log=self._runtime.log, findings=len(findings), silent=silent)
                await refresh(self._runtime)
