"""What a database says of its own gate, and how every copy of a service learns it.

The mark *opened* names the server's start and the file that the head lies in. A database that was restarted, brought
back, copied or made anew is another by that measure: it refuses appends (a trigger on the head's row, SQLSTATE TD003)
until the gate has judged it, whichever copy asks, and whatever the backup said.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.gate_steps import FILE, STREAM, Finding

WITNESSES = {FILE: "tệp đầu sổ", STREAM: "luồng trên NATS"}


@dataclass
class Passage:
    """What one copy knows of the gate; without a worker nothing judges, and it is open."""

    open: bool = True
    findings: list[dict[str, Any]] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    restoring: bool = False
    epoch: int | None = None
    """Of the log when this copy last looked."""
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    shut: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, row: Any) -> None:
        """Believe a row of ``look``. A new epoch was opened by a restore: shut for a while between two looks, the gate
        was shut all the same, and what moves begins anew."""
        missed = self.open and row.open and self.epoch not in (None, row.epoch)
        self.epoch = row.epoch
        self.open, self.restoring = row.open, row.restoring
        self.findings, self.silent = row.findings or [], list(row.silent or ())
        to_set, to_clear = (self.opened, self.shut) if self.open else (self.shut, self.opened)
        if missed:
            self.shut.set()  # whoever waits for it goes on, and finds it open again
        to_set.set()
        to_clear.clear()

    @property
    def wrong(self) -> str | None:
        """For health: None when open."""
        if self.open:
            return None
        if self.findings:
            return f"restored-from-backup: {'; '.join(_english(finding) for finding in self.findings)}"
        return f"nobody has vouched for the log yet; silent: {', '.join(self.silent) or 'not asked yet'}"

    def let_write(self, log: str) -> None:
        """Raises Refused ``restored-from-backup`` or ``log-not-opened`` (both 503) while the gate is shut."""
        if self.open:
            return
        service = log.split(".")[1]
        if self.findings or self.restoring:
            raise Refused(
                "restored-from-backup",
                log=log,
                service=service,
                why="; ".join(_vietnamese(finding) for finding in self.findings) or "việc khôi phục chưa xong",
                findings=self.findings,
            )
        raise Refused(
            "log-not-opened",
            log=log,
            service=service,
            silent=[WITNESSES.get(name, name) for name in self.silent] or ["đang hỏi"],
        )


def told(finding: Finding) -> dict[str, Any]:
    """A finding as kept and shown."""
    return {"kind": finding.kind, "by": finding.by, "at": finding.at.told(), "head": finding.head.told()}


def _english(finding: dict[str, Any]) -> str:
    at, head = finding["at"], finding["head"]
    here = f"{head['epoch']}:{head['seq']}"
    return f"{finding['by']} knows {at['epoch']}:{at['seq']}, {finding['kind']} of which is {here}"


def _vietnamese(finding: dict[str, Any]) -> str:
    at, head = finding["at"], finding["head"]
    by = WITNESSES.get(finding["by"], f"dịch vụ {finding['by']}")
    if finding["kind"] == "behind":
        return f"{by} đã biết tới {at['epoch']}:{at['seq']}, sổ tại đây mới tới {head['epoch']}:{head['seq']}"
    return f"{by} giữ một sự kiện khác ở số {at['epoch']}:{at['seq']}"


_HERE = (
    "opened_server IS NOT DISTINCT FROM pg_postmaster_start_time()"
    " AND opened_file IS NOT DISTINCT FROM pg_relation_filepath('chassis.log_head')"
)


async def look(db: AsyncConnection) -> Any:
    """One row: open, epoch, findings, silent, restoring."""
    return (
        await db.execute(
            sa.text(
                f"SELECT h.{_HERE.replace(' AND ', ' AND h.')} AS open, h.epoch, g.findings, g.silent,"
                " EXISTS (SELECT 1 FROM chassis.restoring WHERE finished_at IS NULL) AS restoring"
                " FROM chassis.log_head h LEFT JOIN chassis.gate g ON true"
            )
        )
    ).one()


async def open_here(db: AsyncConnection) -> bool:
    """Let this very database be written to. False while a restore is unfinished: only its end opens."""
    await db.execute(sa.text("SELECT 1 FROM chassis.log_head FOR UPDATE"))
    if await db.scalar(sa.text("SELECT EXISTS (SELECT 1 FROM chassis.restoring WHERE finished_at IS NULL)")):
        return False
    await db.execute(sa.text("DELETE FROM chassis.gate"))
    await db.execute(
        sa.text(
            "UPDATE chassis.log_head SET opened_server = pg_postmaster_start_time(),"
            " opened_file = pg_relation_filepath('chassis.log_head')"
        )
    )
    return True


async def shut(db: AsyncConnection, findings: Sequence[dict[str, Any]], silent: Sequence[str]) -> None:
    """Refuse appends from now on, in every copy, and say why."""
    await db.execute(sa.text("UPDATE chassis.log_head SET opened_server = NULL, opened_file = NULL"))
    await db.execute(
        sa.text(
            "INSERT INTO chassis.gate (findings, silent) VALUES (CAST(:findings AS jsonb), :silent)"
            " ON CONFLICT (one) DO UPDATE SET findings = excluded.findings, silent = excluded.silent"
        ).bindparams(sa.bindparam("silent", type_=sa.ARRAY(sa.Text))),
        {"findings": json.dumps(list(findings)), "silent": list(silent)},
    )
