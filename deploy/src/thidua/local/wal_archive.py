"""Keeps the write-ahead log of the embedded PostgreSQL in its vault, as it is written, by pg_receivewal.

Not by ``archive_command``: that hands over whole segments of 16 MB, so that either the newest minutes are missing when
the disk dies or idle hours fill it. A receiver has each record within a moment, keeps what is unfinished as
``….partial``, syncs a segment before it gives it its name, never rewrites a named one, and its replication slot makes
the server keep what it has not received yet.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import asyncpg

from thidua.local.databases import ensure_replicator, session
from thidua.local.folders import kept_secret
from thidua.local.processes import Child
from thidua.local.vault import Vault, open_vault

if TYPE_CHECKING:
    from thidua.local.postgres import EmbeddedPostgres

SLOT = "thidua_archive"
REPLICATOR = "thidua_backup"
AGAIN_SECONDS = 1.0


class ArchiveBehind(Exception):
    """The archive did not receive what the server has written; the text says how far it came and what to do."""


class WalArchive:
    """The receiver beside one server: started after it, stopped after it, started again when it ends by itself."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self._child: Child | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Receives from where the archive ends; a receiver of a former server is replaced."""
        await self.stop()
        vault = await vault_of(self._server)
        async with session(self._server.superuser) as db:
            await _slot_made(db)
        await self._receive(vault)
        self._keeping = asyncio.create_task(self._kept(vault))

    async def stop(self) -> None:
        """A receiver stopped in whatever way goes on later from what lies on disk."""
        if self._keeping is not None:
            self._keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeping
            self._keeping = None
        if self._child is not None:
            await self._child.stop()
            self._child = None

    async def _receive(self, vault: Vault) -> None:
        options = [f"--directory={vault.wal}", f"--slot={SLOT}", "--status-interval=1", "--no-password"]
        options += replication_login(self._server)
        if not self._server.durable:
            options.append("--no-sync")
        self._child = await self._server.installed.begin(
            "pg_receivewal",
            options,
            log=self._server.folder / "wal-archive.log",
            env=replication_password(self._server),
        )

    async def _kept(self, vault: Vault) -> None:
        """It asks again by itself when the server is away; what ends it is a full disk or a kill."""
        while True:
            assert self._child is not None
            await self._child.process.wait()
            await asyncio.sleep(AGAIN_SECONDS)
            await self._receive(vault)


async def vault_of(server: EmbeddedPostgres) -> Vault:
    """The vault of the cluster that runs, and the role that reads its log."""
    await ensure_replicator(server.superuser, REPLICATOR, kept_secret(server.folder, REPLICATOR))
    async with session(server.superuser) as db:
        system = await db.fetchval("SELECT system_identifier FROM pg_control_system()")
    return open_vault(server.folder, server.installed, system)


def replication_login(server: EmbeddedPostgres) -> list[str]:
    """Options of a replication program."""
    return ["--host=127.0.0.1", f"--port={server.port}", f"--username={REPLICATOR}"]


def replication_password(server: EmbeddedPostgres) -> dict[str, str]:
    """In the environment, where other accounts of the machine do not see it."""
    return {"PGPASSWORD": kept_secret(server.folder, REPLICATOR)}


async def archived_up_to_now(server: EmbeddedPostgres, within: float = 30.0) -> bool:
    """Waits until the archive has all that is committed; False when no archive is kept. Raises ArchiveBehind."""
    async with session(server.superuser) as db:
        if not await db.fetchval("SELECT true FROM pg_replication_slots WHERE slot_name = $1", SLOT):
            return False
        now = await db.fetchval("SELECT pg_current_wal_flush_lsn()::text")
        deadline = asyncio.get_running_loop().time() + within
        while not await db.fetchval(
            "SELECT bool_or(r.write_lsn >= $1::text::pg_lsn) FROM pg_replication_slots s"
            " JOIN pg_stat_replication r ON r.pid = s.active_pid WHERE s.slot_name = $2",
            now,
            SLOT,
        ):
            if asyncio.get_running_loop().time() > deadline:
                raise ArchiveBehind(
                    f"Kho lưu WAL chưa nhận được tới {now} sau {within:g} giây. "
                    f"Xem {server.folder / 'wal-archive.log'}; muốn khôi phục mà không dùng WAL thì thêm --without-wal."
                )
            await asyncio.sleep(0.05)
    return True


async def _slot_made(db: asyncpg.Connection) -> None:
    """A slot whose log the server had to throw away is of no use: a new one begins now, after a hole that
    ``thidua backup verify`` shows."""
    status = await db.fetchval("SELECT coalesce(wal_status, '') FROM pg_replication_slots WHERE slot_name = $1", SLOT)
    if status == "lost":
        await db.execute("SELECT pg_drop_replication_slot($1)", SLOT)
        status = None
    if status is None:
        await db.execute("SELECT pg_create_physical_replication_slot($1, true)", SLOT)
